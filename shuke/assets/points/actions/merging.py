"""Two members turn out to be one: lots move with their lives, holds with their lots."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from shuke.assets.points.actions.holding import tell_held
from shuke.assets.points.actions.posting import open_book, store
from shuke.assets.points.policy import Cause
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
        fresh = book.merge(loser, heir, Cause(f"{key}:out", why, at), Cause(f"{key}:in", why, at), wallet=wallet)
        moved += bool(fresh)
        for hold in held.pop(loser, []):
            pinned = [[fresh[lot_id], points] for lot_id, points in hold.lots]
            book.move_hold(loser, heir, hold.points, wallet=wallet)
            told += [(loser, lot_id, points, at) for lot_id, points in hold.lots]
            told += [(heir, lot_id, -points, at) for lot_id, points in pinned]
            moves.append({"hold_id": hold.hold_id, "member_id": heir, "lots": pinned})
            held.setdefault(heir, []).append(hold._replace(member_id=heir, lots=pinned))
    if moves:
        await tx.run(_MOVE_HOLDS, rows=msgspec.json.encode(moves).decode())
    tell_held(tx, told)
    await store(tx, book)
    return moved
