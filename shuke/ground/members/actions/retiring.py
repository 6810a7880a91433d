"""An attribute is given up: taken off every member, unless something still asks for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shuke.ground.members import models, queries
from shuke.ground.members.events import AttributeDeleted
from shuke.kit import errors, jobs, references
from shuke.kit.db import Tx

WORK = "attributes"
AT_ONCE = 5_000
_TAKEN = """
update member m set attributes = m.attributes - %(name)s from (
    select member_id from member where merchant_id = %(merchant_id)s and member_id > %(after)s and attributes ? %(name)s
    order by member_id limit %(limit)s for no key update
) w where m.merchant_id = %(merchant_id)s and m.member_id = w.member_id returning m.member_id
"""
_WAITING = """
select name, after_member, at from attribute_deletion where merchant_id = %(merchant_id)s and state = 'going'
order by at, name limit 1 for update
"""
_FURTHER = """
update attribute_deletion set after_member = %(after)s, members = members + %(members)s,
    state = case when %(last)s then 'done' else state end
where merchant_id = %(merchant_id)s and name = %(name)s
"""


class NoSuchAttribute(errors.NotFound):
    """No member has the attribute "{name}"."""

    code = "no_such_attribute"
    zh = "没有会员有「{name}」这个属性。"

    def __init__(self, name: str) -> None:
        errors.Refused.__init__(self, field="name", name=name)


class AttributeInUse(errors.Refused):
    """The attribute "{name}" is used by: {users}."""

    code = "attribute_in_use"
    zh = "属性「{name}」正被使用：{users}。"
    cure = "Take it out of the rules of these first."
    cure_zh = "请先从这些地方的规则里去掉它。"

    def __init__(self, name: str, uses: list[references.Use]) -> None:
        self.uses = uses
        super().__init__(field="name", name=name, users="、".join(use.name for use in uses))

    def body(self) -> dict[str, Any]:
        """The documented error body, with the list of uses."""
        return super().body() | {"used_by": [{"kind": u.kind, "id": u.id, "name": u.name} for u in self.uses]}


async def delete_attribute(tx: Tx, name: str, *, by: str, at: datetime) -> queries.AttributeShown:
    """Give an attribute up for good: no rule can choose it from now on, and the room's work takes it off all members.

    Answers what it was. Repeatable while that goes on. Whoever writes the attribute to a member again brings it back; then
    those keep it who still have it. Refuses `NoSuchAttribute`, and `AttributeInUse` with the list while anything asks for it.
    """
    known = await queries.attributes(tx, only=name)
    if not known:
        raise NoSuchAttribute(name)
    (found,) = known
    if found.used_by:
        raise AttributeInUse(name, found.used_by)
    row = {"name": name, "at": at, "by": by, "after_member": 0, "members": 0, "state": "going"}
    await tx.insert(models.AttributeDeletion, [row], conflict="update:at,by,after_member,members,state")
    await jobs.wake(tx, WORK, at)
    return found


async def take_attribute_off(tx: Tx, limit: int = AT_ONCE) -> int:
    """Take the attribute that was given up first off the next members, at most `limit`; 0 when none waits.

    How far it came is noted in the same transaction, so a crash repeats nothing. Four statements.
    """
    waiting = await tx.one(_WAITING)
    if waiting is None:
        return 0
    rows = await tx.rows(_TAKEN, name=waiting.name, after=waiting.after_member, limit=limit)
    ids = sorted(row.member_id for row in rows)
    if ids:
        gone = [{"member_id": one, "name": waiting.name, "since": waiting.at, "value": None} for one in ids]
        await tx.insert(models.AttributeDate, gone, conflict="update:value")
        tx.announce(AttributeDeleted(name=waiting.name, member_ids=ids, at=waiting.at))
    await tx.run(
        _FURTHER, name=waiting.name, after=ids[-1] if ids else waiting.after_member, members=len(ids),
        last=len(ids) < limit,
    )  # fmt: skip
    return max(1, len(ids))


async def bring_back(tx: Tx, names: set[str]) -> None:
    """Attributes that are written again are no longer given up; one statement, none for no names."""
    if names:
        await tx.run(
            "delete from attribute_deletion where merchant_id = %(merchant_id)s and name = any(%(names)s::text[])",
            names=sorted(names),
        )
