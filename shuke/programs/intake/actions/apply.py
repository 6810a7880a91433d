"""The one write path of orders, refunds and events: many items of one merchant, one transaction, one verdict each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from shuke.assets import confirmations, offers, points
from shuke.ground import ingestion, members, orders
from shuke.kit import clock, errors
from shuke.kit.db import AHEAD, IN_THE_WAY, Database, DataError, Tx
from shuke.programs import earning, tiers
from shuke.programs.intake import policy, queries
from shuke.programs.intake.actions import knowing, late, refunds
from shuke.programs.intake.actions.batch import Answer, Batch, Statement, encode


async def apply(
    database: Database,
    merchant_id: int,
    items: Sequence[ingestion.Item],
    *,
    history: bool = False,
    at: datetime | None = None,
) -> list[Answer]:
    """Record many items; the answers stand in their order. A repeat gets its first answer; a refusal moves nothing.

    History (imports) skips the lateness window. A fault of one item's data fails only that item. Orders and events
    go in one transaction, refunds in another after it.
    """
    answers: list[Answer | None] = [None] * len(items)
    for is_refund in (False, True):
        chosen = [index for index, item in enumerate(items) if isinstance(item, ingestion.RefundIn) == is_refund]
        if chosen:
            part = [items[index] for index in chosen]
            for index, answer in zip(chosen, await _isolated(database, merchant_id, part, history, at), strict=True):
                answers[index] = answer
    return answers  # type: ignore[return-value]


async def apply_across(
    database: Database, parts: Sequence[tuple[int, Sequence[ingestion.Item]]]
) -> list[list[Answer] | Exception]:
    """Orders and events of several merchants in one transaction; whatever is in its way, each merchant by itself, unless the
    database is away.

    The answers, or the fault, of each merchant.
    """
    works = [(merchant_id, partial(apply_in, items=items)) for merchant_id, items in parts]
    (outcome,) = await asyncio.gather(database.write_together(works), return_exceptions=True)
    if not isinstance(outcome, BaseException):
        return list(outcome)
    if isinstance(outcome, errors.Unavailable):
        return [outcome] * len(parts)
    alone = (apply(database, merchant_id, items) for merchant_id, items in parts)  # nothing was written
    found = await asyncio.gather(*alone, return_exceptions=True)
    return [_fault(answer) for answer in found]


def _fault(answer: list[Answer] | BaseException) -> list[Answer] | Exception:
    if isinstance(answer, BaseException) and not isinstance(answer, Exception):
        raise answer
    return answer


async def _isolated(
    database: Database, merchant_id: int, items: Sequence[ingestion.Item], history: bool, at: datetime | None
) -> list[Answer]:
    try:
        return await _attempt(database, merchant_id, items, history, at)
    except DataError as error:
        if len(items) == 1:
            refusal = errors.Malformed(
                reason=f"a text holds a character that cannot be stored ({type(error).__name__})",
                reason_zh="文字里有无法保存的字符",
            )
            return [Answer(refusal.http_status, encode(refusal.body()))]
        middle = len(items) // 2
        first = await _isolated(database, merchant_id, items[:middle], history, at)
        return first + await _isolated(database, merchant_id, items[middle:], history, at)


async def _attempt(
    database: Database, merchant_id: int, items: Sequence[ingestion.Item], history: bool, at: datetime | None
) -> list[Answer]:
    refused: dict[int, Answer] = {}
    for turn in range(6):
        kept = [index for index in range(len(items)) if index not in refused]
        try:
            async with database.write(merchant_id, hot=True) as tx:
                answers = await apply_in(tx, [items[index] for index in kept], history=history, at=at)
            return (
                [refused[i] if i in refused else answers[kept.index(i)] for i in range(len(items))]
                if refused
                else answers
            )
        except Strangers as strangers:
            refused |= {kept[index]: answer for index, answer in strangers.answers.items()}
        except (*IN_THE_WAY, Merged):
            if turn == 5:
                raise
    raise AssertionError("unreachable")


class Merged(Exception):
    """A member was merged into another between being found and being locked: find them again."""


class Strangers(Exception):
    """Refused items would have created members: the transaction is undone and done again without them."""

    def __init__(self, answers: dict[int, Answer]) -> None:
        self.answers = answers


async def apply_in(
    tx: Tx, items: Sequence[ingestion.Item], *, history: bool = False, at: datetime | None = None
) -> list[Answer]:
    """The same inside a transaction that is open already; either refunds only, or none."""
    batch = Batch(history, at or clock.now(), [None] * len(items))
    if items and isinstance(items[0], ingestion.RefundIn):
        context = await queries.context_of(tx)
        await refunds.apply(tx, context, batch, [item for item in items if isinstance(item, ingestion.RefundIn)])
        return batch.answers  # type: ignore[return-value]
    _identify(batch, items)
    opening = await _opened_at_once(tx, batch, items) or await _opened(tx, batch, items)
    context, open_items, member_of = opening.context, opening.open_items, opening.member_of
    if not open_items:
        return batch.answers  # type: ignore[return-value]
    newborn = tx.has_news  # then a refusal undoes the transaction
    state = await _state(tx, batch, items, opening)
    await late.answer_known(
        tx, batch, [i for i in open_items if policy.late(context, items[i], batch.now, history)], items
    )
    await tx.ids.ensure(len(items) * (2 * len(context.rules) + 6) + 16)
    _fold(tx, context, batch, state, items, open_items, member_of, ahead=not newborn)
    if newborn and (refused := _refused(batch, open_items, member_of)):
        raise Strangers(refused)
    await _store(tx, batch, state)
    if state.parked:
        await tx.flush()
        await refunds.apply_parked(tx, context, batch, _keys(batch, items, open_items))
    return batch.answers  # type: ignore[return-value]


@dataclass(slots=True)
class _Opening:
    """What a transaction knows before it decides: the context, the items that may go on, their members, and the answers
    to `_questions`, which have locked the accounts."""

    context: policy.Context
    open_items: list[int]
    member_of: dict[int, int]
    answers: Sequence[Any] = ()


def _identify(batch: Batch, items: Sequence[ingestion.Item]) -> None:
    for index, item in enumerate(items):
        if not isinstance(item, ingestion.RefundIn) and item.member is not None:
            try:
                batch.people[index] = members.identities_of(item.member)
            except errors.Refused as refusal:
                batch.refuse(index, refusal)


async def _opened_at_once(tx: Tx, batch: Batch, items: Sequence[ingestion.Item]) -> _Opening | None:
    """One round trip where this process remembers who everybody is: the locks are taken on what it remembers, and the same
    round trip proves it. None where something is not known, or is no longer so."""
    context, member_of = queries.remembered(tx), queries.remembered_members(tx, batch.people)
    if context is None or member_of is None:
        return None
    before = list(batch.answers)
    open_items = _checked(context, batch, items)
    version, known, *answers = await tx.together(
        (queries.VERSION, {}),
        (members.RESOLVE, {"wanted": members.wanted(batch.people.values())}),
        *_questions(context, batch, items, open_items, member_of),
    )
    row = await version.fetchone()
    people = list(batch.people.values())
    rows = await known.fetchall()
    proved = members.all_known(people, rows) and members.matched(people, rows) == list(member_of.values())
    if row is None or row[0] != context.version or not proved:
        batch.answers[:] = before
        return None
    await queries.know_products(tx, context, _lines(items, open_items))
    return _Opening(context, open_items, member_of, answers)


async def _opened(tx: Tx, batch: Batch, items: Sequence[ingestion.Item]) -> _Opening:
    """Two round trips and more: the context and who is known, members created, then the locks."""
    version, known = await tx.together(
        (queries.VERSION, {}), (members.RESOLVE, {"wanted": members.wanted(batch.people.values())})
    )
    row = await version.fetchone()
    context = await queries.context_of(tx, row[0] if row else None)
    open_items = _checked(context, batch, items)
    if not open_items:
        return _Opening(context, open_items, {})
    await queries.know_products(tx, context, _lines(items, open_items))
    member_of = await _members(tx, batch, open_items, await known.fetchall())
    queries.remember_members(tx, batch.people, member_of)
    answers = await tx.together(*_questions(context, batch, items, open_items, member_of))
    return _Opening(context, open_items, member_of, answers)


def _refused(batch: Batch, open_items: list[int], member_of: dict[int, int]) -> dict[int, Answer]:
    """Items with a member that the fold refused."""
    found = {index: batch.answers[index] for index in open_items if index in member_of}
    return {index: answer for index, answer in found.items() if answer is not None and answer.status >= 400}


def _checked(context: policy.Context, batch: Batch, items: Sequence[ingestion.Item]) -> list[int]:
    """The indexes of the items that may go on; the others are refused."""
    passed = []
    for index, item in enumerate(items):
        if batch.answers[index] is not None:
            continue
        try:
            policy.check(context, item, batch.now, batch.history)
        except errors.Refused as refusal:
            batch.refuse(index, refusal)
        else:
            passed.append(index)
    return passed


async def _members(tx: Tx, batch: Batch, open_items: list[int], known: Sequence[Any]) -> dict[int, int]:
    """Member numbers by item index; unknown members and new identities are created."""
    named = [index for index in open_items if index in batch.people]
    people = [batch.people[index] for index in named]
    if members.all_known(people, known):
        found: Sequence[int | None] = members.matched(people, known)
    else:
        joined = [None] * len(people) if batch.history else None
        found = await members.ensure_members(tx, people, batch.now, joined)
    return {index: number for index, number in zip(named, found, strict=True) if number is not None}


def _buyers(
    context: policy.Context, items: Sequence[ingestion.Item], open_items: list[int], member_of: dict[int, int]
) -> list[int]:
    """The members of orders, and of events that earn; sorted."""
    return sorted({member_of[index] for index in open_items if index in member_of and context.earns(items[index])})


def _spenders(items: Sequence[ingestion.Item], open_items: list[int], member_of: dict[int, int]) -> list[int]:
    """The members of orders that spend points; sorted."""
    return sorted(
        {
            member_of[index]
            for index in open_items
            if index in member_of and isinstance(item := items[index], ingestion.OrderIn) and item.points_spent
        }
    )


def _questions(
    context: policy.Context,
    batch: Batch,
    items: Sequence[ingestion.Item],
    open_items: list[int],
    member_of: dict[int, int],
) -> list[Statement]:
    """Receipts; lock the accounts; then, in later statements, what of theirs waits, who was merged, standings, parked refunds and
    what rules ask.

    Nobody waits for whoever reads receipts. One that is written after it was looked for is in the way at the end.
    """
    buyers = _buyers(context, items, open_items, member_of)
    arriving = _keys(batch, items, open_items)
    return [
        (
            ingestion.receipts.READ,
            {"sources": [items[i].source for i in open_items], "keys": [items[i].key for i in open_items]},
        ),
        (points.LOCK, {"members": buyers, "wallet": points.POINTS}),
        (points.WAITING, {"members": [] if batch.history else buyers, "wallet": points.POINTS, "at": batch.now}),
        (members.MERGED, {"members": buyers}),
        (tiers.STANDINGS, {"members": buyers}),
        (orders.PARKED, {"sources": [source for source, _ in arriving], "keys": [key for _, key in arriving]}),
        *knowing.asking(context, items, open_items, member_of),
    ]


async def _state(tx: Tx, batch: Batch, items: Sequence[ingestion.Item], opening: _Opening) -> policy.State:
    """What was locked and read, ready for the fold; repeats are answered here."""
    open_items, member_of = opening.open_items, opening.member_of
    buyers = _buyers(opening.context, items, open_items, member_of)
    spenders = _spenders(items, open_items, member_of)
    receipts, locked, waiting, merged, standing_rows, parked, *asked = opening.answers
    if merged.rowcount:
        raise Merged
    account_rows = await locked.fetchall()
    if len(account_rows) < len(buyers):
        book = await points.open_book(tx, buyers, at=batch.now, lots_of=spenders)
    else:
        lots = await tx.rows(points.LOTS, members=spenders, wallet=points.POINTS) if spenders else []
        book = points.book_of(tx, account_rows, lots, at=batch.now, lots_of=spenders)
    for member_id, count in await waiting.fetchall():
        book.account(member_id).waiting = count
    _answer_repeats(batch, items, open_items, await receipts.fetchall())
    first = min((items[index].occurred_at for index in open_items), default=batch.now)
    standings = tiers.standings_of(await standing_rows.fetchall(), buyers, opening.context.ladder[0], first)
    usable = await offers.find_usable(tx, spenders, batch.now) if spenders else {}
    then = await _levels_then(tx, items, open_items, member_of, standings)
    state = policy.State(book, standings, usable, then, parked=parked.rowcount > 0, history=batch.history)
    if asked:
        await knowing.know(tx, opening.context, state, buyers, asked)
    return state


async def _levels_then(
    tx: Tx,
    items: Sequence[ingestion.Item],
    open_items: list[int],
    member_of: dict[int, int],
    standings: dict[int, tiers.Standing],
) -> dict[str, int]:
    """Levels of the past for orders older than the member's last rise."""
    old = [
        index for index in open_items
        if isinstance(items[index], ingestion.OrderIn) and index in member_of
        and standings[member_of[index]].months and items[index].occurred_at < standings[member_of[index]].since
    ]  # fmt: skip
    if not old:
        return {}
    levels = await tiers.levels_at(tx, [(member_of[index], items[index].occurred_at) for index in old])
    return {items[index].key: level or 0 for index, level in zip(old, levels, strict=True)}


def _answer_repeats(batch: Batch, items: Sequence[ingestion.Item], open_items: list[int], rows: Sequence[Any]) -> None:
    known = {(row[0], row[1]): row for row in rows}
    if not known:
        return
    for index in open_items:
        row = known.get((items[index].source, items[index].key))
        if row is not None:
            batch.repeat(index, items[index], row[2], row[3])


def _fold(
    tx: Tx, context: policy.Context, batch: Batch, state: policy.State, items: Sequence[ingestion.Item],
    open_items: list[int], member_of: dict[int, int], ahead: bool,
) -> None:  # fmt: skip
    """Decide every open item in arrival order; nothing here waits.

    With `ahead` what is decided goes to the server part by part, so that it writes while the rest is decided: other
    transactions wait for the accounts locked here.
    """
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    zone, day_start = context.merchant.zone, context.merchant.day_start_minutes
    for index in open_items:
        if batch.answers[index] is not None:
            continue
        item = items[index]
        first = seen.get((item.source, item.key))
        if first is not None:
            batch.repeat(index, item, first["body_hashes"], first["answer"])
            continue
        try:
            if policy.late(context, item, batch.now, batch.history):
                late.set_aside(tx, batch, index, item)
                continue
            day = clock.business_date(item.occurred_at, zone, day_start)
            _fold_one(tx, context, batch, state, index, item, member_of.get(index), day)
        except errors.Refused as refusal:
            batch.refuse(index, refusal)
        else:
            seen[item.source, item.key] = batch.receipts[-1]
            if ahead and len(batch.receipts) >= AHEAD:
                tx.ahead(*_recorded(tx, batch, state))


def _fold_one(
    tx: Tx,
    context: policy.Context,
    batch: Batch,
    state: policy.State,
    index: int,
    item: ingestion.Item,
    member_id: int | None,
    day: Any,
) -> None:
    if isinstance(item, ingestion.OrderIn):
        (order_id,) = tx.ids.take(1)
        answer = policy.fold_order(context, state, item, member_id, order_id, day, batch.history)
        batch.accept(index, item, answer, order_id)
        return
    assert isinstance(item, ingestion.EventIn) and member_id is not None
    batch.behaviour.append(
        ingestion.Behaviour(
            item.event,
            member_id,
            item.occurred_at,
            day,
            item.event_id,
            item.source,
            item.properties,
            item.store_id,
            item.channel,
        )
    )
    earned = policy.fold_event(context, state, item, member_id, day)
    batch.accept(index, item, {"status": "accepted", "event_id": item.event_id, "member_id": member_id} | earned, None)


def _recorded(tx: Tx, batch: Batch, state: policy.State) -> list[Statement]:
    """The statements that store the orders, entries and receipts decided so far, once."""
    statements = orders.recording(tx, state.orders, batch.history) + points.booking(tx, state.book)
    if batch.receipts:
        statements.append(tx.insertion(ingestion.models.Receipt, batch.receipts))
    state.orders, batch.receipts = [], []
    return statements


async def _store(tx: Tx, batch: Batch, state: policy.State) -> None:
    """Everything the fold decided, sent together with the commit."""
    statements: list[Statement] = [*_recorded(tx, batch, state), *points.storing(tx, state.book)]
    rises = list(zip(tx.ids.take(len(state.rises)), state.rises, strict=True))
    statements += tiers.storing(tx, state.standings.values(), rises)
    statements += earning.counting(state.counters.added) + earning.waiting(tx, state.fresh_marks, state.used_marks)
    statements += confirmations.storing(tx, state.awaited)
    await offers.use(tx, list(state.uses.values()))
    if batch.late:
        statements.append(tx.insertion(ingestion.models.LateItem, batch.late, conflict="ignore"))
    if batch.behaviour:
        tx.announce(ingestion.EventsRecorded(events=batch.behaviour, history=batch.history))
    tx.at_commit(*statements)


def _lines(items: Sequence[ingestion.Item], open_items: list[int]) -> Iterator[ingestion.LineIn]:
    return (line for index in open_items if isinstance(item := items[index], ingestion.OrderIn) for line in item.lines)


def _keys(batch: Batch, items: Sequence[ingestion.Item], open_items: list[int]) -> list[tuple[str, str]]:
    """The outside keys of the orders recorded now."""
    return [
        (item.source, item.order_id)
        for item in (items[index] for index in open_items)
        if isinstance(item, ingestion.OrderIn)
    ]
