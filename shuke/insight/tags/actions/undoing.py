"""Undoing an act: what it put on goes, what it took off comes back, unless somebody changed it since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shuke.insight.tags import policy
from shuke.insight.tags.actions import labelling
from shuke.insight.tags.policy import Cause
from shuke.insight.tags.queries import wearing
from shuke.kit import errors, jobs
from shuke.kit.db import Tx


class NotUndoable(errors.Refused):
    """This change cannot be undone: {reason}."""

    code = "not_undoable"
    zh = "这次变更不能撤销：{reason_zh}。"
    cure = "Look at the list of changes for what happened since."
    cure_zh = "请在变更记录里看看之后发生了什么。"


_ACT = """
select act_id, verb, tag_ids, undone_by, at from tag_act
where merchant_id = %(merchant_id)s and act_id = %(act_id)s for update
"""
_REVIVE = """
update tag t set state = 'live', merged_into = null where t.merchant_id = %(merchant_id)s and t.state in ('merged', 'deleted')
    and %(verb)s in ('merge_tags', 'delete_tag') and t.tag_id = any(%(tags)s::bigint[])
"""
_OFF = """
with gone as (
    delete from member_tag m using tag_change c where c.merchant_id = %(merchant_id)s and c.act_id = %(undoes)s
        and c.change = 'added' and m.merchant_id = %(merchant_id)s and m.tag_id = c.tag_id and m.member_id = c.member_id
        and m.act_id = c.label_act
    returning m.member_id, m.tag_id, m.since, m.until, m.act_id
)
insert into tag_change (merchant_id, act_id, tag_id, member_id, change, since, until, was_act, at)
select %(merchant_id)s, %(act)s, g.tag_id, g.member_id, 'removed', g.since, g.until, g.act_id, %(at)s from gone g
"""
_BACK = """
with put as (
    insert into member_tag (merchant_id, tag_id, member_id, act_id, since, until)
    select %(merchant_id)s, c.tag_id, c.member_id, c.was_act, c.since, c.until from tag_change c
    join tag t on t.merchant_id = c.merchant_id and t.tag_id = c.tag_id and t.state in ('live', 'archived')
        and t.segment_slug is null and t.follows is null
    where c.merchant_id = %(merchant_id)s and c.act_id = %(undoes)s and c.change in ('removed', 'replaced')
        and (c.until is null or c.until > %(at)s)
        and not exists (select from member_tag m join tag o on o.merchant_id = m.merchant_id and o.tag_id = m.tag_id
            join tag_group g on g.merchant_id = o.merchant_id and g.group_id = o.group_id and g.exclusive
            where m.merchant_id = %(merchant_id)s and m.member_id = c.member_id and o.group_id = t.group_id)
    on conflict do nothing returning member_id, tag_id, act_id, since, until
)
insert into tag_change (merchant_id, act_id, tag_id, member_id, change, since, until, label_act, at)
select %(merchant_id)s, %(act)s, p.tag_id, p.member_id, 'added', p.since, p.until, p.act_id, %(at)s from put p
"""
_SHORTEN = """
with back as (
    update member_tag m set until = c.was_until, act_id = c.was_act from tag_change c
    where c.merchant_id = %(merchant_id)s and c.act_id = %(undoes)s and c.change = 'renewed' and c.was_act is not null
        and m.merchant_id = %(merchant_id)s and m.tag_id = c.tag_id and m.member_id = c.member_id and m.act_id = c.label_act
    returning m.member_id, m.tag_id, m.since, m.until, m.act_id, c.until as was_until, c.label_act as was_act
)
insert into tag_change (merchant_id, act_id, tag_id, member_id, change, since, until, was_until, label_act, was_act, at)
select %(merchant_id)s, %(act)s, b.tag_id, b.member_id, 'renewed', b.since, b.until, b.was_until, b.act_id, b.was_act, %(at)s
from back b
"""


async def undo(tx: Tx, act_id: int, by: str, at: datetime) -> labelling.Done:
    """Undo one act, however many members it touched, as one act, in a constant number of statements.

    Labels that were changed again since stay as they are; ends that have passed do not come back. Tags that were merged
    or deleted by it live again. An undoing can be undone. Refuses `NoSuchAct` and `NotUndoable`.
    """
    found = await tx.one(_ACT, act_id=act_id)
    if found is None:
        raise wearing.NoSuchAct
    if found.undone_by is not None:
        raise NotUndoable(reason="it was undone already", reason_zh="已经撤销过了")
    if found.verb not in policy.UNDOABLE:
        raise NotUndoable(
            reason="a rule or the clock made it, and would make it again", reason_zh="它是规则或到期自动产生的"
        )
    return await _reverse(tx, found, Cause(verb="undo", source="console", by=by), at)


async def undo_merge(tx: Tx, act_id: int, member_id: int, at: datetime) -> None:
    """Give a member back what the act of their merge took off them, and take what it put on the heir off; once."""
    found = await tx.one(_ACT, act_id=act_id)
    if found is not None and found.undone_by is None:
        cause = Cause(verb="unmerge_members", source="system", by="", reason=str(member_id))
        await _reverse(tx, found, cause, at)


async def _reverse(tx: Tx, found: Any, cause: Cause, at: datetime) -> labelling.Done:
    locked = await labelling.lock(tx, found.tag_ids, at)
    await tx.run(_REVIVE, verb=found.verb, tags=found.tag_ids)
    [mine] = await tx.fresh_ids(1)
    for statement in (_OFF, _BACK, _SHORTEN):
        await tx.run(statement, act=mine, undoes=found.act_id, at=locked.at)
    done = await labelling.close(tx, mine, cause, locked.at, undoes=found.act_id)
    await tx.run(
        "update tag_act set undone_by = %(mine)s where merchant_id = %(merchant_id)s and act_id = %(act_id)s",
        mine=mine, act_id=found.act_id,
    )  # fmt: skip
    end = await next_end(tx)
    if end is not None:
        await jobs.wake(tx, policy.WORK, end)
    return done


async def next_end(tx: Tx) -> datetime | None:
    """When the next label ends."""
    found: datetime | None = await tx.value(
        "select min(until) from member_tag where merchant_id = %(merchant_id)s and until is not null"
    )
    return found
