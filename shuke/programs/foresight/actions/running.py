"""The verb that runs backtests to their end: it reads ahead while it folds, and goes on after a crash where it stopped."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from shuke.assets import points
from shuke.ground import ingestion, orders, tenancy
from shuke.insight import segments
from shuke.kit import clock
from shuke.programs import earning, tiers
from shuke.programs.foresight import models, queries
from shuke.programs.foresight.actions.asking import over
from shuke.programs.foresight.policy import folding

if TYPE_CHECKING:
    from shuke.ground.orders import Before
    from shuke.kit.db import Database, Tx

BATCH = 2_000
KEEP_EVERY = 10.0
"""Seconds of work that a crash may cost."""
TELL_EVERY = 0.5
"""Seconds between two looks at whether somebody cancelled, which also say how far it is."""


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


class Timeline:
    """Where everything of a period is kept, in order of time, in thirty-two bytes each."""

    def __init__(self, bought: tuple[Sequence[int], Sequence[int]], done: ingestion.Places) -> None:
        orders_at, numbers = bought
        events_at, seqs, ns = done
        count, more = len(orders_at), len(events_at)
        columns = (
            np.concatenate((np.asarray(events_at, np.int64), np.asarray(orders_at, np.int64))),
            np.concatenate((np.zeros(more, np.int64), np.ones(count, np.int64))),
            np.concatenate((np.asarray(seqs, np.int64), np.asarray(numbers, np.int64))),
            np.concatenate((np.asarray(ns, np.int64), np.zeros(count, np.int64))),
        )
        order = np.lexsort(columns[::-1]) if more else slice(None)
        self._columns = [column[order] for column in columns]

    def __len__(self) -> int:
        return len(self._columns[0])

    def after(self, place: folding.Place | None) -> int:
        """How many of them are done when everything up to this place is."""
        return 0 if place is None else bisect_right(range(len(self)), place, key=lambda one: self.part(one, 1)[0])

    def part(self, begin: int, size: int) -> list[folding.Place]:
        """So many of them."""
        at, kind, first, second = (column[begin : begin + size].tolist() for column in self._columns)
        return list(zip(at, kind, first, second, strict=True))


@dataclass(slots=True)
class _Run:
    """One backtest at work."""

    database: Database
    merchant_id: int
    backtest_id: int
    since: date
    setting: folding.Setting
    folded: folding.Folded
    event_rules: Sequence[int]
    """Every rule that ever gave on events: what an event was issued stands under its number in the ledger."""
    known: dict[int, earning.Known] = field(default_factory=dict)
    total: int = 0


JUST_BEFORE = timedelta(microseconds=1)
"""The order that crosses a threshold rises with its own instant, and still earned at the level before."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A batch, and what is asked of members who are new in it."""

    batch: folding.Batch
    arriving: Sequence[int]
    before: Mapping[int, Before]
    known: Mapping[int, earning.Known]


async def run(database: Database, merchant_id: int, backtest_id: int) -> str:
    """Fold what happened in the period in order of time and write down what was found; returns the state it ended in.

    The next batch is read while one is folded. Safe to call again after a crash: it goes on from the last place that was
    kept.
    """
    async with database.read(merchant_id) as tx:
        row = await queries.kept(tx, backtest_id)
        if row.state not in ("waiting", "running"):
            return str(row.state)
        run = await _opened(tx, database, row)
        timeline = await _timeline(tx, run, row.until + timedelta(days=1))
    if not await _folded(run, timeline):
        return "cancelled"
    async with database.read(merchant_id) as tx:
        outcome = await _outcome(tx, run, msgspec.convert(row.rules, list[queries.Wording]))
    async with database.write(merchant_id) as tx:
        await over(tx, backtest_id, "done", msgspec.to_builtins(outcome), clock.now())
    return "done"


async def _opened(tx: Tx, database: Database, row: Any) -> _Run:
    worded = msgspec.convert(row.rules, list[queries.Wording])
    merchant = await tenancy.get_merchant(tx)
    rules = earning.RuleSet(rule for rule in queries.rule_set(worded) if queries.folds(rule))
    stores = {number: code for code, number in (await tenancy.store_ids(tx)).items()}
    setting = folding.Setting(
        rules,
        await tiers.ladder(tx),
        stores,
        earning.multiplying(merchant.settings),
        clock.zone(merchant.zone),
        row.since,
    )
    kept = await tx.value(
        "select folded from backtest_place where merchant_id = %(merchant_id)s and backtest_id = %(backtest_id)s",
        backtest_id=row.backtest_id,
    )
    folded = folding.read_back(kept) if kept else folding.Folded()
    everything = await earning.list_rules(tx, clock.now())
    ever = [one.rule_id for one in everything if getattr(earning.EFFECTS[one.kind], "trigger", "order") == "event"]
    assert tx.merchant_id is not None
    return _Run(database, tx.merchant_id, row.backtest_id, row.since, setting, folded, ever)


async def _timeline(tx: Tx, run: _Run, until: date) -> Timeline:
    """The orders of the period, with the events that its rules give on, and before it those that may wait for an order."""
    reach = run.since - timedelta(days=queries.REACH_DAYS)
    begins = dict.fromkeys(run.setting.events("event"), run.since) | dict.fromkeys(run.setting.events("order"), reach)
    done: ingestion.Places = ([], [], [])
    if begins:
        done = await ingestion.behaviour_in_order(tx, begins, until)
    bought = await orders.numbers_in_order(tx, run.since, until)
    timeline = await asyncio.to_thread(Timeline, bought, done)
    run.total = len(timeline)
    return timeline


async def _folded(run: _Run, timeline: Timeline) -> bool:
    """Fold everything that is left; False where it was cancelled meanwhile."""
    begin = timeline.after(run.folded.place)
    if not await _progress(run):
        return False
    kept_at = told_at = clock.monotonic()
    reading = asyncio.create_task(_read(run, timeline.part(begin, BATCH)))
    try:
        while begin < len(timeline):
            read = await reading
            _welcome(run, read)
            begin += BATCH
            reading = asyncio.create_task(_read(run, timeline.part(begin, BATCH)))
            await asyncio.to_thread(folding.fold, run.folded, run.setting, read.batch, run.known)
            now = clock.monotonic()
            if now - told_at < TELL_EVERY:
                continue
            keep = now - kept_at > KEEP_EVERY
            if not await _progress(run, keep=keep):
                return False
            told_at, kept_at = now, now if keep else kept_at
        return await _progress(run)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _read(run: _Run, places: Sequence[folding.Place]) -> _Read:
    """Read a batch and what is asked of its members, a constant number of statements; changes nothing."""
    if not places:
        return _Read(folding.Batch((), (), (), (0, 0, 0, 0)), (), {}, {})
    async with run.database.read(run.merchant_id) as tx:
        bought = iter(await orders.past_orders(tx, [number for _, kind, number, _ in places if kind]))
        events = [(seq, n) for _, kind, seq, n in places if not kind]
        did = iter(await ingestion.past_behaviour(tx, events) if events else ())
        things: list[orders.PastOrder | ingestion.Behaviour] = [
            next(bought) if kind else next(did) for _, kind, _, _ in places
        ]
        issued = await _issued(tx, run, things)
        levels = await tiers.levels_at(tx, [(thing.member_id, thing.occurred_at - JUST_BEFORE) for thing in things])
        members = dict.fromkeys(thing.member_id for thing in things)
        arriving = [member_id for member_id in members if member_id not in run.folded.buyers]
        before = await orders.bought_before(tx, arriving, run.since) if arriving else {}
        strangers = [member_id for member_id in members if member_id not in run.known]
        known = await earning.know(tx, run.setting.needs, strangers, things[0].occurred_at) if strangers else {}
    batch = folding.Batch(things, issued, levels, places[-1])
    return _Read(batch, arriving, before, known)


def _welcome(run: _Run, read: _Read) -> None:
    folding.welcome(run.folded, read.arriving, read.before, folding.months_before(run.since))
    run.known.update(read.known)


async def _issued(tx: Tx, run: _Run, things: Sequence[orders.PastOrder | ingestion.Behaviour]) -> list[int]:
    """What each order or event really earned, one more statement where there are events."""
    keys = {
        f"event:{one.source}:{one.event_id}:{rule_id}": place
        for place, one in enumerate(things)
        if isinstance(one, ingestion.Behaviour)
        for rule_id in run.event_rules
    }
    issued = [0 if isinstance(one, ingestion.Behaviour) else one.points_earned for one in things]
    if keys:
        for key, booked in (await points.booked_as(tx, list(keys))).items():
            issued[keys[key]] += booked[2]
    return issued


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


async def _outcome(tx: Tx, run: _Run, worded: list[queries.Wording]) -> queries.BacktestOutcome:
    merchant = await tenancy.get_merchant(tx)
    worth = merchant.settings.get("points", {}).get("value_fen_per_100")
    folded, names = run.folded, {one.rule_id: one.name for one in worded}
    issued = sum(day[0] for day in folded.days.values())
    would = sum(day[1] for day in folded.days.values())
    members = sum(1 for one in folded.buyers.values() if one.month)  # without those whose events only waited for orders
    return queries.BacktestOutcome(
        orders=folded.orders, events=folded.events, members=members, issued=issued, would=would,
        issued_fen=None if worth is None else issued * worth // 100,
        would_fen=None if worth is None else would * worth // 100,
        days=[
            queries.DayOf(date=date.fromisoformat(day), issued=counted[0], would=counted[1], orders=counted[2], events=counted[3])
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
