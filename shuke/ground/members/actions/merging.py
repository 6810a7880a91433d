"""Two records turn out to be one person."""

from datetime import datetime
from typing import Any

import msgspec

from shuke.ground.members import models, queries
from shuke.ground.members.actions.profiles import write_profiles
from shuke.ground.members.events import MembersMerged
from shuke.kit import errors
from shuke.kit.db import Tx


class CannotMerge(errors.Refused):
    """Member {member_id} cannot be merged into member {into_id}: {reason}."""

    code = "cannot_merge"
    zh = "会员 {member_id} 不能合并到会员 {into_id}:{reason_zh}。"
    cure = "Choose two different members, neither of them merged already."
    cure_zh = "请选择两位不同的、都还没有被合并过的会员。"


async def merge(tx: Tx, member_id: int, into_id: int, *, by: str, at: datetime) -> int:
    """Make `member_id` part of `into_id`: identities move, gaps in the heir's profile are filled, the old number redirects.

    What the old member holds follows by reactions to `MembersMerged`. What moved is kept with the merge, so that `unmerge`
    can take it apart again; returns the merge's number. Refuses `CannotMerge` and `NoSuchMember`.
    """
    old, heir = await _lock_both(tx, member_id, into_id)
    pair = {"member_id": member_id, "into_id": into_id}
    identities = await tx.rows(
        "update identity i set member_id = %(into_id)s where i.merchant_id = %(merchant_id)s "
        "and i.member_id = %(member_id)s returning i.kind, i.value",
        **pair,
    )
    consents = await tx.rows(
        "insert into consent as c (merchant_id, member_id, channel, given, at, source) "
        "select o.merchant_id, %(into_id)s, o.channel, o.given, o.at, o.source from consent o "
        "where o.merchant_id = %(merchant_id)s and o.member_id = %(member_id)s on conflict do nothing returning c.channel",
        **pair,
    )
    filled = await _fill_gaps(tx, old, heir)
    followers = await tx.rows(
        "update member m set merged_into = %(into_id)s where m.merchant_id = %(merchant_id)s "
        "and (m.member_id = %(member_id)s or m.merged_into = %(member_id)s) returning m.member_id",
        **pair,
    )
    await tx.run(
        "delete from member_name_part where merchant_id = %(merchant_id)s and member_id = %(member_id)s",
        member_id=member_id,
    )
    moved = {
        "identities": [[row.kind, row.value] for row in identities],
        "consents": [row.channel for row in consents],
        "followers": [row.member_id for row in followers if row.member_id != member_id],
        **filled,
    }
    [merge_id] = await tx.fresh_ids(1)
    row = {"merge_id": merge_id, **pair, "at": at, "by": by, "moved": {"profile": msgspec.to_builtins(moved)}}
    await tx.insert(models.Merge, [row])
    tx.announce(MembersMerged(member_id=member_id, into_id=into_id, at=at, merge_id=merge_id))
    return int(merge_id)


async def _lock_both(tx: Tx, member_id: int, into_id: int) -> tuple[Any, Any]:
    """In the order of their numbers, so that two merges of the same pair wait for each other."""
    rows = await tx.rows(
        "select member_id, name, phone, phone_tail, gender, birthday, joined_at, attributes, merged_into from member "
        "where merchant_id = %(merchant_id)s and member_id = any(%(ids)s) order by member_id for update",
        ids=[member_id, into_id],
    )
    found = {row.member_id: row for row in rows}
    for number, field in ((member_id, None), (into_id, "into")):
        if number not in found:
            raise queries.NoSuchMember(number, field=field)
    if member_id == into_id:
        raise CannotMerge(
            field="into", member_id=member_id, into_id=into_id, reason="they are the same", reason_zh="是同一位会员"
        )
    for row in rows:
        if row.merged_into is not None:
            raise CannotMerge(
                field="into", member_id=member_id, into_id=into_id,
                reason=f"{row.member_id} was merged already", reason_zh=f"{row.member_id} 已经被合并过",
            )  # fmt: skip
    return found[member_id], found[into_id]


async def _fill_gaps(tx: Tx, old: Any, heir: Any) -> dict[str, Any]:
    """Give the heir what only the old record knew; answers what was given, and the heir's own day of joining."""
    change: dict[str, Any] = {
        "attributes": {name: value for name, value in old.attributes.items() if name not in heir.attributes}
    }
    for column in ("name", "gender", "birthday"):
        if not getattr(heir, column) and getattr(old, column):
            change[column] = getattr(old, column)
    if old.joined_at and (heir.joined_at is None or old.joined_at < heir.joined_at):
        change["joined_at"] = old.joined_at
    await write_profiles(tx, [(heir.member_id, change)])
    if not heir.phone and old.phone:
        await tx.run(
            "update member m set phone = %(phone)s, phone_tail = %(tail)s "
            "where m.merchant_id = %(merchant_id)s and m.member_id = %(member_id)s",
            member_id=heir.member_id, phone=old.phone, tail=old.phone_tail,
        )  # fmt: skip
        change["phone"] = old.phone
    return {"filled": change, "joined_at": heir.joined_at}
