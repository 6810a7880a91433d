"""Rules through the one write path: caps under concurrency, what is known of members, events, joining, refunds."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from shuke.ground import members
from shuke.ground.ingestion import EventIn, LineIn, OrderIn, RefundIn
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import earning, intake
from shuke.programs.intake.reactions import welcome_members

NOW = datetime.fromisoformat("2026-11-21T10:00:00+08:00")
START = NOW - timedelta(days=30)


def order(key: str, yuan: int = 100, phone: str = "13800138000", **changes: Any) -> OrderIn:
    given: dict[str, Any] = {
        "order_id": key, "occurred_at": NOW, "member": {"phone": phone}, "store_id": "s1", "channel": "mini",
        "lines": [LineIn(sku="JH-01", amount_fen=yuan * 100, product="玫瑰精华", category="护肤", brand="初见")],
    }  # fmt: skip
    return OrderIn(**(given | changes))


def refund(key: str, of: str, yuan: int) -> RefundIn:
    return RefundIn(refund_id=key, order_id=of, occurred_at=NOW, amount_fen=yuan * 100)


def event(key: str, name: str, phone: str = "13800138000", **properties: Any) -> EventIn:
    return EventIn(event_id=key, occurred_at=NOW, event=name, member={"phone": phone}, properties=properties)


async def publish(
    database: Database, merchant_id: int, kind: str, params: dict[str, Any] | None = None, conditions: Any = (),
    **terms: Any,
) -> int:  # fmt: skip
    """A rule that has been live for a month."""
    async with database.write(merchant_id) as tx:
        draft = earning.Draft(name=kind, params=params or {}, conditions=list(conditions), terms=terms)
        rule_id = await earning.create_rule(tx, kind, draft, START)
        await earning.publish(tx, rule_id, START)
    return rule_id


async def without_first_rule(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        (rule,) = await earning.list_rules(tx, NOW)
        await earning.end(tx, rule.rule_id, START)


async def send(database: Database, merchant_id: int, *items: Any) -> list[dict[str, Any]]:
    answers = await intake.apply(database, merchant_id, items, at=NOW)
    assert all(answer.status == 200 for answer in answers), answers
    return [msgspec.json.decode(answer.body) for answer in answers]


async def counters(database: Database, merchant_id: int) -> dict[tuple[int, str], tuple[int, int]]:
    async with database.read(merchant_id) as tx:
        rows = await tx.rows(
            "select member_id, period, points, times from earning_counter where merchant_id = %(merchant_id)s"
        )
    return {(row.member_id, row.period): (row.points, row.times) for row in rows}


async def test_a_daily_cap_and_a_budget_are_exact_under_concurrency(database: Database, merchant_id: int) -> None:
    await without_first_rule(database, merchant_id)
    await publish(
        database, merchant_id, "order_bonus", {"points": 7}, caps=[{"per": "day", "points": 20}], budget_points=110
    )
    phones = [f"139000000{number:02d}" for number in range(8)]
    orders = [order(f"{phone}-{turn}", phone=phone) for turn in range(5) for phone in phones]
    answers = await asyncio.gather(*(send(database, merchant_id, one) for one in orders))
    earned = [answer[0]["points"]["earned"] for answer in answers]
    assert sum(earned) == 110
    by_phone = [sum(earned[index::8]) for index in range(8)]
    assert max(by_phone) <= 20
    found = await counters(database, merchant_id)
    assert found.pop((0, "b"))[0] == 110
    assert sum(points for points, _ in found.values()) == 110


async def test_a_refund_gives_the_cap_and_the_budget_their_part_back(database: Database, merchant_id: int) -> None:
    await without_first_rule(database, merchant_id)
    await publish(database, merchant_id, "spend_rate", caps=[{"per": "month", "points": 150}], budget_points=1000)
    first, second = await send(database, merchant_id, order("a", 100), order("b", 100))
    assert (first["points"]["earned"], second["points"]["earned"]) == (100, 50)
    assert "每月最多 150 分，实送 50 分" in second["why"][0]["zh"]
    (returned,) = await send(database, merchant_id, refund("r1", "b", 30))
    assert returned["points"]["taken_back"] == 0  # 70 yuan are left and would give more than the 50 given
    (returned,) = await send(database, merchant_id, refund("r2", "a", 100))
    assert returned["points"]["taken_back"] == 100
    assert await counters(database, merchant_id) == {(0, "b"): (50, 1), (1, "m:2026-11"): (50, 1)}
    (third,) = await send(database, merchant_id, order("c", 300))
    assert third["points"]["earned"] == 100


async def test_the_first_order_counts_once_and_again_when_it_was_returned(database: Database, merchant_id: int) -> None:
    await without_first_rule(database, merchant_id)
    await publish(database, merchant_id, "first_order", {"points": 200})
    await publish(database, merchant_id, "nth_order", {"number": 3, "points": 30})
    answers = await send(database, merchant_id, order("a"), order("b"), order("c"), order("d"))
    assert [answer["points"]["earned"] for answer in answers] == [200, 0, 30, 0]
    other = {"phone": "13800138001"}
    (one,) = await send(database, merchant_id, order("x", member=other))
    (back,) = await send(database, merchant_id, refund("r", "x", 100))
    (again,) = await send(database, merchant_id, order("y", member=other))
    assert (one["points"]["earned"], back["points"]["taken_back"], again["points"]["earned"]) == (200, 200, 200)


async def test_buying_and_returning_in_turn_does_not_climb_the_months_ladder_twice(
    database: Database, merchant_id: int
) -> None:
    await without_first_rule(database, merchant_id)
    await publish(database, merchant_id, "spend_ladder", {"per": "month"})
    first, second = await send(database, merchant_id, order("a", 900), order("b", 200))
    assert (first["points"]["earned"], second["points"]["earned"]) == (0, 200)
    for turn in range(3):
        key = "a" if turn == 0 else f"a{turn}"
        await send(database, merchant_id, refund(f"r{turn}", key, 900))
        (again,) = await send(database, merchant_id, order(f"a{turn + 1}", 900))
        assert again["points"]["earned"] == 0
    (more,) = await send(database, merchant_id, order("c", 900))
    assert more["points"]["earned"] == 300
    assert "减去之前阶梯的 200 分" in more["why"][0]["zh"]


async def test_the_birthday_and_the_time_since_joining_are_read_when_a_rule_asks(
    database: Database, merchant_id: int
) -> None:
    await without_first_rule(database, merchant_id)
    birthday = [{"kind": "birthday", "params": {"window": "month"}}]
    await publish(database, merchant_id, "order_bonus", {"points": 88}, birthday)
    await publish(database, merchant_id, "order_bonus", {"points": 5}, [{"kind": "member_age", "params": {}}])
    async with database.write(merchant_id) as tx:
        (number,) = await members.ensure_members(
            tx, [members.identities_of({"phone": "13800138000"})], NOW - timedelta(days=40), [None]
        )
        await tx.run(
            "update member m set birthday = %(born)s, joined_at = %(joined)s where m.merchant_id = %(merchant_id)s "
            "and m.member_id = %(number)s",
            born=date(1990, 11, 3), joined=NOW - timedelta(days=40), number=number,
        )  # fmt: skip
    old, new = await send(database, merchant_id, order("a"), order("b", phone="13800138009"))
    assert (old["points"]["earned"], new["points"]["earned"]) == (88, 5)


async def test_events_earn_once_for_each_content(database: Database, merchant_id: int) -> None:
    await publish(database, merchant_id, "event_bonus", {"event": "article_read", "points": 50})
    await publish(
        database, merchant_id, "event_bonus", {"event": "share", "points": 5}, caps=[{"per": "day", "times": 2}]
    )
    answers = await send(
        database, merchant_id, event("1", "article_read", article="秋季护肤"), event("2", "article_read", article="秋季护肤"),
        event("3", "article_read", article="防晒"), *(event(f"s{n}", "share") for n in range(4)), event("v", "view"),
    )  # fmt: skip
    assert [answer.get("points", {}).get("earned", 0) for answer in answers] == [50, 0, 50, 5, 5, 0, 0, 0]
    assert answers[0]["why"][0]["zh"] == "读完文章「秋季护肤」，按「event_bonus」第 1 版送 50 分"
    (repeat,) = await send(database, merchant_id, event("1", "article_read", article="秋季护肤"))
    assert (repeat["status"], repeat["points"]["earned"]) == ("duplicate", 50)


async def test_a_video_watched_earns_with_the_next_order_and_only_once(database: Database, merchant_id: int) -> None:
    await without_first_rule(database, merchant_id)
    await publish(database, merchant_id, "event_then_order", {"points": 100, "same_goods": True})
    await send(database, merchant_id, event("v", "video_watched", video="晨间护肤", skus="JH-01", finished=True))
    other, fitting, again = await send(
        database, merchant_id, order("a", lines=[LineIn(sku="CZ-01", amount_fen=100)]), order("b"), order("c")
    )
    assert [one["points"]["earned"] for one in (other, fitting, again)] == [0, 100, 0]
    await send(database, merchant_id, event("v2", "video_watched", video="晨间护肤", skus="JH-01", finished=True))
    (later,) = await send(database, merchant_id, order("d"))
    assert later["points"]["earned"] == 0


async def test_joining_gives_the_gift_once(database: Database, merchant_id: int) -> None:
    await publish(database, merchant_id, "sign_up", {"points": 66}, budget_points=100)
    async with database.write(merchant_id) as tx:
        numbers = await members.ensure_members(
            tx, [members.identities_of({"phone": f"1370000000{n}"}) for n in (1, 2)], clock.now()
        )
    heard = [members.MemberChanged(member_id=number, attributes={}, new=True) for number in numbers]
    for _ in range(2):
        async with database.write(merchant_id) as tx:
            await welcome_members(tx, heard)
    async with database.read(merchant_id) as tx:
        rows = await tx.rows(
            "select member_id, balance from account where merchant_id = %(merchant_id)s order by member_id"
        )
    assert [tuple(row) for row in rows] == [(numbers[0], 66), (numbers[1], 34)]


async def test_a_batch_without_such_rules_reads_nothing_more(database: Database, merchant_id: int) -> None:
    from shuke.programs.intake import policy
    from shuke.programs.intake.actions import knowing
    from shuke.programs.intake.queries import context_of

    async with database.read(merchant_id) as tx:
        context = await context_of(tx)
    assert context.asks == policy.Asks()
    assert knowing.asking(context, [order("a")], [0], {0: 1}) == []
