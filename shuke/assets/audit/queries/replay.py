"""The auditor's own fold: every member's entries once more from the first, in plain Python, against what is stored.

It shares no code with the verbs, on purpose.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from shuke.assets.audit.queries.checks import NAMED, Difference
from shuke.kit.kinds import Sentence

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from shuke.kit.db import Tx

CREDITS = frozenset({"earn", "bonus", "import"})
_PAGE = 20_000
_SAYS = {
    "order_of_use": Sentence("扣减应先到期先用", "debits take from lots in the order of use"),
    "debt_first": Sentence("新得积分应先抵欠分", "later credits pay the debt first"),
    "expire_whole_lot": Sentence("过期应扣完该批次剩余", "an expiry takes all that remains of one lot"),
    "replay_remaining": Sentence("重放流水应得到同样的批次剩余", "a replay gives the same remainders"),
}
_STREAMS = {
    "entries": """
select e.member_id, e.wallet, e.entry_id, e.type, e.points, e.debt_change, e.of_entry_id, e.effective_at, e.recorded_at
from entry e left join chain_link k on k.merchant_id = %(merchant_id)s and k.batch_id = e.batch_id
where e.merchant_id = %(merchant_id)s order by e.member_id, k.seq, e.entry_id""",
    "lots": """
select l.member_id, l.lot_id, l.wallet, l.entry_id, l.granted, l.remaining, l.restricted, l.earned_at, l.active_from,
  l.expires_at, coalesce(w.entry_id, l.entry_id) as origin from lot l
left join awaited w on w.merchant_id = l.merchant_id and w.member_id = l.member_id and w.lot_id = l.lot_id
where l.merchant_id = %(merchant_id)s order by l.member_id, l.lot_id""",
    "consumption": """
select c.member_id, c.entry_id, c.lot_id, c.points from consumption c
where c.merchant_id = %(merchant_id)s order by c.member_id, c.entry_id""",
    "holds": """
select distinct h.member_id from hold h where h.merchant_id = %(merchant_id)s order by 1""",
}


@dataclass(slots=True)
class Replay:
    """What the fold found: how many contradictions, and the first of them by name."""

    total: int = 0
    named: list[Difference] = field(default_factory=list)

    def add(self, check: str, member_id: int, subject: str, expected: int, found: int) -> None:
        """Note one contradiction."""
        self.total += 1
        if len(self.named) < NAMED:
            says = _SAYS[check]
            self.named.append(
                Difference(
                    check=check, zh=says.zh, en=says.en, member_id=member_id, subject=subject, expected=expected,
                    found=found,
                )
            )  # fmt: skip


async def replay(tx: Tx) -> Replay:
    """Fold every member of the merchant, one after the other; memory holds one member and a page of each stream."""
    found = Replay()
    entries, lots, taken, holds = [_by_member(tx, name) for name in _STREAMS]
    streams = _Aligned({"lots": lots, "consumption": taken, "holds": holds})
    async for member_id, rows in entries:
        beside = await streams.upto(member_id)
        _fold(found, member_id, rows, beside)
    return found


def _fold(found: Replay, member_id: int, entries: list[Any], beside: dict[str, list[Any]]) -> None:
    granted = defaultdict(list)
    for lot in beside["lots"]:
        granted[lot.entry_id].append(lot)
    moved: dict[int, dict[int, int]] = defaultdict(dict)
    for row in beside["consumption"]:
        moved[row.entry_id][row.lot_id] = row.points
    left: dict[int, int] = {}
    known: dict[int, Any] = {}
    debts: dict[str, int] = defaultdict(int)
    for entry in entries:
        moves = moved[entry.entry_id]
        if not beside["holds"]:
            _judge_debit(found, entry, moves, left, known)
        due = _debt_due(entry, granted[entry.entry_id], sum(moves.values()), debts[entry.wallet])
        if due is not None and entry.debt_change != due:
            found.add("debt_first", member_id, f"entry {entry.entry_id}", due, entry.debt_change)
        debts[entry.wallet] += entry.debt_change
        for lot_id, points in moves.items():
            left[lot_id] = left.get(lot_id, 0) - points
        for lot in granted[entry.entry_id]:
            left[lot.lot_id] = left.get(lot.lot_id, 0) + lot.granted
            # What an action made usable is still the own lot of the credit that it came from.
            known[lot.lot_id] = lot._replace(origin=entry.of_entry_id) if entry.type == "activate" else lot
    for lot in beside["lots"]:
        if left.get(lot.lot_id) != lot.remaining:
            found.add("replay_remaining", member_id, f"lot {lot.lot_id}", left.get(lot.lot_id, 0), lot.remaining)


def _debt_due(entry: Any, granted: list[Any], consumed: int, debt: int) -> int | None:
    """What a credit must do to the debt; points that may lapse pay only once they are usable. None where nothing is said."""
    if entry.type == "activate":
        return -min(debt, consumed)
    if entry.type not in CREDITS:
        return None
    lapses = any(lot.active_from == lot.expires_at for lot in granted)
    return 0 if lapses else -min(debt, entry.points)


def _judge_debit(found: Replay, entry: Any, moves: dict[int, int], left: dict[int, int], known: dict[int, Any]) -> None:
    """Whether a debit took from the right lots, seen from what the replay has so far."""
    subject = f"entry {entry.entry_id}"
    if entry.type == "expire":
        remaining = sum(left.get(lot_id, 0) for lot_id in moves)
        if len(moves) != 1 or remaining != -entry.points:
            found.add("expire_whole_lot", entry.member_id, subject, remaining, -entry.points)
        return
    if entry.type not in ("redeem", "clawback", "adjust", "transfer") or entry.points >= 0:
        return
    own = entry.of_entry_id if entry.type == "clawback" else None
    instant = entry.recorded_at if entry.type == "clawback" else entry.effective_at
    usable = [
        lot
        for lot_id, lot in known.items()
        if left[lot_id] > 0 and lot.wallet == entry.wallet
        and (lot.active_from <= instant or (own is not None and lot.origin == own))
        and (lot.expires_at is None or instant < lot.expires_at)
    ]  # fmt: skip
    usable.sort(key=lambda lot: _place(lot, own))
    wanted = sum(moves.values())
    for lot in usable:
        fair = min(left[lot.lot_id], wanted)
        if moves.get(lot.lot_id, 0) != fair:
            found.add("order_of_use", entry.member_id, f"{subject} lot {lot.lot_id}", fair, moves.get(lot.lot_id, 0))
            return
        wanted -= fair
    if wanted:
        found.add("order_of_use", entry.member_id, subject, 0, wanted)


def _place(lot: Any, own: int | None) -> tuple:
    never = lot.expires_at is None
    return (
        lot.origin != own, never, 0.0 if never else lot.expires_at.timestamp(), not lot.restricted, lot.earned_at, lot.lot_id,
    )  # fmt: skip


async def _by_member(tx: Tx, name: str) -> AsyncIterator[tuple[int, list[Any]]]:
    """The rows of one stream, a member at a time, read through a cursor of the server."""
    await tx.run(f"declare replay_{name} no scroll cursor for {_STREAMS[name]}")
    pending: list[Any] = []
    while page := await tx.rows(f"fetch {_PAGE} from replay_{name}"):
        groups = [(member_id, list(rows)) for member_id, rows in groupby(page, key=lambda row: row.member_id)]
        if pending and pending[0].member_id == groups[0][0]:
            groups[0] = (groups[0][0], pending + groups[0][1])
        elif pending:
            yield pending[0].member_id, pending
        pending = groups.pop()[1]
        for group in groups:
            yield group
    if pending:
        yield pending[0].member_id, pending
    await tx.run(f"close replay_{name}")


class _Aligned:
    """Several streams by member, read forward together."""

    def __init__(self, streams: dict[str, AsyncIterator[tuple[int, list[Any]]]]) -> None:
        self._streams = streams
        self._next: dict[str, tuple[int, list[Any]] | None] = {}

    async def upto(self, member_id: int) -> dict[str, list[Any]]:
        """Every stream's rows of that member, passing over members before it."""
        found: dict[str, list[Any]] = {}
        for name, stream in self._streams.items():
            if name not in self._next:
                self._next[name] = await anext(stream, None)
            while (group := self._next[name]) is not None and group[0] < member_id:
                self._next[name] = await anext(stream, None)
            group = self._next[name]
            found[name] = group[1] if group is not None and group[0] == member_id else []
        return found
