"""Questions about looking ahead: the rules as they are or would be, and backtests with what they found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from shuke.ground import members
from shuke.kit import errors, paging
from shuke.programs import earning

if TYPE_CHECKING:
    from shuke.kit.db import Tx

_COLUMNS = "backtest_id, state, since, until, rules, asked_by, asked_at, finished_at, total, done, outcome"


class NoSuchBacktest(errors.NotFound):
    """There is no backtest {backtest_id}."""

    code = "no_such_backtest"
    zh = "没有编号为 {backtest_id} 的回测。"

    def __init__(self, backtest_id: int) -> None:
        errors.Refused.__init__(self, backtest_id=backtest_id)


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """One rule as it is looked at: its published wording, or (`draft`) the one to be published next."""

    rule_id: int
    version: int
    kind: str
    name: str
    params: dict[str, Any]
    conditions: list[dict[str, Any]]
    terms: dict[str, Any]
    draft: bool

    def ready(self) -> earning.LiveRule:
        """The rule ready to be applied, without a period: as though it had always been live."""
        named = (self.rule_id, self.version, self.kind, self.name)
        return earning.compiled(named, self.params, self.conditions, earning.terms_of(self.terms))


class Chosen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which wordings are looked at: what is live, with `drafts` in place of their rules (null: all drafts there are), and
    without the rules named in `without`."""

    drafts: Annotated[list[int], Meta(max_length=200)] | None = None
    without: Annotated[list[int], Meta(max_length=200)] = []


class Asked(Chosen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rules are held against the orders of which days; both days count."""

    since: date
    until: date


async def wordings(tx: Tx, chosen: Chosen, at: datetime) -> list[Wording]:
    """The rules of a choice, in no order; rules that are paused, ended or never published count only by their draft."""
    found = []
    for rule in await earning.list_rules(tx, at):
        by_draft = rule.draft is not None and (chosen.drafts is None or rule.rule_id in chosen.drafts)
        if rule.rule_id in chosen.without or not (by_draft or rule.state == "published"):
            continue
        shown = rule.draft if by_draft and rule.draft is not None else rule
        found.append(
            Wording(
                rule_id=rule.rule_id, version=0 if by_draft else rule.version, kind=rule.kind, name=shown.name,
                params=shown.params, conditions=shown.conditions, terms={"priority": rule.priority} | shown.terms,
                draft=by_draft,
            )
        )  # fmt: skip
    return found


def rule_set(worded: Sequence[Wording]) -> earning.RuleSet:
    """These wordings ready to be applied, sorted as they apply."""
    ready = [one.ready() for one in worded]
    return earning.RuleSet(sorted(ready, key=lambda rule: (rule.priority, rule.rule_id)))


class DayOf(msgspec.Struct, frozen=True, kw_only=True):
    """One business date: what its orders and events were issued, and what they would have been."""

    date: date
    issued: int
    would: int
    orders: int
    events: int = 0


class SegmentOf(msgspec.Struct, frozen=True, kw_only=True):
    """The members of the period who are in a segment today: what they were issued, and what they would have been."""

    slug: str
    name: str
    members: int
    issued: int
    would: int


class Favoured(msgspec.Struct, frozen=True, kw_only=True):
    """A member, what they were issued, and what they would have been."""

    member_id: int
    issued: int
    would: int
    orders: int
    name: str | None = None
    phone_masked: str | None = None


class RuleOf(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, what it would have given, and how often."""

    rule_id: int
    name: str
    points: int
    times: int


class BacktestOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a backtest found. Points as given at the sale, before returns; money in fen, null where points have no worth."""

    orders: int
    members: int
    issued: int
    would: int
    issued_fen: int | None
    would_fen: int | None
    days: list[DayOf]
    segments: list[SegmentOf]
    rules: list[RuleOf]
    favoured: list[Favoured]
    events: int = 0


class Tested(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of a backtest; `left_out` where it gives on joining, which is not held against it."""

    rule_id: int
    name: str
    draft: bool
    left_out: bool


class BacktestShape(msgspec.Struct, frozen=True, kw_only=True):
    """One backtest: what it looks at, how far it is (`done` of `total` orders and events), and in the end what it found."""

    backtest_id: int
    state: str
    since: date
    until: date
    rules: list[Tested]
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None
    total: int
    done: int
    outcome: BacktestOutcome | None


REACH_DAYS = 90
"""So long before the period something may have happened that waits for one of its orders."""


def folds(rule: earning.LiveRule) -> bool:
    """Whether past orders and events say what a rule gives: not for joining."""
    return rule.trigger in ("order", "event")


async def list_backtests(tx: Tx, cursor: str | None = None, limit: int = 20) -> paging.Page:
    """The latest backtests first, without what they found."""
    after = paging.decode(cursor, 1)
    rows = await tx.rows(
        f"select {_COLUMNS} from backtest where merchant_id = %(merchant_id)s "
        "and (%(after)s::bigint is null or backtest_id < %(after)s) order by backtest_id desc limit %(limit)s",
        after=after[0] if after else None, limit=limit + 1,
    )  # fmt: skip
    total = await tx.value("select count(*) from backtest where merchant_id = %(merchant_id)s")
    shapes = [shape(row._replace(outcome=None)) for row in rows]
    return paging.page(shapes, limit, lambda one: [one.backtest_id], total=int(total or 0))


async def get_backtest(tx: Tx, backtest_id: int) -> BacktestShape:
    """One backtest with what it found, its favoured members by name; refuses `NoSuchBacktest`."""
    row = await kept(tx, backtest_id)
    found = shape(row)
    if found.outcome is None:
        return found
    named = await members.names(tx, [one.member_id for one in found.outcome.favoured])
    favoured = [
        msgspec.structs.replace(one, name=named[one.member_id].name, phone_masked=named[one.member_id].phone_masked)
        if one.member_id in named
        else one
        for one in found.outcome.favoured
    ]
    outcome = msgspec.structs.replace(found.outcome, favoured=favoured)
    return msgspec.structs.replace(found, outcome=outcome)


async def kept(tx: Tx, backtest_id: int) -> Any:
    """The row of a backtest; refuses `NoSuchBacktest`."""
    row = await tx.one(
        f"select {_COLUMNS} from backtest where merchant_id = %(merchant_id)s and backtest_id = %(backtest_id)s",
        backtest_id=backtest_id,
    )
    if row is None:
        raise NoSuchBacktest(backtest_id)
    return row


def shape(row: Any) -> BacktestShape:
    """A row as it is shown."""
    worded = msgspec.convert(row.rules, list[Wording])
    tested = [
        Tested(rule_id=one.rule_id, name=one.name, draft=one.draft, left_out=not folds(one.ready())) for one in worded
    ]
    return BacktestShape(
        backtest_id=row.backtest_id, state=row.state, since=row.since, until=row.until, rules=tested,
        asked_by=row.asked_by, asked_at=row.asked_at, finished_at=row.finished_at, total=row.total, done=row.done,
        outcome=None if row.outcome is None else msgspec.convert(row.outcome, BacktestOutcome),
    )  # fmt: skip
