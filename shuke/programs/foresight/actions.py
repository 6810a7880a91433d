"""Verbs of backtests: ask for one, cancel it, and run it to its end, going on after a crash where it stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.ground import orders, tenancy
from shuke.insight import segments
from shuke.kit import clock, errors, jobs
from shuke.programs import earning, tiers
from shuke.programs.foresight import models, queries
from shuke.programs.foresight.policy import folding

if TYPE_CHECKING:
    from shuke.kit.db import Database, Tx

WORK = "backtests"
BATCH = 1_000
KEEP_EVERY = 10.0
"""Seconds of work that a crash may cost."""
LONGEST = timedelta(days=3 * 366)
MOST_WAITING = 5
MOST_KEPT = 20


class BadPeriod(errors.Refused):
    """The period is not right: it must begin before it ends, end by today, and last at most three years."""

    code = "bad_backtest_period"
    http_status = 422
    zh = "回测的日期不对：要先开始后结束，最晚到今天，最长三年。"
    cure = "Choose a period of the past."
    cure_zh = "请选一段过去的日期。"


class TooManyWaiting(errors.Refused):
    """{most} backtests are waiting already."""

    code = "too_many_backtests"
    zh = "已经有 {most} 个回测在排队。"
    cure = "Wait for one to finish, or cancel one."
    cure_zh = "请等其中一个跑完，或取消一个。"


class NothingToTest(errors.Refused):
    """None of these rules gives points on orders."""

    code = "nothing_to_test"
    http_status = 422
    zh = "选中的规则里没有按订单送积分的。"
    cure = "Choose at least one rule that gives on orders."
    cure_zh = "请至少选一条按订单送积分的规则。"


class BacktestOver(errors.Refused):
    """The backtest is over: {state}."""

    code = "backtest_over"
    zh = "这个回测已经结束了。"
    cure = "Look at what it found."
    cure_zh = "直接看结果就好。"


async def ask(
    tx: Tx, period: tuple[date, date], chosen: queries.Chosen, at: datetime, by: str = ""
) -> queries.BacktestShape:
    """Begin a backtest of these rules over the orders of a period (both days count); a job does the work.

    The wordings are kept as they are now. Refuses a wrong period, a queue that is full, and rules without one for orders.
    """
    since, until = period
    merchant = await tenancy.get_merchant(tx)
    today = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
    if not since <= until <= today or until - since > LONGEST:
        raise BadPeriod(field="since")
    worded = await queries.wordings(tx, chosen, at)
    if not any(queries.folds(one.ready()) for one in worded):
        raise NothingToTest(field="drafts")
    open_ones = "select count(*) from backtest where merchant_id = %(merchant_id)s and state in ('waiting', 'running')"
    if await tx.value(open_ones) >= MOST_WAITING:
        raise TooManyWaiting(most=MOST_WAITING)
    (backtest_id,) = await tx.fresh_ids(1)
    row = {
        "backtest_id": backtest_id, "state": "waiting", "since": since, "until": until,
        "rules": msgspec.to_builtins(worded), "asked_by": by, "asked_at": at,
    }  # fmt: skip
    await tx.insert(models.Backtest, [row])
    await tx.run(
        "delete from backtest where merchant_id = %(merchant_id)s and finished_at is not null and backtest_id <= (select "
        "backtest_id from backtest where merchant_id = %(merchant_id)s order by backtest_id desc offset %(most)s limit 1)",
        most=MOST_KEPT,
    )
    await jobs.wake(tx, WORK, at)
    return await queries.get_backtest(tx, backtest_id)


async def cancel(tx: Tx, backtest_id: int, at: datetime) -> queries.BacktestShape:
    """Stop a backtest; what runs stops within a batch. Refuses one that is over."""
    row = await queries.kept(tx, backtest_id)
    if row.state not in ("waiting", "running"):
        raise BacktestOver(state=row.state)
    await _over(tx, backtest_id, "cancelled", None, at)
    return await queries.get_backtest(tx, backtest_id)


async def run_waiting(database: Database, merchant_id: int) -> int:
    """Run what waits or was interrupted, one after the other; how many were run."""
    count = 0
    while True:
        async with database.read(merchant_id) as tx:
            row = await tx.one(
                "select backtest_id from backtest where merchant_id = %(merchant_id)s and state in ('waiting', 'running') "
                "order by backtest_id limit 1"
            )
        if row is None:
            return count
        await run(database, merchant_id, row.backtest_id)
        count += 1


@dataclass(slots=True)
class _Run:
    """One backtest at work."""

    database: Database
    merchant_id: int
    backtest_id: int
    since: date
    setting: folding.Setting
    folded: folding.Folded
    known: dict[int, earning.Known]
    total: int = 0


async def run(database: Database, merchant_id: int, backtest_id: int) -> str:
    """Fold the orders of the period in order of time and write down what was found; returns the state it ended in.

    Safe to call again after a crash: it goes on from the last place that was kept.
    """
    async with database.read(merchant_id) as tx:
        row = await queries.kept(tx, backtest_id)
        if row.state not in ("waiting", "running"):
            return str(row.state)
        run = await _opened(tx, database, row)
        numbers = await orders.numbers_in_order(tx, row.since, row.until + timedelta(days=1), run.folded.place)
    run.total = run.folded.done + len(numbers)
    if not await _progress(run):
        return "cancelled"
    kept_at = clock.monotonic()
    for begin in range(0, len(numbers), BATCH):
        await _step(run, numbers[begin : begin + BATCH])
        keep = clock.monotonic() - kept_at > KEEP_EVERY
        if not await _progress(run, keep=keep):
            return "cancelled"
        kept_at = clock.monotonic() if keep else kept_at
    async with database.read(merchant_id) as tx:
        outcome = await _outcome(tx, run, msgspec.convert(row.rules, list[queries.Wording]))
    async with database.write(merchant_id) as tx:
        await _over(tx, backtest_id, "done", msgspec.to_builtins(outcome), clock.now())
    return "done"


async def _opened(tx: Tx, database: Database, row: Any) -> _Run:
    worded = msgspec.convert(row.rules, list[queries.Wording])
    merchant = await tenancy.get_merchant(tx)
    rules = earning.RuleSet(rule for rule in queries.rule_set(worded) if queries.folds(rule))
    stores = {number: code for code, number in (await tenancy.store_ids(tx)).items()}
    setting = folding.Setting(
        rules, await tiers.ladder(tx), stores, earning.multiplying(merchant.settings), clock.zone(merchant.zone)
    )
    kept = await tx.value(
        "select folded from backtest_place where merchant_id = %(merchant_id)s and backtest_id = %(backtest_id)s",
        backtest_id=row.backtest_id,
    )
    folded = folding.read_back(kept) if kept else folding.Folded()
    assert tx.merchant_id is not None
    return _Run(database, tx.merchant_id, row.backtest_id, row.since, setting, folded, {})


async def _step(run: _Run, numbers: Any) -> None:
    """Read a batch and what is asked of its members, a constant number of statements; fold it beside the event loop."""
    async with run.database.read(run.merchant_id) as tx:
        past = await orders.past_orders(tx, numbers)
        levels = await tiers.levels_at(tx, [(order.member_id, order.occurred_at) for order in past])
        buyers = dict.fromkeys(order.member_id for order in past)
        arriving = [member_id for member_id in buyers if member_id not in run.folded.buyers]
        if arriving:
            before = await orders.bought_before(tx, arriving, run.since)
            folding.welcome(run.folded, arriving, before, folding.months_before(run.since))
        strangers = [member_id for member_id in buyers if member_id not in run.known]
        if strangers:
            run.known |= await earning.know(tx, run.setting.needs, strangers, past[0].occurred_at)
    await asyncio.to_thread(folding.fold, run.folded, run.setting, past, levels, run.known)


async def _progress(run: _Run, *, keep: bool = False) -> bool:
    """Say how far it is; False where it was cancelled meanwhile."""
    async with run.database.write(run.merchant_id) as tx:
        going_on = await tx.run(
            "update backtest b set state = 'running', total = %(total)s, done = %(done)s where b.merchant_id = %(merchant_id)s "
            "and b.backtest_id = %(backtest_id)s and b.state in ('waiting', 'running')",
            backtest_id=run.backtest_id, total=run.total, done=run.folded.done,
        )  # fmt: skip
        if going_on and keep:
            folded = await asyncio.to_thread(folding.written, run.folded)
            row = {"backtest_id": run.backtest_id, "folded": folded, "at": clock.now()}
            await tx.insert(models.BacktestPlace, [row], conflict="update:folded,at")
    return bool(going_on)


async def _over(tx: Tx, backtest_id: int, state: str, outcome: dict[str, Any] | None, at: datetime) -> None:
    found = None if outcome is None else msgspec.json.encode(outcome).decode()
    await tx.run(
        "update backtest b set state = %(state)s, finished_at = %(at)s, outcome = %(found)s::jsonb "
        "where b.merchant_id = %(merchant_id)s and b.backtest_id = %(backtest_id)s and b.state in ('waiting', 'running')",
        backtest_id=backtest_id, state=state, at=at, found=found,
    )  # fmt: skip
    await tx.run(
        "delete from backtest_place where merchant_id = %(merchant_id)s and backtest_id = %(backtest_id)s",
        backtest_id=backtest_id,
    )


async def _outcome(tx: Tx, run: _Run, worded: list[queries.Wording]) -> queries.BacktestOutcome:
    merchant = await tenancy.get_merchant(tx)
    worth = merchant.settings.get("points", {}).get("value_fen_per_100")
    folded, names = run.folded, {one.rule_id: one.name for one in worded}
    issued = sum(day[0] for day in folded.days.values())
    would = sum(day[1] for day in folded.days.values())
    return queries.BacktestOutcome(
        orders=folded.done, members=len(folded.buyers), issued=issued, would=would,
        issued_fen=None if worth is None else issued * worth // 100,
        would_fen=None if worth is None else would * worth // 100,
        days=[
            queries.DayOf(date=date.fromisoformat(day), issued=counted[0], would=counted[1], orders=counted[2])
            for day, counted in sorted(folded.days.items())
        ],
        segments=await _by_segment(tx, folded),
        rules=[
            queries.RuleOf(rule_id=rule_id, name=names[rule_id], points=given[0], times=given[1])
            for rule_id, given in sorted(folded.rules.items(), key=lambda one: -one[1][0])
        ],
        favoured=[
            queries.Favoured(member_id=member_id, issued=buyer.issued, would=buyer.would, orders=buyer.orders)
            for member_id, buyer in folding.favoured(folded)
        ],
    )  # fmt: skip


async def _by_segment(tx: Tx, folded: folding.Folded) -> list[queries.SegmentOf]:
    """What members of each segment, as it is today, were issued and would have been; three statements per 10,000 members."""
    sums: dict[str, list[int]] = {}
    for part in _parts(sorted(folded.buyers), 10_000):
        for member_id, slugs in (await segments.of_members(tx, part)).items():
            buyer = folded.buyers[member_id]
            for slug in slugs:
                counted = sums.setdefault(slug, [0, 0, 0])
                counted[0] += 1
                counted[1] += buyer.issued
                counted[2] += buyer.would
    names = await segments.names(tx, sums)
    found = [
        queries.SegmentOf(
            slug=slug, name=names.get(slug, slug), members=counted[0], issued=counted[1], would=counted[2]
        )
        for slug, counted in sums.items()
    ]
    return sorted(found, key=lambda one: (-one.would, one.slug))


def _parts(numbers: list[int], size: int) -> Iterable[list[int]]:
    return (numbers[begin : begin + size] for begin in range(0, len(numbers), size))
