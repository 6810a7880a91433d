"""The verb by which members get and lose tags: any number in one act, with a constant number of statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from shuke.ground import tenancy
from shuke.insight.tags import models, policy
from shuke.insight.tags.events import TagsChanged
from shuke.insight.tags.policy import Cause, Put
from shuke.kit import durations, errors, jobs
from shuke.kit.db import Tx


class RuleTag(errors.Refused):
    """The tag "{name}" comes and goes by its rule or its model; nobody puts it on or takes it off."""

    code = "rule_tag"
    zh = "「{name}」由分群或模型自动打上和去掉，不能手工改。"
    cure = "Change the segment or the threshold behind it, or choose another tag."
    cure_zh = "请修改它背后的分群或阈值，或换一个标签。"


class TagArchived(errors.Refused):
    """The tag "{name}" is archived; nobody gets it any more."""

    code = "tag_archived"
    zh = "「{name}」已经归档，不能再打。"
    cure = "Bring it back first, or choose another tag."
    cure_zh = "请先恢复它，或换一个标签。"


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What an act did: how many labels came and went, for how many members. No act when nothing changed."""

    act_id: int | None
    added: int = 0
    removed: int = 0
    renewed: int = 0
    members: int = 0


@dataclass(slots=True)
class Locked:
    """The tags an act touches and those of their groups, locked; `at` is not earlier than any change before it."""

    tags: dict[int, Any]
    exclusive: dict[int, int]
    at: datetime


_LOCK = """
select t.tag_id, t.slug, t.name, t.group_id, t.segment_slug, t.follows, t.valid_for, t.state, t.changed_at,
    coalesce((select g.exclusive from tag_group g where g.merchant_id = t.merchant_id and g.group_id = t.group_id), false)
        as exclusive
from tag t where t.merchant_id = %(merchant_id)s and (t.tag_id = any(%(tags)s::bigint[]) or t.group_id in (
    select o.group_id from tag o where o.merchant_id = %(merchant_id)s and o.tag_id = any(%(tags)s::bigint[])))
order by t.tag_id for update of t
"""
_TAKE = """
with gone as (
    delete from member_tag m using unnest(%(members)s::bigint[], %(tags)s::bigint[]) as r(member_id, tag_id)
    where m.merchant_id = %(merchant_id)s and m.member_id = r.member_id and m.tag_id = r.tag_id
    returning m.member_id, m.tag_id, m.since, m.until, m.act_id
)
insert into tag_change (merchant_id, act_id, tag_id, member_id, change, since, until, was_act, at)
select %(merchant_id)s, %(act)s, g.tag_id, g.member_id, 'removed', g.since, g.until, g.act_id, %(at)s from gone g
"""
_REPLACE = """
with gone as (
    delete from member_tag m using unnest(%(members)s::bigint[], %(tags)s::bigint[]) as r(member_id, tag_id), tag t, tag o
    where m.merchant_id = %(merchant_id)s and m.member_id = r.member_id and m.tag_id = o.tag_id
        and t.merchant_id = %(merchant_id)s and t.tag_id = r.tag_id
        and o.merchant_id = %(merchant_id)s and o.group_id = t.group_id and o.tag_id <> t.tag_id
    returning m.member_id, m.tag_id, m.since, m.until, m.act_id
)
insert into tag_change (merchant_id, act_id, tag_id, member_id, change, since, until, was_act, at)
select %(merchant_id)s, %(act)s, g.tag_id, g.member_id, 'replaced', g.since, g.until, g.act_id, %(at)s from gone g
"""
_PUT = """
with wanted as (
    select r.* from unnest(%(members)s::bigint[], %(tags)s::bigint[], %(untils)s::timestamptz[], %(sinces)s::timestamptz[])
        as r(member_id, tag_id, until, since)
), old as (
    select m.member_id, m.tag_id, m.until, m.act_id from member_tag m join wanted w
        on w.member_id = m.member_id and w.tag_id = m.tag_id where m.merchant_id = %(merchant_id)s
), put as (
    insert into member_tag as m (merchant_id, tag_id, member_id, act_id, since, until)
    select %(merchant_id)s, w.tag_id, w.member_id, %(act)s, coalesce(w.since, %(at)s), w.until from wanted w
    on conflict (merchant_id, tag_id, member_id) do update set until = excluded.until, act_id = excluded.act_id
        where m.until is distinct from excluded.until
    returning m.member_id, m.tag_id, m.since, m.until
)
insert into tag_change (merchant_id, act_id, tag_id, member_id, change, since, until, was_until, label_act, was_act, at)
select %(merchant_id)s, %(act)s, p.tag_id, p.member_id, case when o.member_id is null then 'added' else 'renewed' end,
    p.since, p.until, o.until, %(act)s, o.act_id, %(at)s
from put p left join old o on o.member_id = p.member_id and o.tag_id = p.tag_id
"""
_SIZES = """
with counted as (
    select c.tag_id, count(*) filter (where c.change = 'added') as added,
        count(*) filter (where c.change in ('removed', 'replaced', 'expired')) as removed,
        count(*) filter (where c.change = 'renewed') as renewed
    from tag_change c where c.merchant_id = %(merchant_id)s and c.act_id = %(act)s group by c.tag_id
), sized as (
    update tag t set size = t.size + k.added - k.removed, changed_at = greatest(t.changed_at, %(at)s)
    from counted k where t.merchant_id = %(merchant_id)s and t.tag_id = k.tag_id
)
select coalesce(sum(k.added), 0)::bigint as added, coalesce(sum(k.removed), 0)::bigint as removed,
    coalesce(sum(k.renewed), 0)::bigint as renewed, array_agg(k.tag_id order by k.tag_id) as tags,
    (select count(distinct c.member_id) from tag_change c where c.merchant_id = %(merchant_id)s and c.act_id = %(act)s)
        as members
from counted k
"""
_SPELLS = """
insert into tag_group_spell (merchant_id, act_id, group_id, member_id, since, at)
select %(merchant_id)s, %(act)s, d.group_id, d.member_id, (
    select min(m.since) from member_tag m join tag o on o.merchant_id = m.merchant_id and o.tag_id = m.tag_id
    where m.merchant_id = %(merchant_id)s and m.member_id = d.member_id and o.group_id = d.group_id
        and (m.until is null or m.until > d.at)), d.at
from (
    select t.group_id, c.member_id, max(c.at) as at from tag_change c
    join tag t on t.merchant_id = c.merchant_id and t.tag_id = c.tag_id and t.group_id is not null
    where c.merchant_id = %(merchant_id)s and c.act_id = %(act)s group by t.group_id, c.member_id
) d
"""


async def lock(tx: Tx, tag_ids: Iterable[int], at: datetime) -> Locked:
    """Lock tags together with the other tags of their groups, always in the same order; one statement."""
    rows = await tx.rows(_LOCK, tags=sorted(set(tag_ids)))
    latest = max((row.changed_at for row in rows), default=at)
    exclusive = {row.tag_id: row.group_id for row in rows if row.exclusive}
    return Locked({row.tag_id: row for row in rows}, exclusive, max(at, latest))


async def change(
    tx: Tx, cause: Cause, at: datetime, *, puts: Sequence[Put] = (), takes: Sequence[tuple[int, int]] = ()
) -> Done:
    """Put tags on members and take tags off, as (member, tag) pairs, in one act of at most ten statements.

    Of an exclusive group the new tag replaces the old one; of two new ones the last counts. A tag that is there already
    stays, with the new end where that differs. Repeatable: what is so already changes nothing. Refuses `RuleTag` and
    `TagArchived`. The members must exist.
    """
    if not puts and not takes:
        return Done(act_id=None)
    locked = await lock(tx, [*(put.tag_id for put in puts), *(tag_id for _, tag_id in takes)], at)
    for tag_id in {*(put.tag_id for put in puts), *(tag_id for _, tag_id in takes)}:
        tag = locked.tags[tag_id]
        if (tag.segment_slug is not None or tag.follows is not None) and cause.verb in ("tag", "import", "merge_tags"):
            raise RuleTag(name=tag.name)
    for tag_id in {put.tag_id for put in puts}:
        if locked.tags[tag_id].state != "live" and cause.source != "system":
            raise TagArchived(name=locked.tags[tag_id].name)
    [act_id] = await tx.fresh_ids(1)
    await _write(tx, act_id, locked, await _dated(tx, puts, locked), takes)
    return await close(tx, act_id, cause, locked.at)


async def _dated(tx: Tx, puts: Sequence[Put], locked: Locked) -> list[Put]:
    """One wish per member and tag, with its end: the one given, or what the tag's own validity makes of `at`."""
    ends: dict[int, datetime | None] = {}
    if any(row.valid_for != "unlimited" for row in locked.tags.values()):
        zone = (await tenancy.get_merchant(tx)).zone
        ends = {tag_id: durations.end(row.valid_for, locked.at, zone) for tag_id, row in locked.tags.items()}
    wishes = policy.settled(puts, locked.exclusive)
    return [msgspec.structs.replace(put, until=put.until or ends.get(put.tag_id)) for put in wishes]


async def _write(tx: Tx, act_id: int, locked: Locked, puts: Sequence[Put], takes: Sequence[tuple[int, int]]) -> None:
    asked = {(put.member_id, put.tag_id) for put in puts}
    gone = [pair for pair in dict.fromkeys(takes) if pair not in asked]
    given = {"act": act_id, "at": locked.at}
    if gone:
        await tx.run(_TAKE, members=[member for member, _ in gone], tags=[tag for _, tag in gone], **given)
    alone = [put for put in puts if put.tag_id in locked.exclusive]
    if alone:
        await tx.run(_REPLACE, members=[put.member_id for put in alone], tags=[put.tag_id for put in alone], **given)
    if puts:
        await tx.run(
            _PUT, members=[put.member_id for put in puts], tags=[put.tag_id for put in puts],
            untils=[put.until for put in puts], sinces=[put.since for put in puts], **given,
        )  # fmt: skip
        ends = [put.until for put in puts if put.until is not None]
        if ends:
            await jobs.wake(tx, policy.WORK, min(ends))


async def close(tx: Tx, act_id: int, cause: Cause, at: datetime, undoes: int | None = None) -> Done:
    """Count what the act changed, note it with who and why, and announce it; nothing when it changed nothing."""
    counted = await tx.one(_SIZES, act=act_id, at=at)
    assert counted is not None, "an aggregate has a row"
    if not counted.members:
        return Done(act_id=None)
    await tx.run(_SPELLS, act=act_id)
    row = {
        "act_id": act_id, "verb": cause.verb, "source": cause.source, "by": cause.by, "reason": cause.reason.strip()[:200],
        "added": counted.added, "removed": counted.removed, "members": counted.members, "tag_ids": counted.tags, "at": at,
        "undoes": undoes,
    }  # fmt: skip
    await tx.insert(models.TagAct, [row])
    tx.announce(TagsChanged(act_id=act_id, at=at))
    return Done(
        act_id=act_id, added=counted.added, removed=counted.removed, renewed=counted.renewed, members=counted.members
    )
