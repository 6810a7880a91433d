"""Verbs of backtests: ask for one, and cancel it; whoever did so by a door stands in the audit trail."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.ground import access, tenancy
from shuke.kit import clock, errors, jobs
from shuke.programs.foresight import models, queries

if TYPE_CHECKING:
    from shuke.kit.db import Tx
    from shuke.kit.http import Caller

WORK = "backtests"
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
    """None of these rules gives points on orders or on what members do."""

    code = "nothing_to_test"
    http_status = 422
    zh = "选中的规则里没有按订单或行为送积分的。"
    cure = "Choose at least one rule that gives on orders or events."
    cure_zh = "请至少选一条按订单或行为送积分的规则。"


class BacktestOver(errors.Refused):
    """The backtest is over: {state}."""

    code = "backtest_over"
    zh = "这个回测已经结束了。"
    cure = "Look at what it found."
    cure_zh = "直接看结果就好。"


async def ask(
    tx: Tx, period: tuple[date, date], chosen: queries.Chosen, at: datetime, by: str = ""
) -> queries.BacktestShape:
    """Begin a backtest of these rules over what happened in a period (both days count); a job does the work.

    The wordings are kept as they are now. Refuses a wrong period, a queue that is full, and rules of which none can be tried.
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
    await over(tx, backtest_id, "cancelled", None, at)
    return await queries.get_backtest(tx, backtest_id)


async def ask_by(tx: Tx, caller: Caller, asked: queries.Asked, at: datetime) -> queries.BacktestShape:
    """The same by a person or a key, on record."""
    made = await ask(tx, (asked.since, asked.until), asked, at, caller.name)
    await access.record(tx, caller, "backtest.asked", _subject(made), at=at)
    return made


async def cancel_by(tx: Tx, caller: Caller, backtest_id: int, at: datetime) -> queries.BacktestShape:
    """The same by a person or a key, on record."""
    stopped = await cancel(tx, backtest_id, at)
    await access.record(tx, caller, "backtest.cancelled", _subject(stopped), at=at)
    return stopped


def _subject(one: queries.BacktestShape) -> tuple[str, str]:
    return "backtest", f"{one.since} – {one.until}"


async def over(tx: Tx, backtest_id: int, state: str, outcome: dict[str, Any] | None, at: datetime) -> None:
    """End a backtest with what it found, unless it is over already."""
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
