"""Rules held against real orders: the fold is the live one, a crash costs seconds, and a person can stop it."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from shuke.ground.ingestion import LineIn, OrderIn, RefundIn
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import earning, foresight, intake
from shuke.programs.foresight import actions, queries
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
    assert {one.name for one in shown.rules if one.left_out} == {"event_bonus"}
    assert await foresight.run(database, merchant_id, backtest_id) == "done"


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
    monkeypatch.setattr(actions, "BATCH", 25)
    monkeypatch.setattr(actions, "KEEP_EVERY", 0.0)
    fold, folded = folding.fold, []

    def dies_in_the_third_batch(*given: Any) -> None:
        folded.append(len(given[2]))
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
    monkeypatch.setattr(actions, "BATCH", 10)
    step = actions._step

    async def cancelled_after_two(run: Any, numbers: Any) -> None:
        await step(run, numbers)
        if run.folded.done == 20:
            async with database.write(merchant_id) as tx:
                await foresight.cancel(tx, backtest_id, clock.now())

    monkeypatch.setattr(actions, "_step", cancelled_after_two)
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
        for _ in range(actions.MOST_WAITING):
            await foresight.ask(tx, PERIOD, foresight.Chosen(), NOW)
        with pytest.raises(actions.TooManyWaiting):
            await foresight.ask(tx, PERIOD, foresight.Chosen(), NOW)
        with pytest.raises(queries.NoSuchBacktest):
            await foresight.get_backtest(tx, 1)
