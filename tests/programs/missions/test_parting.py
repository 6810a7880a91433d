"""Merges and their undoing: whose checked days and missions are whose, also of what happens in between."""

from datetime import timedelta
from typing import Any

import pytest

from shuke.assets import points, rewards
from shuke.doors import wiring
from shuke.ground import ingestion, members
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.kit.events import Relay
from shuke.programs import missions

DAY = timedelta(days=1)
FIFTY = [rewards.Reward(kind="points", params={"points": 50})]
BROWSE = missions.StepPlan(kind="behave", params={"event": "view", "times": 3, "different": "sku"})


class Shop:
    """安娜 and 贝贝 at one shop, with a check-in and a mission of three different products."""

    def __init__(self, database: Database, merchant_id: int) -> None:
        self.database, self.merchant_id = database, merchant_id
        self.merge_id = 0

    async def open(self, award: str = "at_once") -> tuple[int, int]:
        async with self.database.write(self.merchant_id) as tx:
            self.now = clock.now()
            await missions.publish(tx, missions.DEFAULT, "live", "小美", self.now - 60 * DAY)
            plan = missions.MissionPlan(steps=[BROWSE], rewards=FIFTY, award=award)  # type: ignore[arg-type]
            draft = missions.MissionDraft(name="新客任务", period="once", plan=plan)
            made = await missions.create_mission(tx, draft, self.now - 30 * DAY)
            await missions.move_mission(tx, made.mission_id, "publish", self.now - 30 * DAY)
            self.mission_id = made.mission_id
            people = [{"phone": "13800138000"}, {"phone": "13900139000"}]
            anna, bei = await members.ensure_members(tx, people, self.now)
        return anna, bei

    async def check(self, member_id: int, *days_ago: int) -> None:
        for ago in sorted(days_ago, reverse=True):
            at = self.now - ago * DAY
            one = missions.CheckIn(member_id=member_id, occurred_at=at)
            [verdict] = await self.database.attempt(self.merchant_id, missions.check_in, [one], at)
            assert verdict.state == "checked_in"

    async def view(self, member_id: int, *skus: str) -> None:
        day = clock.business_date(self.now, "Asia/Shanghai")
        done = [
            ingestion.Behaviour("view", member_id, self.now, day, f"{member_id}:{sku}", "mini", {"sku": sku})
            for sku in skus
        ]
        await self.database.attempt(self.merchant_id, missions.count, done, clock.now())

    async def merge(self, member_id: int, into_id: int) -> None:
        async with self.database.write(self.merchant_id) as tx:
            self.merge_id = await members.merge(tx, member_id, into_id, by="小美", at=clock.now())
        await self.hear()

    async def part(self) -> None:
        async with self.database.write(self.merchant_id) as tx:
            told = await members.unmerge(tx, self.merge_id, by="小美", at=clock.now())
        await self.hear()
        async with self.database.write(self.merchant_id) as tx:
            tx.announce(told)  # heard twice
        await self.hear()

    async def hear(self) -> None:
        relay = Relay(self.database, wiring.READERS)
        await relay.drain(self.merchant_id)
        await relay.drain(self.merchant_id)

    async def days(self, member_id: int) -> tuple[int, int]:
        """(streak, checked days)."""
        async with self.database.read(self.merchant_id) as tx:
            found = await missions.standing(tx, member_id, self.now)
        return found.streak, found.total

    async def stands(self, member_id: int) -> tuple[str, int]:
        """(state, products counted) of the mission."""
        async with self.database.read(self.merchant_id) as tx:
            [found] = await missions.of_member(tx, member_id, clock.now())
        return found.state, found.steps[0].done

    async def points(self, member_id: int) -> int:
        async with self.database.read(self.merchant_id) as tx:
            return (await points.balance(tx, member_id, clock.now())).available


@pytest.fixture
def shop(database: Database, merchant_id: int) -> Shop:
    return Shop(database, merchant_id)


@pytest.mark.parametrize(
    ("hers", "theirs", "since", "united", "apart"),
    [
        pytest.param((3, 2, 1), (0,), (), (4, 4), ((3, 3), (1, 1)), id="days of two make one run and two again"),
        pytest.param((1, 0), (1, 0), (), (2, 2), ((2, 2), (2, 2)), id="a day that both checked is both's again"),
        pytest.param((2, 1), (), (0,), (3, 3), ((2, 2), (1, 1)), id="a day checked in between stays the heir's"),
        pytest.param((), (2, 1), (0,), (3, 3), ((0, 0), (3, 3)), id="who brought no days gets none"),
        pytest.param((9, 8), (1, 0), (), (2, 4), ((0, 2), (2, 2)), id="old days go back without a streak"),
    ],
)
async def test_days(
    shop: Shop,
    hers: tuple[int, ...],
    theirs: tuple[int, ...],
    since: tuple[int, ...],
    united: tuple[int, int],
    apart: tuple[tuple[int, int], tuple[int, int]],
) -> None:
    anna, bei = await shop.open()
    await shop.check(anna, *hers)
    await shop.check(bei, *theirs)
    await shop.merge(anna, bei)
    await shop.check(bei, *since)
    assert await shop.days(bei) == united
    await shop.part()
    assert (await shop.days(anna), await shop.days(bei)) == apart


@pytest.mark.parametrize(
    ("hers", "theirs", "since", "united", "apart"),
    [
        pytest.param("AB", "A", "", ("open", 2), (("open", 2), ("open", 1)), id="half done on both sides"),
        pytest.param("AB", "", "", ("open", 2), (("open", 2), ("open", 0)), id="begun by the merged one alone"),
        pytest.param("", "AB", "", ("open", 2), (("open", 0), ("open", 2)), id="begun by the heir alone"),
        pytest.param(
            "A", "", "B", ("open", 2), (("open", 1), ("open", 1)), id="what was seen in between is the heir's"
        ),
        pytest.param(
            "AB", "C", "", ("accepted", 3), (("open", 2), ("accepted", 3)), id="what was given by joining stays"
        ),
        pytest.param("ABC", "A", "", ("accepted", 3), (("accepted", 3), ("open", 1)), id="done by the merged one"),
        pytest.param("A", "ABC", "", ("accepted", 3), (("open", 1), ("accepted", 3)), id="done by the heir"),
        pytest.param("AB", "", "C", ("accepted", 3), (("open", 2), ("accepted", 3)), id="done together stays done"),
    ],
)
async def test_missions(
    shop: Shop, hers: str, theirs: str, since: str, united: tuple[str, int], apart: tuple[tuple[str, int], ...]
) -> None:
    anna, bei = await shop.open()
    await shop.view(anna, *hers)
    await shop.view(bei, *theirs)
    await shop.merge(anna, bei)
    await shop.view(bei, *since)
    assert await shop.stands(bei) == united
    await shop.part()
    assert (await shop.stands(anna), await shop.stands(bei)) == apart


async def test_who_did_a_mission_is_not_rewarded_again_and_whoever_did_not_can_be(shop: Shop) -> None:
    anna, bei = await shop.open()
    await shop.view(anna, "A", "B", "C")
    await shop.merge(anna, bei)
    await shop.part()
    await shop.view(anna, "D")
    await shop.view(bei, "A", "B", "C")
    assert (await shop.points(anna), await shop.points(bei)) == (50, 50)


async def test_what_was_completed_by_both_must_be_completed_again_before_a_claim(shop: Shop) -> None:
    anna, bei = await shop.open("on_claim")
    await shop.view(anna, "A", "B")
    await shop.merge(anna, bei)
    await shop.view(bei, "C")
    assert (await shop.stands(bei))[0] == "complete"
    await shop.part()
    assert await shop.stands(bei) == ("open", 1)
    with pytest.raises(missions.NotDoneYet):
        await shop.database.attempt(shop.merchant_id, missions.claim, shop.mission_id, bei, clock.now())


async def test_a_chain_of_merges_is_undone_from_its_end(shop: Shop) -> None:
    anna, bei = await shop.open()
    async with shop.database.write(shop.merchant_id) as tx:
        [chen] = await members.ensure_members(tx, [{"phone": "13700137000"}], shop.now)
    await shop.check(anna, 1)
    await shop.check(bei, 0)
    await shop.view(anna, "A")
    await shop.view(chen, "B")
    await shop.merge(anna, bei)
    first = shop.merge_id
    await shop.merge(bei, chen)
    assert (await shop.days(chen), await shop.stands(chen)) == ((2, 2), ("open", 2))
    await shop.part()
    assert (await shop.days(bei), await shop.stands(bei)) == ((2, 2), ("open", 1))
    shop.merge_id = first
    await shop.part()
    found: list[Any] = [(await shop.days(one), await shop.stands(one)) for one in (anna, bei, chen)]
    assert found == [((1, 1), ("open", 1)), ((1, 1), ("open", 0)), ((0, 0), ("open", 1))]
