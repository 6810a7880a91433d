"""Orders through the one write path: verdicts, repeats, spending, lateness; a refusal moves nothing."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from shuke.assets import offers
from shuke.ground.ingestion import EventIn, LineIn, OrderIn, RefundIn
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import intake

NOW = datetime.fromisoformat("2026-11-21T10:00:00+08:00")
PHONE = {"phone": "13800138000"}


def order(key: str, yuan: int = 100, **changes: Any) -> OrderIn:
    given: dict[str, Any] = {
        "order_id": key, "occurred_at": NOW, "member": PHONE, "store_id": "s1", "channel": "pos",
        "lines": [LineIn(sku="JH-01", amount_fen=yuan * 100, product="玫瑰精华")],
    }  # fmt: skip
    return OrderIn(**(given | changes))


def refund(key: str, of: str, fen: int, **changes: Any) -> RefundIn:
    return RefundIn(**({"refund_id": key, "order_id": of, "occurred_at": NOW, "amount_fen": fen} | changes))


async def send(
    database: Database, merchant_id: int, *items: Any, at: datetime = NOW, history: bool = False
) -> list[Any]:
    answers = await intake.apply(database, merchant_id, items, at=at, history=history)
    return [(answer.status, msgspec.json.decode(answer.body)) for answer in answers]


async def tables(database: Database, merchant_id: int) -> dict[str, int]:
    """How many rows everything has: what a refusal must leave alone."""
    names = ("orders", "entry", "lot", "receipt", "member", "identity", "outbox", "refund", "account")
    async with database.read(merchant_id) as tx:
        return {
            name: await tx.value(f"select count(*) from {name} where merchant_id = %(merchant_id)s") for name in names
        }


async def balance(database: Database, merchant_id: int) -> int:
    async with database.read(merchant_id) as tx:
        return int(await tx.value("select coalesce(sum(balance), 0) from account where merchant_id = %(merchant_id)s"))


async def test_an_order_earns_one_point_per_whole_yuan_and_says_why(database: Database, merchant_id: int) -> None:
    ((status, answer),) = await send(database, merchant_id, order("a", lines=[LineIn(sku="x", amount_fen=10_099)]))
    assert status == 200
    assert answer["points"] == {"earned": 100, "spent": 0, "balance": 100}
    assert answer["why"][0]["zh"] == "实付 ¥100.99，按「消费送积分」第 1 版每 ¥1.00 送 1 分"


async def test_a_repeat_returns_the_first_answer_and_moves_nothing(database: Database, merchant_id: int) -> None:
    (first,) = await send(database, merchant_id, order("a"))
    before = await tables(database, merchant_id)
    again, twice_in_one = await send(database, merchant_id, order("a"), order("a"))
    assert again == twice_in_one == (200, first[1] | {"status": "duplicate"})
    assert await tables(database, merchant_id) == before


async def test_repeats_within_one_batch_count_once(database: Database, merchant_id: int) -> None:
    answers = await send(database, merchant_id, order("a"), order("a"), order("a", yuan=7))
    assert [status for status, _ in answers] == [200, 200, 409]
    assert [body.get("status") for _, body in answers] == ["accepted", "duplicate", None]
    assert await balance(database, merchant_id) == 100


async def test_the_same_key_with_another_body_says_what_differs(database: Database, merchant_id: int) -> None:
    await send(database, merchant_id, order("a"))
    before = await tables(database, merchant_id)
    ((status, body),) = await send(database, merchant_id, order("a", channel="web", yuan=3))
    assert (status, body["code"], body["details"]["fields"]) == (409, "different_body", "channel, lines")
    assert await tables(database, merchant_id) == before


async def test_refusals_move_nothing_and_do_not_harm_their_neighbours(database: Database, merchant_id: int) -> None:
    cases = [
        (order("u", store_id="nowhere"), "unknown_store", "store_id"),
        (order("f", occurred_at=NOW + timedelta(days=1)), "future_date", "occurred_at"),
        (order("m", amount_fen=1), "amount_mismatch", "amount_fen"),
        (order("n", lines=[]), "amount_missing", "amount_fen"),
        (order("g", member=None, points_spent=10), "member_needed", "member"),
        (EventIn(event_id="e", occurred_at=NOW, event="redeem", member=PHONE), "owned_event", "event"),
    ]
    before = await tables(database, merchant_id)
    answers = await send(database, merchant_id, *[item for item, _, _ in cases])
    assert [(body["code"], body["field"]) for _, body in answers] == [(code, field) for _, code, field in cases]
    assert all(400 <= status < 500 and body["cure"] and body["cure_en"] for status, body in answers)
    assert await tables(database, merchant_id) == before
    stranger = order("s", member={"phone": "13911112222"}, points_spent=5)
    ((status, _),) = await send(database, merchant_id, stranger)
    assert (status, await tables(database, merchant_id)) == (422, before)
    mixed = await send(database, merchant_id, cases[0][0], order("good"), stranger)
    assert [status for status, _ in mixed] == [422, 200, 422]
    assert (await tables(database, merchant_id))["member"] == 1


async def test_a_character_that_cannot_be_stored_fails_only_its_own_item(database: Database, merchant_id: int) -> None:
    bad = order("bad", lines=[LineIn(sku="x", amount_fen=100, product="a\x00b")])
    answers = await send(database, merchant_id, order("a"), bad, order("c"))
    assert [status for status, _ in answers] == [200, 400, 200]
    assert await balance(database, merchant_id) == 200


async def test_a_guest_order_is_kept_and_earns_nothing(database: Database, merchant_id: int) -> None:
    ((_, answer),) = await send(database, merchant_id, order("a", member=None))
    assert answer == {"status": "accepted", "order_id": "a", "member_id": None}
    assert (await tables(database, merchant_id))["entry"] == 0


async def test_an_order_after_the_lateness_window_waits_for_a_person_but_history_does_not(
    database: Database, merchant_id: int
) -> None:
    old = NOW - timedelta(days=31)
    ((_, late),) = await send(database, merchant_id, order("late", occurred_at=old))
    assert late["status"] == "review"
    assert await balance(database, merchant_id) == 0
    again, other = await send(
        database, merchant_id, order("late", occurred_at=old), order("late", occurred_at=old, yuan=7)
    )
    assert again == (200, late)
    assert (other[0], other[1]["field"]) == (409, "lines")
    assert await balance(database, merchant_id) == 0
    ((_, imported),) = await send(database, merchant_id, order("history", occurred_at=old), history=True)
    assert imported["points"]["earned"] == 100


async def test_points_as_cash_need_an_offer_and_are_used_once(database: Database, merchant_id: int) -> None:
    await send(database, merchant_id, order("a", yuan=600))
    ((status, body),) = await send(database, merchant_id, order("b", points_spent=500))
    assert (status, body["code"]) == (422, "no_such_offer")
    await give_offer(database, merchant_id)
    ((_, paid),) = await send(database, merchant_id, order("b", points_spent=500))
    assert paid["points"] == {"earned": 100, "spent": 500, "balance": 200}
    assert paid["points_value_fen"] == 5_000
    ((status, _),) = await send(database, merchant_id, order("c", points_spent=500))
    assert status == 422


async def test_an_order_spends_from_the_balance_before_it(database: Database, merchant_id: int) -> None:
    await send(database, merchant_id, order("a", yuan=400))
    await give_offer(database, merchant_id)
    ((status, body),) = await send(database, merchant_id, order("b", yuan=1_000, points_spent=500))
    assert (status, body["code"], body["details"]["available"]) == (409, "not_enough_points", 400)
    assert await balance(database, merchant_id) == 400


async def give_offer(database: Database, merchant_id: int) -> None:
    """500积分抵50元,仅限3天, for the one member there is."""
    async with database.write(merchant_id) as tx:
        terms = offers.Terms(name="500积分抵50元", points=500, value_fen=5_000, valid_for="3D")
        made = await offers.create_offer(tx, "500-50", terms, NOW)
        given = offers.Grant(offer_id=made.offer_id, member_id=1, key="test")
        await offers.grant(tx, [given], NOW - timedelta(hours=1))


async def test_concurrent_callers_each_get_their_own_verdict(database: Database, merchant_id: int) -> None:
    import asyncio

    collector = intake.Collector(database)
    now = clock.now()
    items = [order(f"o{number % 150}", occurred_at=now) for number in range(300)]
    answers = await asyncio.gather(*(collector.submit(merchant_id, item) for item in items))
    await collector.close()
    states = [msgspec.json.decode(answer.body)["status"] for answer in answers]
    assert (states.count("accepted"), states.count("duplicate")) == (150, 150)
    assert await balance(database, merchant_id) == 15_000
