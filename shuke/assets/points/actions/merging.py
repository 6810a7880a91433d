"""Two members turn out to be one: lots move with their lives, holds with their lots; and apart again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from shuke.assets.points.actions.holding import tell_held
from shuke.assets.points.actions.posting import booked, open_book, store
from shuke.assets.points.policy import Book, Cause, LotState
from shuke.kit.db import Tx

_WALLETS = """
select distinct wallet from account where merchant_id = %(merchant_id)s and member_id = any(%(members)s::bigint[]) order by 1
"""
_HOLDS = """
select hold_id, member_id, points, lots from hold where merchant_id = %(merchant_id)s and wallet = %(wallet)s
  and member_id = any(%(members)s::bigint[]) and state = 'open'
"""
_MOVE_HOLDS = """
update hold h set member_id = r.member_id, lots = r.lots
from json_to_recordset(%(rows)s) as r(hold_id bigint, member_id bigint, lots jsonb)
where h.merchant_id = %(merchant_id)s and h.hold_id = r.hold_id
"""


async def merge_members(tx: Tx, pairs: Sequence[tuple[int, int]], at: datetime) -> int:
    """Move everything of each first member to the second, by paired entries; returns how many pairs moved.

    Repeatable: what has moved is gone. A lot keeps when it was earned, begins and runs out; debt moves too; nothing
    counts as earned. The pairs are moved in the order given, so that a chain of merges ends at the last heir.
    """
    members = sorted({member for pair in pairs for member in pair})
    moved = 0
    for (wallet,) in await tx.rows(_WALLETS, members=members):
        moved += await _merge_wallet(tx, pairs, members, wallet, at)
    return moved


async def _merge_wallet(tx: Tx, pairs: Sequence[tuple[int, int]], members: list[int], wallet: str, at: datetime) -> int:
    book = await open_book(tx, members, at=at, lots_of=members, wallet=wallet)
    held: dict[int, list[Any]] = {}
    for row in await tx.rows(_HOLDS, members=members, wallet=wallet):
        held.setdefault(row.member_id, []).append(row)
    lots = sum(len(account.lots or ()) for account in book.accounts.values())
    await tx.ids.ensure(len(pairs) * (lots + 2))
    moves, moved, told = [], 0, []
    for loser, heir in pairs:
        why = {"kind": "merge", "from": loser, "into": heir}
        key = f"merge:{wallet}:{loser}:{heir}:{tx.batch_id}"
        record: list[dict[str, int]] = []  # what `unmerge_members` reads
        out, into = Cause(f"{key}:out", why, at, breakdown=record), Cause(f"{key}:in", why, at)
        remaining = {lot.lot_id: lot.remaining for lot in book.account(loser, wallet).lots or ()}
        fresh = book.merge(loser, heir, out, into, wallet=wallet)
        record += [{"lot": old, "into": new, "points": remaining[old]} for old, new in fresh.items()]
        moved += bool(fresh)
        for hold in held.pop(loser, []):
            pinned = [[fresh[lot_id], points] for lot_id, points in hold.lots]
            book.move_hold(loser, heir, hold.points, wallet=wallet)
            told += [(loser, lot_id, points, at) for lot_id, points in hold.lots]
            told += [(heir, lot_id, -points, at) for lot_id, points in pinned]
            record.append({"hold": hold.hold_id})
            moves.append({"hold_id": hold.hold_id, "member_id": heir, "lots": pinned})
            held.setdefault(heir, []).append(hold._replace(member_id=heir, lots=pinned))
    if moves:
        await tx.run(_MOVE_HOLDS, rows=msgspec.json.encode(moves).decode())
    tell_held(tx, told)
    store(tx, book)
    return moved


class Unmerged(msgspec.Struct, frozen=True, kw_only=True):
    """What went back in one wallet: of the points that a merge moved, `back` came back, the rest stays spent."""

    member_id: int
    into_id: int
    wallet: str
    moved: int
    back: int
    debt: int


_MERGED = """
select distinct on (e.wallet) e.entry_id, e.wallet, -e.debt_change as debt, e.breakdown from entry e
where e.merchant_id = %(merchant_id)s and e.member_id = %(member_id)s and e.type = 'merge'
  and jsonb_typeof(e.breakdown) = 'array' and (e.why ->> 'into')::bigint = %(into_id)s
order by e.wallet, e.entry_id desc
"""
_EMPTIED = """
select l.lot_id, l.remaining, l.restricted, l.earned_at, l.active_from, l.expires_at, l.entry_id from lot l
where l.merchant_id = %(merchant_id)s and l.member_id = %(member_id)s and l.lot_id = any(%(lots)s::bigint[])
"""


async def unmerge_members(tx: Tx, pairs: Sequence[tuple[int, int]], at: datetime) -> list[Unmerged]:
    """Give back to each first member what the latest merge into the second moved, lot by lot, by paired entries.

    Points go back to the lots they came from, with their own ends; open holds that came along go back with them. What was
    spent or ran out meanwhile stays with the survivor and the entries say how much; debt goes back as far as it is still
    owed. Repeatable: a merge is undone once. A few statements for each pair and wallet: a person undoes one at a time.
    """
    done = []
    for member_id, into_id in pairs:
        for merged in await tx.rows(_MERGED, member_id=member_id, into_id=into_id):
            found = await _unmerge_wallet(tx, member_id, into_id, merged, at)
            done += [found] if found is not None else []
    return done


async def _unmerge_wallet(tx: Tx, member_id: int, into_id: int, merged: Any, at: datetime) -> Unmerged | None:
    wallet, both = merged.wallet, [member_id, into_id]
    book = await open_book(tx, both, at=at, lots_of=both, wallet=wallet)
    key = f"unmerge:{merged.entry_id}"
    if await booked(tx, [f"{key}:out"]):
        return None
    record = [one for one in merged.breakdown if "lot" in one]
    own = {lot.lot_id: lot for lot in book.account(member_id, wallet).lots or ()}
    theirs = {lot.lot_id: lot for lot in book.account(into_id, wallet).lots or ()}
    missing = [one["lot"] for one in record if one["lot"] not in own]
    for row in await tx.rows(_EMPTIED, member_id=member_id, lots=missing):
        own[row.lot_id] = LotState(*row)
    going, pinned = await _holds_of(tx, into_id, wallet, merged.breakdown)
    parts = []
    for one in record:
        lot = theirs.get(one["into"])
        back = 0 if lot is None else max(lot.remaining - pinned.get(lot.lot_id, 0), 0)
        if lot is not None and back:
            parts.append((lot, own[one["lot"]], back))
    moved, back = sum(one["points"] for one in record), sum(part for _, _, part in parts)
    debt = min(merged.debt, book.account(into_id, wallet).debt)
    why = {"kind": "unmerge", "from": member_id, "into": into_id, "moved": moved, "back": back}
    await tx.ids.ensure(2)
    book.unmerge(
        into_id, member_id, parts, debt, Cause(f"{key}:out", why, at), Cause(f"{key}:in", why, at), wallet=wallet
    )
    await _give_holds_back(tx, book, going, {one["into"]: one["lot"] for one in record}, (into_id, member_id, wallet))
    store(tx, book)
    return Unmerged(member_id=member_id, into_id=into_id, wallet=wallet, moved=moved, back=back, debt=debt)


async def _holds_of(
    tx: Tx, into_id: int, wallet: str, record: Sequence[dict[str, int]]
) -> tuple[list[Any], dict[int, int]]:
    """The survivor's open holds that came with the merge, and what the others have set aside in each lot."""
    came = {one["hold"] for one in record if "hold" in one}
    rows = await tx.rows(_HOLDS, members=[into_id], wallet=wallet)
    pinned: dict[int, int] = {}
    for row in rows:
        for lot_id, points in row.lots if row.hold_id not in came else ():
            pinned[lot_id] = pinned.get(lot_id, 0) + points
    return [row for row in rows if row.hold_id in came], pinned


async def _give_holds_back(
    tx: Tx, book: Book, going: Sequence[Any], home: dict[int, int], way: tuple[int, int, str]
) -> None:
    into_id, member_id, wallet = way
    moves, told = [], []
    for hold in going:
        lots = [[home[lot_id], points] for lot_id, points in hold.lots]
        book.move_hold(into_id, member_id, hold.points, wallet=wallet)
        told += [(into_id, lot_id, points, book.now) for lot_id, points in hold.lots]
        told += [(member_id, lot_id, -points, book.now) for lot_id, points in lots]
        moves.append({"hold_id": hold.hold_id, "member_id": member_id, "lots": lots})
    if moves:
        await tx.run(_MOVE_HOLDS, rows=msgspec.json.encode(moves).decode())
    tell_held(tx, told)
