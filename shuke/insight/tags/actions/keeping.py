"""What keeps itself: rule tags follow segments, model tags scores, ends are kept, a merged member's tags go to the heir."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from pyroaring import BitMap

from shuke.ground import members
from shuke.insight import profiles, segments
from shuke.insight.tags import policy
from shuke.insight.tags.actions import labelling, undoing
from shuke.insight.tags.policy import Cause, Put
from shuke.kit import jobs
from shuke.kit.db import Tx

_EXPIRE = """
with ended as (
    select m.tag_id, m.member_id from member_tag m where m.merchant_id = %(merchant_id)s and m.until <= %(at)s
        and m.tag_id = any(%(tags)s::bigint[]) order by m.until limit %(limit)s
), gone as (
    delete from member_tag m using ended e where m.merchant_id = %(merchant_id)s and m.tag_id = e.tag_id
        and m.member_id = e.member_id
    returning m.member_id, m.tag_id, m.since, m.until, m.act_id
)
insert into tag_change (merchant_id, act_id, tag_id, member_id, change, since, until, was_act, at)
select %(merchant_id)s, %(act)s, g.tag_id, g.member_id, 'expired', g.since, g.until, g.act_id, g.until from gone g
"""


async def expire(tx: Tx, at: datetime, limit: int = policy.AT_ONCE) -> int:
    """Take off what ends by `at`, at most `limit` labels, each as of its own end; how many."""
    rows = await tx.rows(
        "select distinct tag_id from member_tag where merchant_id = %(merchant_id)s and until <= %(at)s", at=at
    )
    if not rows:
        return 0
    await labelling.lock(tx, [row.tag_id for row in rows], at)
    [act_id] = await tx.fresh_ids(1)
    gone = await tx.run(_EXPIRE, act=act_id, tags=[row.tag_id for row in rows], at=at, limit=limit)
    await labelling.close(tx, act_id, Cause(verb="expire", source="system", by=""), at)
    return gone


async def next_end(tx: Tx) -> datetime | None:
    """When the next label ends."""
    return await undoing.next_end(tx)


async def sync_segments(tx: Tx, slugs: Iterable[str], at: datetime) -> None:
    """Bring the rule tags of these segments to their members; what is more than one bite waits for the tags' work."""
    rows = await tx.rows(
        "select tag_id, segment_slug from tag where merchant_id = %(merchant_id)s and state = 'live' "
        "and segment_slug = any(%(slugs)s::text[]) order by tag_id",
        slugs=sorted(set(slugs)),
    )
    for row in rows:  # one rule tag is one act with its own history; a segment has few
        if await _follow(tx, row.tag_id, row.segment_slug, at, policy.AT_ONCE):
            await jobs.wake(tx, policy.WORK, at)


async def sync(tx: Tx, at: datetime, limit: int = policy.AT_ONCE) -> bool:
    """Bring every rule tag of the merchant a bite nearer to its segment; whether any of them is not there yet."""
    rows = await tx.rows(
        "select tag_id, segment_slug from tag where merchant_id = %(merchant_id)s and state = 'live' "
        "and segment_slug is not null order by tag_id"
    )
    behind = any([await _follow(tx, row.tag_id, row.segment_slug, at, limit) for row in rows])
    return await sync_scores(tx, at, limit) or behind


_MODEL_TAGS = """
select t.tag_id, t.follows, case when g.exclusive then t.group_id end as group_id from tag t
left join tag_group g on g.merchant_id = t.merchant_id and g.group_id = t.group_id
where t.merchant_id = %(merchant_id)s and t.state = 'live' and t.follows is not null order by t.tag_id
"""
_OTHERS = """
select array_agg(distinct m.member_id) from member_tag m join tag t on t.merchant_id = m.merchant_id and t.tag_id = m.tag_id
where m.merchant_id = %(merchant_id)s and t.group_id = %(group)s and t.tag_id <> %(tag_id)s
"""


async def sync_scores(tx: Tx, at: datetime, limit: int = policy.AT_ONCE) -> bool:
    """Bring every model tag a bite nearer to whom its score says; whether any is not there yet. Repeatable.

    First they go from those it does not say any more, then they come. In an exclusive group whoever wears another of its tags
    keeps that one: what a person said counts more, and of two models the first.
    """
    tags = await tx.rows(_MODEL_TAGS)
    behind = False
    said: dict[int, BitMap] = {}
    for tag in tags:  # a merchant has a dozen or two, each with its own history
        await labelling.lock(tx, [tag.tag_id], at)
        said[tag.tag_id] = await profiles.whom(tx, msgspec.convert(tag.follows, profiles.Followed))
        gone = await _wearing(tx, tag.tag_id) - said[tag.tag_id]
        behind |= len(gone) > limit
        takes = [(member, tag.tag_id) for member in gone[:limit]]
        await labelling.change(tx, _by_model(tag), at, takes=takes)
    for tag in tags:
        come = said[tag.tag_id] - await _wearing(tx, tag.tag_id)
        if come and tag.group_id is not None:
            come -= BitMap(await tx.value(_OTHERS, group=tag.group_id, tag_id=tag.tag_id) or [])
        behind |= len(come) > limit
        await labelling.change(tx, _by_model(tag), at, puts=[Put(member, tag.tag_id) for member in come[:limit]])
    return behind


def _by_model(tag: Any) -> Cause:
    return Cause(verb="model", source="model", by="", reason=tag.follows["model"])


async def _wearing(tx: Tx, tag_id: int) -> BitMap:
    worn = await tx.value(
        "select array_agg(member_id) from member_tag where merchant_id = %(merchant_id)s and tag_id = %(tag_id)s",
        tag_id=tag_id,
    )
    return BitMap(worn or [])


async def _follow(tx: Tx, tag_id: int, segment: str, at: datetime, limit: int) -> bool:
    """Put the tag on who is in the segment and off who is not, at most `limit` each; whether more are left.

    What is written is the difference between the two as they stand, under the tag's lock: heard twice, it changes nothing.
    """
    await labelling.lock(tx, [tag_id], at)
    inside = await segments.members(tx, segment)
    wearing = await _wearing(tx, tag_id)
    entered, left = inside - wearing, wearing - inside
    puts = [Put(member, tag_id) for member in entered[:limit]]
    takes = [(member, tag_id) for member in left[:limit]]
    await labelling.change(tx, Cause(verb="rule", source="rule", by="", reason=segment), at, puts=puts, takes=takes)
    return len(entered) > limit or len(left) > limit


ROOM = "tags"


async def follow_merges(tx: Tx, merges: Sequence[tuple[int, int, int]], at: datetime) -> None:
    """The tags of each (merge, member, heir) go to the heir, who keeps what they have; repeatable, what has moved is gone.

    One merge is one act, kept with the merge, so that `follow_unmerges` can take it back.
    """
    for merge_id, old, heir in merges:  # a person merges members one at a time; several in one batch are rare
        rows = await tx.rows(
            "select m.member_id, m.tag_id, m.since, m.until, t.segment_slug, t.follows, g.group_id from member_tag m "
            "join tag t on t.merchant_id = m.merchant_id and t.tag_id = m.tag_id "
            "left join tag_group g on g.merchant_id = t.merchant_id and g.group_id = t.group_id and g.exclusive "
            "where m.merchant_id = %(merchant_id)s and m.member_id = any(%(both)s::bigint[])",
            both=[old, heir],
        )
        has = {row.tag_id for row in rows if row.member_id == heir}
        groups = {row.group_id for row in rows if row.member_id == heir and row.group_id is not None}
        mine = [row for row in rows if row.member_id == old]
        puts = [
            Put(heir, row.tag_id, row.until, row.since)
            for row in mine
            if row.segment_slug is None and row.follows is None and row.tag_id not in has and row.group_id not in groups
        ]
        cause = Cause(verb="merge_members", source="system", by="", reason=str(old))
        done = await labelling.change(tx, cause, at, puts=puts, takes=[(old, row.tag_id) for row in mine])
        if done.act_id is not None:
            await members.keep_moved(tx, ROOM, [(merge_id, done.act_id)])


async def follow_unmerges(tx: Tx, merges: Sequence[tuple[int, int]], at: datetime) -> None:
    """The tags that came with each (merge, member) go back to the member, unless the heir's label was changed since; repeatable.

    Labels that ended meanwhile do not come back; rules and models decide of both anew.
    """
    moved = await members.moved_by(tx, ROOM, [merge_id for merge_id, _ in merges])
    for merge_id, member_id in merges:
        if merge_id in moved:
            await undoing.undo_merge(tx, moved[merge_id], member_id, at)
    await jobs.wake(tx, policy.WORK, at)
