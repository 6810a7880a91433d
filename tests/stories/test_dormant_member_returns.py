"""A dormant member enters the segment, gets an offer and a message, and comes back at the till with 500 points for 50 yuan."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from shuke.assets import offers, points
from shuke.doors import wiring
from shuke.ground import members, messaging, mirror
from shuke.ground.ingestion import LineIn, OrderIn, RefundIn
from shuke.insight import segments
from shuke.kit import clock, events, jobs
from shuke.kit.db import Database
from shuke.outreach import journeys
from shuke.programs import intake

API = "/console/api"
OPENING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai
DAY = timedelta(days=1)
PHONE = {"phone": "13800138000"}


class Town:
    """The shop, its clock, and everything that runs by itself in one process, done step by step."""

    def __init__(self, database: Database, merchant_id: int, opened: mirror.Mirror, queue: jobs.Jobs) -> None:
        self.database, self.merchant_id, self.opened, self.queue = database, merchant_id, opened, queue
        self.relay = events.Relay(database, wiring.READERS)

    async def order(self, key: str, at: datetime, yuan: int, **more: Any) -> dict[str, Any]:
        """A sale at the till at that instant."""
        given = {
            "order_id": key, "occurred_at": at, "member": PHONE, "store_id": "s1", "channel": "pos",
            "lines": [LineIn(sku="JH-01", amount_fen=yuan * 100)],
        }  # fmt: skip
        return await self._send(OrderIn(**{**given, **more}), at)

    async def refund(self, key: str, of: str, at: datetime, fen: int) -> dict[str, Any]:
        """The goods come back."""
        return await self._send(RefundIn(refund_id=key, order_id=of, occurred_at=at, amount_fen=fen), at)

    async def _send(self, item: Any, at: datetime) -> dict[str, Any]:
        with clock.at(at):
            [answer] = await intake.apply(self.database, self.merchant_id, [item], at=at)
        return {"http": answer.status, **msgspec.json.decode(answer.body)}

    async def pass_time(self, at: datetime) -> None:
        """What is due by then is done, what was announced is heard, until nothing waits."""
        kinds = [work.kind for work in wiring.WORKS]
        with clock.at(at):
            await self.relay.drain(self.merchant_id)
            while await jobs.hand_out(self.database, self.queue, kinds, at):
                await self.queue.drain()
                await self.relay.drain(self.merchant_id)


@pytest.fixture
async def town(database: Database, merchant_id: int, columns: mirror.Mirror) -> AsyncIterator[Town]:
    """The shop opened long ago: nothing of its calendar waits from today, nor of the shops of other tests."""
    queue = jobs.Jobs(database)
    jobs.register(queue, wiring.WORKS)
    await queue.open()
    async with database.directory() as tx:
        await tx.run("delete from due")
    yield Town(database, merchant_id, columns, queue)
    await queue.close()


async def test_a_dormant_member_comes_back(town: Town, owner: httpx.AsyncClient) -> None:
    # Spring: one large order earns 600 points; the shop installs the example while nobody is dormant.
    first = await town.order("SO-1", OPENING, yuan=600)
    member_id = first["member_id"]
    with clock.at(OPENING):
        async with town.database.write(town.merchant_id) as tx:
            await members.write_profiles(tx, [(member_id, {"name": "李雷"})])
            await members.set_consents(tx, [(member_id, "sms", True)], OPENING, "till")
            made = await journeys.install_example(tx, "dormant-500-as-50", OPENING)
            await journeys.launch(tx, made.journey_id, OPENING)
    await town.pass_time(OPENING)
    await town.pass_time(OPENING + 10 * DAY)
    assert await _numbers(town, made.journey_id) == journeys.Numbers()

    # Thirty days without an order: the refresh lets the member in, and the journey acts.
    dormant = OPENING + 30 * DAY
    await town.pass_time(dormant)
    async with town.database.read(town.merchant_id) as tx:
        assert await segments.inside(tx, "dormant-500", [member_id]) == {member_id}
        [right] = (await offers.find_usable(tx, [member_id], dormant))[member_id]
        [message] = (await messaging.log(tx, member_id=member_id)).items
    assert (right.points, right.value_fen, right.expires_at) == (500, 5_000, dormant + 3 * DAY)
    assert (message.channel, message.state) == ("sms", "sent")
    assert message.body.startswith("李雷您好，您有 600 积分。4月4日 10:00 前")
    assert await _numbers(town, made.journey_id) == journeys.Numbers(entered=1, messaged=1, granted=1)

    # Two days later at the till: 500 points pay 50 of 100 yuan, once.
    visit = dormant + 2 * DAY
    wrong = await town.order("SO-2x", visit, yuan=50, points_spent=400)
    assert wrong["http"] == 422
    paid = await town.order("SO-2", visit, yuan=50, points_spent=500)
    assert (paid["http"], paid["points_value_fen"], paid["points"]["spent"]) == (200, 5_000, 500)
    again = await town.order("SO-3", visit + timedelta(hours=1), yuan=50, points_spent=500)
    assert again["http"] == 422
    async with town.database.read(town.merchant_id) as tx:
        balance = await points.balance(tx, member_id, visit)
    assert balance.available == 600 - 500 + 50

    # The journey counts the return, and the console shows it.
    await town.pass_time(visit)
    assert await _numbers(town, made.journey_id) == journeys.Numbers(
        entered=1, messaged=1, granted=1, returned_7d=1, returned_share=1.0
    )
    told = (await owner.get(f"{API}/journeys/{made.journey_id}")).json()
    assert told["numbers"]["returned_7d"] == 1
    assert told["segment"] == {"slug": "dormant-500", "name": "沉睡会员（500 积分以上）"}
    assert [step["sentence"]["zh"] for step in told["steps"]] == [
        "发放积分抵现「500 积分抵 50 元」",
        "发消息「好久不见，送您 50 元」",
    ]
    [traveller] = (await owner.get(f"{API}/journeys/{made.journey_id}/members")).json()["items"]
    assert (traveller["name"], [step["outcome"] for step in traveller["steps"]]) == ("李雷", ["done", "done"])
    [shown] = (await owner.get(f"{API}/members/{member_id}/messages")).json()["items"]
    assert shown["look"]["body"].startswith("【测试小店】李雷您好")

    # Everything back the next day: the points return, and so does the offer while its three days last.
    back = visit + timedelta(hours=12)
    refunded = await town.refund("RF-1", "SO-2", back, 5_000)
    assert refunded["http"] == 200
    async with town.database.read(town.merchant_id) as tx:
        assert (await points.balance(tx, member_id, back)).available == 600
        assert [offer.state for offer in await offers.of_member(tx, member_id, back)] == ["usable"]

    # Dormant again months later: once per member, the journey leaves them alone.
    await town.pass_time(dormant + 60 * DAY)
    assert (await _numbers(town, made.journey_id)).entered == 1


async def _numbers(town: Town, journey_id: int) -> journeys.Numbers:
    async with town.database.read(town.merchant_id) as tx:
        return (await journeys.numbers(tx, [journey_id]))[journey_id]


async def test_a_year_of_imported_history_wakes_nobody(town: Town) -> None:
    """Imports are history: the members are dormant at once, and neither journey nor message begins."""
    now = OPENING + 300 * DAY
    old = [
        OrderIn(
            order_id=f"H-{number}", occurred_at=OPENING + number * DAY, member={"external": f"c-{number}"},
            store_id="s1", lines=[LineIn(sku="x", amount_fen=80_000)],
        )
        for number in range(5)
    ]  # fmt: skip
    with clock.at(now):
        await intake.apply(town.database, town.merchant_id, old, at=now, history=True)
        async with town.database.write(town.merchant_id) as tx:
            made = await journeys.install_example(tx, "dormant-500-as-50", now)
            await journeys.launch(tx, made.journey_id, now)
    await town.pass_time(now)
    async with town.database.read(town.merchant_id) as tx:
        assert (await segments.get_segment(tx, "dormant-500")).count == 5
        assert (await messaging.log(tx)).items == []
    assert (await _numbers(town, made.journey_id)).entered == 0

    # Launching another with those who are inside is an explicit choice.
    with clock.at(now):
        async with town.database.write(town.merchant_id) as tx:
            second = await journeys.install_example(tx, "dormant-500-as-50", now)
            await journeys.launch(tx, second.journey_id, now, start_with_members=True)
    await town.pass_time(now)
    assert (await _numbers(town, second.journey_id)).entered == 5
    assert (await _numbers(town, second.journey_id)).messaged == 5
