"""A merge was a mistake: the two are two members again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from shuke.ground.members.actions.profiles import index_names, write_profiles
from shuke.ground.members.events import MembersUnmerged
from shuke.kit import errors
from shuke.kit.db import Tx

_MERGE = """
select merge_id, member_id, into_id, moved, undone_at from member_merge
where merchant_id = %(merchant_id)s and merge_id = %(merge_id)s for update
"""
_BOTH = """
select member_id, name, phone, gender, birthday, joined_at, attributes, merged_into from member
where merchant_id = %(merchant_id)s and member_id = any(%(ids)s::bigint[]) order by member_id for update
"""
_IDENTITIES = """
update identity i set member_id = %(member_id)s from unnest(%(kinds)s::text[], %(values)s::text[]) as w(kind, value)
where i.merchant_id = %(merchant_id)s and i.kind = w.kind and i.value = w.value and i.member_id = %(into_id)s
"""
# A yes or no that was said again since the merge is the heir's own.
_CONSENTS = """
delete from consent c using consent o where c.merchant_id = %(merchant_id)s and c.member_id = %(into_id)s
  and c.channel = any(%(channels)s::text[]) and o.merchant_id = %(merchant_id)s and o.member_id = %(member_id)s
  and o.channel = c.channel and o.at = c.at and o.given = c.given
"""
_APART = """
update member m set merged_into = case when m.member_id = %(member_id)s then null else %(member_id)s end
where m.merchant_id = %(merchant_id)s and m.merged_into = %(into_id)s and m.member_id = any(%(numbers)s::bigint[])
"""
_PHONE = """
update member m set phone = null, phone_tail = null
where m.merchant_id = %(merchant_id)s and m.member_id = %(into_id)s and m.phone = %(phone)s
"""
_UNDONE = """
update member_merge set undone_at = %(at)s, undone_by = %(by)s
where merchant_id = %(merchant_id)s and merge_id = %(merge_id)s
"""
_KEEP = """
update member_merge m set moved = m.moved || jsonb_build_object(%(room)s::text, w.moved)
from json_to_recordset(%(rows)s::json) as w(merge_id bigint, moved jsonb)
where m.merchant_id = %(merchant_id)s and m.merge_id = w.merge_id
"""


class NoSuchMerge(errors.NotFound):
    """There is no merge {merge_id}."""

    code = "no_such_merge"
    zh = "没有编号为 {merge_id} 的合并记录。"


class CannotUnmerge(errors.Refused):
    """This merge cannot be undone: {reason}."""

    code = "cannot_unmerge"
    zh = "这次合并不能撤销：{reason_zh}。"
    cure = "Undo later merges of these members first; what is too old can only be moved by transfers."
    cure_zh = "先撤销这两位会员之后的合并；太早的合并只能用转赠把积分移回去。"


async def unmerge(tx: Tx, merge_id: int, *, by: str, at: datetime) -> MembersUnmerged:
    """Take a merge apart: identities, consents and what only filled gaps go back to the member they came from.

    What the survivor was given or told since stays theirs. Points and the rest follow by reactions to `MembersUnmerged`,
    which this returns. Refuses `NoSuchMerge`, and `CannotUnmerge` for one that was undone, that is older than the record
    of merges, or whose survivor was merged on since.
    """
    merge = await tx.one(_MERGE, merge_id=merge_id)
    if merge is None:
        raise NoSuchMerge(merge_id=merge_id)
    pair = {"member_id": merge.member_id, "into_id": merge.into_id}
    rows = {row.member_id: row for row in await tx.rows(_BOTH, ids=[merge.member_id, merge.into_id])}
    _check(merge, rows[merge.member_id])
    moved = merge.moved["profile"]
    identities = moved["identities"]
    await tx.run(_IDENTITIES, **pair, kinds=[one[0] for one in identities], values=[one[1] for one in identities])
    await tx.run(_CONSENTS, **pair, channels=moved["consents"])
    await tx.run(_APART, **pair, numbers=[merge.member_id, *moved["followers"]])
    await _take_back(tx, rows[merge.into_id], moved, at)
    await index_names(tx, {merge.member_id: rows[merge.member_id].name})
    await tx.run(_UNDONE, merge_id=merge_id, at=at, by=by)
    told = MembersUnmerged(**pair, at=at, merge_id=merge_id)
    tx.announce(told)
    return told


def _check(merge: Any, old: Any) -> None:
    why = None
    if merge.undone_at is not None:
        why = "it was undone before", "已经撤销过"
    elif "profile" not in merge.moved:
        why = "it is older than the record of what merges move", "合并得太早，当时还没有记录移动了什么"
    elif old.merged_into != merge.into_id:
        why = "the member who stayed was merged on since", "留下的会员后来又被合并了"
    if why is not None:
        raise CannotUnmerge(reason=why[0], reason_zh=why[1])


async def _take_back(tx: Tx, heir: Any, moved: dict[str, Any], at: datetime) -> None:
    """What only filled a gap, and was not changed since, leaves the heir's profile."""
    filled = dict(moved["filled"])
    now = msgspec.to_builtins(heir._asdict())
    change: dict[str, Any] = {
        "attributes": {
            name: None for name, value in filled.pop("attributes").items() if heir.attributes.get(name) == value
        }
    }
    phone = filled.pop("phone", None)
    for column, value in filled.items():
        if now[column] == value:
            change[column] = "" if column == "name" else None
    if "joined_at" in change:
        own = moved["joined_at"]
        change["joined_at"] = None if own is None else datetime.fromisoformat(own)
    await write_profiles(tx, [(heir.member_id, change)], at=at)
    if phone is not None:
        await tx.run(_PHONE, into_id=heir.member_id, phone=phone)


async def keep_moved(tx: Tx, room: str, moved: Sequence[tuple[int, Any]]) -> None:
    """Keep with each merge, by number, what a room moved because of it; one statement. `merges` gives it back."""
    rows = [{"merge_id": merge_id, "moved": what} for merge_id, what in moved if merge_id]
    if rows:
        await tx.run(_KEEP, room=room, rows=msgspec.json.encode(rows).decode())
