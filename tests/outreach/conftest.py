"""A merchant with members, a segment and a journey, and the background work run by hand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from shuke.assets import offers, points
from shuke.ground import members
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.outreach import journeys
from shuke.outreach.journeys import actions, reactions
from shuke.outreach.journeys.jobs import travel
from tests.outreach import seats

AT = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)
TERMS = offers.Terms(name="500 积分抵 50 元", points=500, value_fen=5_000, valid_for="3D")
GIVE = journeys.StepPlan("give_points", {"points": 50})
OFFER = journeys.StepPlan("give_offer", {"offer": "o"})
SAY = journeys.StepPlan("send_message", {"body": "{name},{points} 分，{expires} 前", "channel": "inbox"})


@dataclass
class Shop:
    """A merchant under test: its verbs in the words of a test."""

    database: Database
    merchant_id: int

    async def people(self, count: int, with_points: int = 0) -> list[int]:
        """Members with names, and points that do not end."""
        people = [members.identities_of({"external": f"c-{number}"}) for number in range(count)]
        async with self.database.write(self.merchant_id) as tx:
            ids = await members.ensure_members(tx, people, AT)
            await members.write_profiles(tx, [(member_id, {"name": f"会员{member_id}"}) for member_id in ids])
            if with_points:
                await points.post(
                    tx,
                    [
                        points.Posting(
                            member_id=member_id, points=with_points, type="adjust", key=f"given:{member_id}",
                            why={"kind": "test"}, occurred_at=AT,
                        )
                        for member_id in ids
                    ],
                )  # fmt: skip
        return ids

    async def journey(self, *plan: journeys.StepPlan, launch: bool = True, start_with_members: bool = False) -> int:
        """A journey over the segment `s`, live unless said otherwise."""
        async with self.database.write(self.merchant_id) as tx:
            made = await journeys.create_journey(tx, "叫回", "s", plan, AT)
            if launch:
                await journeys.launch(tx, made.journey_id, AT, start_with_members=start_with_members)
        return made.journey_id

    async def refresh(self, inside: Iterable[int], at: datetime = AT, *, backfill: bool = False) -> None:
        """The segment `s` holds these members; the reaction hears of it."""
        async with self.database.write(self.merchant_id) as tx:
            told = await seats.seat(tx, "s", inside, at, backfill=backfill)
        with clock.at(at):
            async with self.database.write(self.merchant_id) as tx:
                await reactions.begin(tx, [told])

    async def work(self, at: datetime = AT) -> None:
        """Everything that waits is done."""
        with clock.at(at):
            assert await travel(self.database, self.merchant_id) is None

    async def rows(self, statement: str, **params: Any) -> list[Any]:
        """Rows of the database."""
        async with self.database.read(self.merchant_id) as tx:
            return await tx.rows(statement, **params)

    async def effects(self) -> list[tuple[int, int, str, str]]:
        """(member, step, kind, outcome) of all effects, in order."""
        found = await self.rows("select member_id, step, kind, outcome from journey_effect order by member_id, step")
        return [tuple(row) for row in found]

    async def shown(self, journey_id: int) -> journeys.Shown:
        """The journey as staff see it."""
        async with self.database.read(self.merchant_id) as tx:
            return await journeys.get_journey(tx, journey_id)

    async def move(self, journey_id: int, how: Any) -> None:
        """Pause, resume or end."""
        async with self.database.write(self.merchant_id) as tx:
            await journeys.move(tx, journey_id, how, AT)

    async def bought(self, *orders: Sequence[Any]) -> int:
        """Orders as (order, member, instant) are counted as returns; how many passages changed."""
        from shuke.ground.orders import Bought

        async with self.database.write(self.merchant_id) as tx:
            return await actions.count_returns(tx, [Bought(*order) for order in orders])


@pytest.fixture
async def shop(database: Database, merchant_id: int) -> Shop:
    """A shop with an empty segment `s` and an offer `o`."""
    async with database.write(merchant_id) as tx:
        await seats.new_segment(tx, "s", AT)
        await offers.create_offer(tx, "o", TERMS, AT)
    return Shop(database, merchant_id)
