"""Rules held against real orders: the fold is the live one, a crash costs seconds, and a person can stop it."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from shuke.ground.ingestion import EventIn, LineIn, OrderIn, RefundIn
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import earning, foresight, intake, tiers
from shuke.programs.foresight import actions, queries
from shuke.programs.foresight.actions import asking, running
from shuke.programs.foresight.policy import folding

NOW = datetime.fromisoformat("2026-11-21T10:00:00+08:00")
START = NOW - timedelta(days=60)
PERIOD = (date(2026, 11, 1), date(2026, 11, 20))


def order(key: str, day: int, yuan: int, phone: str) -> OrderIn:
    return OrderIn(
        order_id=key, occurred_at=datetime.fromisoformat(f"2026-11-{day:02d}T12:00:00+08:00"), member={"phone": phone},
        store_id="s1", channel="mini" if day % 2 else "pos",
        lines=[LineIn(sku="JH-01", amount_fen=yuan * 100, product="玫瑰精华", category="护肤", brand="初见")],
    )  # fmt: skip


def phone(number: int) -> str:
    return f"1380013{number:04d}"


ORDERS = [order(f"o-{n}", 1 + n % 20, 80 + n * 13 % 400, phone(n % 7)) for n in range(120)]


async def sold(database: Database, merchant_id: int) -> list[int]:
    """Rules of many kinds live from the start, then the orders in order of time; the points each order really earned."""
    weekend = {"kind": "weekday", "params": {"weekdays": [6, 7]}}
    for kind, params, conditions, terms in (
        ("multiplier", {"percent": 200}, [weekend], {}),
        ("first_order", {"points": 50}, [], {}),
        ("nth_order", {"number": 3, "points": 30, "every": True}, [], {}),
        ("spend_ladder", {"per": "month", "steps": [{"from_fen": 100_000, "points": 90}]}, [], {}),
        ("order_bonus", {"points": 10, "channels": ["mini"]}, [], {"caps": [{"per": "week", "times": 2}]}),
        ("product_bonus", {"brands": ["初见"]}, [], {"budget_points": 5_000}),
        ("event_bonus", {"event": "share"}, [], {}),
    ):  # fmt: skip
        async with database.write(merchant_id) as tx:
            draft = earning.Draft(name=kind, params=params, conditions=conditions, terms=terms)
            await earning.publish(tx, await earning.create_rule(tx, kind, draft, START), START)
    earned = []
    for one in sorted(ORDERS, key=lambda one: (one.occurred_at, one.order_id)):
        (answer,) = await intake.apply(database, merchant_id, [one], at=NOW)
        assert answer.status == 200
        async with database.read(merchant_id) as tx:
            earned.append(await tx.value("select points_earned from orders where merchant_id = %(merchant_id)s order by "
                                         "order_id desc limit 1"))  # fmt: skip
    return earned


async def asked(database: Database, merchant_id: int, **chosen: Any) -> int:
    async with database.write(merchant_id) as tx:
        return (await foresight.ask(tx, PERIOD, foresight.Chosen(**chosen), NOW, "小美")).backtest_id


async def found(database: Database, merchant_id: int, backtest_id: int) -> queries.BacktestShape:
    async with database.read(merchant_id) as tx:
        return await foresight.get_backtest(tx, backtest_id)


async def test_the_rules_that_were_live_would_have_given_exactly_what_was_given(
    database: Database, merchant_id: int
) -> None:
    earned = await sold(database, merchant_id)
    backtest_id = await asked(database, merchant_id)
    assert await foresight.run(database, merchant_id, backtest_id) == "done"
    shown = await found(database, merchant_id, backtest_id)
    assert shown.outcome is not None
    assert (shown.outcome.orders, shown.outcome.members, shown.done, shown.total) == (120, 7, 120, 120)
    assert shown.outcome.issued == shown.outcome.would == sum(earned) > 0
    assert all(day.issued == day.would for day in shown.outcome.days)
    assert len(shown.outcome.days) == 20
    assert not [one.name for one in shown.rules if one.left_out]
    assert await foresight.run(database, merchant_id, backtest_id) == "done"


async def test_the_order_that_crosses_a_threshold_is_held_against_the_old_level(
    database: Database, merchant_id: int
) -> None:
    """900 and 300 yuan earn plainly, though the second lifts to platinum; only the third is doubled."""
    levels = [tiers.Level(0, "普通会员", 0, 100), tiers.Level(1, "白金会员", 100_000, 200)]
    async with database.write(merchant_id) as tx:
        await tiers.publish(tx, tiers.LadderDraft(name="会员等级", levels=levels), tiers.MAIN, START, "小美")
    for key, day, yuan in (("a", 2, 900), ("b", 3, 300), ("c", 4, 100)):
        (answer,) = await intake.apply(database, merchant_id, [order(key, day, yuan, phone(1))], at=NOW)
        assert answer.status == 200
    backtest_id = await asked(database, merchant_id)
    assert await foresight.run(database, merchant_id, backtest_id) == "done"
    outcome = (await found(database, merchant_id, backtest_id)).outcome
    assert outcome is not None
    assert [(day.issued, day.would) for day in outcome.days] == [(900, 900), (300, 300), (200, 200)]


def did(name: str, key: str, day: int, number: int, **properties: Any) -> EventIn:
    at = datetime.fromisoformat(f"2026-{'11' if day > 0 else '10'}-{day if day > 0 else 31 + day:02d}T13:00:00+08:00")
    return EventIn(
        event=name, event_id=key, occurred_at=at, member={"phone": phone(number)}, source="mini", properties=properties
    )  # fmt: skip


EVENTS = [
    did("video_watched", "v0", -3, 1, video="精华三步", finished=True),
    did("video_watched", "v1", 2, 2, video="精华三步", finished=True),
    did("video_watched", "v2", 3, 2, video="精华三步", finished=True),
    did("video_watched", "v3", 3, 3, video="面膜怎么敷", finished=False),
    *(did("review", f"r{n}", 4 + n, n % 3, sku="JH-01", stars=5) for n in range(9)),
    *(did("recycled_bottle", f"b{n}", 2 + n, n % 4, bottles=n) for n in range(12)),
    did("search", "s1", 6, 1, query="精华"),
]


async def lived(database: Database, merchant_id: int) -> int:
    """Rules on events of three kinds beside one on orders; everything happens in order of time. The points really issued."""
    for kind, params, conditions, terms in (
        ("event_bonus", {"event": "review", "points": 20}, [], {}),
        ("custom_event", {"event": "recycled_bottle", "points": 3, "times_property": "bottles"}, [],
         {"caps": [{"per": "week", "points": 12}], "budget_points": 60}),
        ("custom_event", {"event": "recycled_bottle", "points": 2},
         [{"kind": "weekday", "params": {"weekdays": [6, 7]}}], {}),
        ("event_then_order", {"within_days": 20, "points": 100}, [], {}),
    ):  # fmt: skip
        async with database.write(merchant_id) as tx:
            draft = earning.Draft(name=f"{kind} {params['points']}", params=params, conditions=conditions, terms=terms)
            await earning.publish(tx, await earning.create_rule(tx, kind, draft, START), START)
    things: list[OrderIn | EventIn] = [*ORDERS[:40], *EVENTS]
    for one in sorted(things, key=lambda one: (one.occurred_at, isinstance(one, OrderIn))):
        (answer,) = await intake.apply(database, merchant_id, [one], at=NOW)
        assert answer.status == 200, answer.body
    async with database.read(merchant_id) as tx:
        return int(await tx.value("select sum(points) from entry where merchant_id = %(merchant_id)s"))


async def test_events_that_earn_are_held_against_the_rules_like_orders(database: Database, merchant_id: int) -> None:
    """Reviews once for each product, bottles by number within caps and a budget, and orders after a video that was
    watched to its end, also before the period; what no rule is about is not looked at."""
    issued = await lived(database, merchant_id)
    backtest_id = await asked(database, merchant_id)
    await foresight.run(database, merchant_id, backtest_id)
    outcome = (await found(database, merchant_id, backtest_id)).outcome
    assert outcome is not None
    assert outcome.issued == outcome.would == issued
    assert (outcome.orders, outcome.events) == (40, 21)
    assert all(day.issued == day.would for day in outcome.days)
    assert sum(day.events for day in outcome.days) == 21
    given = {one.name: (one.points, one.times) for one in outcome.rules}
    assert given["event_bonus 20"] == (60, 3)
    assert given["event_then_order 100"] == (200, 2)
    assert given["custom_event 3"][0] <= 60


async def test_a_draft_on_events_says_what_it_would_have_given(
    database: Database, merchant_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a crash in between changes nothing in it."""
    issued = await lived(database, merchant_id)
    async with database.write(merchant_id) as tx:
        rules = {one.name: one.rule_id for one in await earning.list_rules(tx, NOW)}
        double = earning.Draft(name="评价两倍", params={"event": "review", "points": 40, "once_each": False})
        await earning.save_draft(tx, rules["event_bonus 20"], double, NOW)
    whole = await asked(database, merchant_id)
    await foresight.run(database, merchant_id, whole)
    first = (await found(database, merchant_id, whole)).outcome
    assert first is not None
    assert (first.issued, first.would) == (issued, issued - 60 + 9 * 40)
    broken = await asked(database, merchant_id)
    for name, value in (("BATCH", 7), ("KEEP_EVERY", -1.0), ("TELL_EVERY", -1.0)):
        monkeypatch.setattr(running, name, value)
    fold = folding.fold

    def dies_at_thirty(*given: Any) -> None:
        if given[0].done > 30:
            raise RuntimeError("killed")
        fold(*given)

    monkeypatch.setattr(folding, "fold", dies_at_thirty)
    with pytest.raises(RuntimeError):
        await foresight.run(database, merchant_id, broken)
    monkeypatch.setattr(folding, "fold", fold)
    assert await foresight.run(database, merchant_id, broken) == "done"
    assert (await found(database, merchant_id, broken)).outcome == first


async def test_a_draft_is_held_against_what_was_given(database: Database, merchant_id: int) -> None:
    await sold(database, merchant_id)
    async with database.write(merchant_id) as tx:
        (base, *_) = await earning.list_rules(tx, NOW)
        await earning.save_draft(tx, base.rule_id, earning.Draft(name="两倍", params={"points": 2}), NOW)
    backtest_id = await asked(database, merchant_id)
    await foresight.run(database, merchant_id, backtest_id)
    shown = await found(database, merchant_id, backtest_id)
    assert shown.outcome is not None
    paid = sum(line.amount_fen for one in ORDERS for line in one.lines) // 100
    assert shown.outcome.would - shown.outcome.issued >= paid
    assert shown.outcome.rules[0].name == "两倍"
    gains = [one.would - one.issued for one in shown.outcome.favoured]
    assert gains == sorted(gains, reverse=True)
    assert shown.outcome.favoured[0].phone_masked == "138****" + shown.outcome.favoured[0].phone_masked[-4:]
    without = await asked(database, merchant_id, drafts=[], without=[base.rule_id])
    await foresight.run(database, merchant_id, without)
    less = await found(database, merchant_id, without)
    assert less.outcome is not None
    assert less.outcome.would < shown.outcome.issued


async def test_after_a_crash_it_goes_on_from_the_place_that_was_kept(
    database: Database, merchant_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sold(database, merchant_id)
    whole = await asked(database, merchant_id)
    await foresight.run(database, merchant_id, whole)
    broken = await asked(database, merchant_id)
    monkeypatch.setattr(running, "BATCH", 25)
    monkeypatch.setattr(running, "KEEP_EVERY", -1.0)
    monkeypatch.setattr(running, "TELL_EVERY", -1.0)
    fold, folded = folding.fold, []

    def dies_in_the_third_batch(*given: Any) -> None:
        folded.append(len(given[2].things))
        if len(folded) == 3:
            raise RuntimeError("killed")
        fold(*given)

    monkeypatch.setattr(folding, "fold", dies_in_the_third_batch)
    with pytest.raises(RuntimeError):
        await foresight.run(database, merchant_id, broken)
    assert (await found(database, merchant_id, broken)).done == 50
    assert await foresight.run(database, merchant_id, broken) == "done"
    assert folded == [25, 25, 25, 25, 25, 20]
    first, second = await found(database, merchant_id, whole), await found(database, merchant_id, broken)
    assert second.outcome == first.outcome
    async with database.read(merchant_id) as tx:
        assert await tx.value("select count(*) from backtest_place where merchant_id = %(merchant_id)s") == 0


async def test_it_can_be_cancelled_while_it_runs(
    database: Database, merchant_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sold(database, merchant_id)
    backtest_id = await asked(database, merchant_id)
    monkeypatch.setattr(running, "BATCH", 10)
    monkeypatch.setattr(running, "TELL_EVERY", -1.0)
    progress = running._progress

    async def cancelled_after_two(run: Any, **more: Any) -> bool:
        if run.folded.done == 20:
            async with database.write(merchant_id) as tx:
                await foresight.cancel(tx, backtest_id, clock.now())
        return await progress(run, **more)

    monkeypatch.setattr(running, "_progress", cancelled_after_two)
    assert await foresight.run(database, merchant_id, backtest_id) == "cancelled"
    shown = await found(database, merchant_id, backtest_id)
    assert (shown.state, shown.done, shown.outcome) == ("cancelled", 10, None)
    async with database.write(merchant_id) as tx:
        with pytest.raises(actions.BacktestOver):
            await foresight.cancel(tx, backtest_id, clock.now())


async def test_what_came_back_whole_is_no_order_and_an_earlier_order_is_no_first(
    database: Database, merchant_id: int
) -> None:
    async with database.write(merchant_id) as tx:
        draft = earning.Draft(name="首单加赠", params={"points": 50})
        await earning.publish(tx, await earning.create_rule(tx, "first_order", draft, START), START)
    sent = [order("a", 1, 100, phone(1)), order("b", 5, 100, phone(1)), order("c", 6, 100, phone(2))]
    await intake.apply(database, merchant_id, sent, at=NOW)
    back = RefundIn(refund_id="r", order_id="a", occurred_at=sent[1].occurred_at, amount_fen=10_000)
    await intake.apply(database, merchant_id, [back], at=NOW)
    async with database.write(merchant_id) as tx:
        period = (date(2026, 11, 5), date(2026, 11, 6))
        backtest_id = (await foresight.ask(tx, period, foresight.Chosen(), NOW)).backtest_id
    await foresight.run(database, merchant_id, backtest_id)
    shown = await found(database, merchant_id, backtest_id)
    assert shown.outcome is not None
    assert [(day.date.day, day.would) for day in shown.outcome.days] == [(5, 150), (6, 150)]


async def test_refusals(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        for period in ((PERIOD[1], PERIOD[0]), (PERIOD[0], date(2027, 1, 1)), (date(2020, 1, 1), PERIOD[1])):
            with pytest.raises(actions.BadPeriod):
                await foresight.ask(tx, period, foresight.Chosen(), NOW)
        (base,) = await earning.list_rules(tx, NOW)
        with pytest.raises(actions.NothingToTest):
            await foresight.ask(tx, PERIOD, foresight.Chosen(without=[base.rule_id]), NOW)
        for _ in range(asking.MOST_WAITING):
            await foresight.ask(tx, PERIOD, foresight.Chosen(), NOW)
        with pytest.raises(actions.TooManyWaiting):
            await foresight.ask(tx, PERIOD, foresight.Chosen(), NOW)
        with pytest.raises(queries.NoSuchBacktest):
            await foresight.get_backtest(tx, 1)
