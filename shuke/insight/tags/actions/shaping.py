"""Verbs that shape tags and groups: make, rename, bind to a segment, archive, merge two, delete what nothing uses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from shuke.insight import profiles, segments
from shuke.insight.tags import models, policy
from shuke.insight.tags.actions import labelling
from shuke.insight.tags.actions.labelling import Done
from shuke.insight.tags.policy import Cause, Put
from shuke.insight.tags.queries import catalog
from shuke.kit import durations, errors, jobs
from shuke.kit.db import Tx


class TagTaken(errors.Refused):
    """There is already a tag or group called "{name}"."""

    code = "tag_taken"
    zh = "「{name}」这个名称已经有了。"
    cure = "Choose another name, or merge the two."
    cure_zh = "请换一个名称，或把两个合并。"


class TagInUse(errors.Refused):
    """The tag "{name}" is used by: {users}."""

    code = "tag_in_use"
    zh = "「{name}」正被使用：{users}。"
    cure = "Change what uses it first."
    cure_zh = "请先修改用到它的地方。"


class GroupInUse(errors.Refused):
    """The group "{name}" still has tags, or is used by: {users}."""

    code = "tag_group_in_use"
    zh = "标签组「{name}」还有标签，或正被使用：{users}。"
    cure = "Move its tags to another group first."
    cure_zh = "请先把里面的标签移到别的组。"


class NotExclusive(errors.Refused):
    """{members} members wear more than one tag of this group."""

    code = "not_exclusive"
    zh = "有 {members} 位会员身上不止一个这组的标签，还不能改成互斥。"
    cure = "Leave each of them one tag first."
    cure_zh = "请先让每位会员只留一个。"


class ExclusiveRule(errors.Refused):
    """A rule tag cannot stand in an exclusive group: its rule alone decides."""

    code = "exclusive_rule"
    http_status = 422
    zh = "规则标签不能放进互斥组：它只听规则的。"
    cure = "Choose a group that is not exclusive."
    cure_zh = "请换一个不互斥的组。"


class NoSuchScore(errors.Refused):
    """No model gives the score "{score}"."""

    code = "no_such_score"
    http_status = 422
    zh = "没有模型给出「{score}」这个评分。"
    cure = "Choose one of the scores that the list of model tags shows."
    cure_zh = "请在模型标签的列表里选一个评分。"


class TwoDeciders(errors.Refused):
    """A tag follows a segment or a score, not both."""

    code = "two_deciders"
    http_status = 422
    zh = "标签只能跟着分群或模型评分中的一个。"
    cure = "Leave one of the two out."
    cure_zh = "请去掉其中一个。"


class RuleCircle(errors.Refused):
    """The segment "{segment}" itself asks for this tag."""

    code = "rule_circle"
    http_status = 422
    zh = "分群「{segment}」的条件里就用到了这个标签，互相引用了。"
    cure = "Choose another segment."
    cure_zh = "请换一个分群。"


class SameTag(errors.Refused):
    """A tag cannot be merged into itself."""

    code = "same_tag"
    http_status = 422
    zh = "不能把标签合并到它自己。"
    cure = "Choose two different tags."
    cure_zh = "请选两个不同的标签。"


class TagShape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be said of a tag; what is left out stays. `group` and `segment` are slugs, null for none;
    `follows` is a model's score with a threshold."""

    name: str | UnsetType = UNSET
    name_en: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    group: str | None | UnsetType = UNSET
    segment: str | None | UnsetType = UNSET
    follows: profiles.Followed | None | UnsetType = UNSET
    valid_for: str | UnsetType = UNSET
    archived: bool | UnsetType = UNSET


_NAMES = """
select slug, name from {table} where merchant_id = %(merchant_id)s
"""


async def create_group(tx: Tx, name: str, exclusive: bool, at: datetime, name_en: str = "") -> catalog.Group:
    """Make a group; refuses a bad or taken name."""
    known = await tx.rows(_NAMES.format(table="tag_group"))
    called = _fresh_name(name, {row.name for row in known})
    slug = _slug(called, "group", {row.slug for row in known})
    [group_id] = await tx.fresh_ids(1)
    row = {
        "group_id": group_id, "slug": slug, "name": called, "name_en": policy.english_of(name_en), "exclusive": exclusive,
        "created_at": at,
    }  # fmt: skip
    await tx.insert(models.TagGroup, [row])
    return await catalog.get_group(tx, slug)


async def edit_group(
    tx: Tx, slug: str, name: str | None = None, exclusive: bool | None = None, name_en: str | None = None
) -> catalog.Group:
    """Rename a group or make it exclusive; refuses `NotExclusive` while somebody wears two of its tags, and rule tags in it."""
    group = await catalog.get_group(tx, slug)
    called = group.name
    if name is not None and policy.name_of(name) != group.name:
        known = await tx.rows(_NAMES.format(table="tag_group"))
        called = _fresh_name(name, {row.name for row in known})
    if exclusive and not group.exclusive:
        await _fits_exclusive(tx, group.group_id)
    await tx.run(
        "update tag_group set name = %(name)s, name_en = %(name_en)s, exclusive = %(exclusive)s "
        "where merchant_id = %(merchant_id)s and group_id = %(group_id)s",
        name=called, exclusive=group.exclusive if exclusive is None else exclusive, group_id=group.group_id,
        name_en=group.name_en if name_en is None else policy.english_of(name_en),
    )  # fmt: skip
    return await catalog.get_group(tx, slug)


async def _fits_exclusive(tx: Tx, group_id: int) -> None:
    tags = await tx.rows(
        "select tag_id, segment_slug from tag where merchant_id = %(merchant_id)s and group_id = %(group_id)s "
        "order by tag_id for update",
        group_id=group_id,
    )
    if any(row.segment_slug is not None for row in tags):
        raise ExclusiveRule(field="exclusive")
    crowded = await tx.value(
        "select count(*) from (select member_id from member_tag where merchant_id = %(merchant_id)s "
        "and tag_id = any(%(tags)s::bigint[]) group by member_id having count(*) > 1) as two",
        tags=[row.tag_id for row in tags],
    )
    if crowded:
        raise NotExclusive(field="exclusive", members=crowded)


async def delete_group(tx: Tx, slug: str) -> None:
    """Delete an empty group that nothing asks for; refuses `GroupInUse`."""
    group = await catalog.get_group(tx, slug)
    tags = [tag.name for tag in await catalog.list_tags(tx) if tag.group == slug]
    users = [*tags, *(use.name for use in await catalog.used_by(tx, group=slug))]
    if users:
        raise GroupInUse(name=group.name, users="、".join(users))
    await tx.run(
        "update tag set group_id = null where merchant_id = %(merchant_id)s and group_id = %(g)s", g=group.group_id
    )
    await tx.run("delete from tag_group where merchant_id = %(merchant_id)s and group_id = %(g)s", g=group.group_id)


async def create_tag(tx: Tx, shape: TagShape, at: datetime, by: str) -> catalog.Tag:
    """Make a live tag; with a segment it is a rule tag, put on by itself from now on. Refuses unfit names and rules."""
    known = await tx.rows(_NAMES.format(table="tag") + " and state in ('live', 'archived')")
    called = _fresh_name(shape.name or "", {row.name for row in known})
    taken = await tx.rows(_NAMES.format(table="tag"))
    slug = _slug(called, "tag", {row.slug for row in taken})
    [tag_id] = await tx.fresh_ids(1)
    group = await catalog.get_group(tx, shape.group) if shape.group else None
    segment = await _segment(tx, slug, shape.segment or None, group)
    follows = await _follows(tx, shape.follows or None, segment)
    row = {
        "tag_id": tag_id, "slug": slug, "name": called, "name_en": policy.english_of(shape.name_en or ""),
        "description": (shape.description or "").strip()[:500],
        "group_id": group.group_id if group else None, "segment_slug": segment, "follows": follows,
        "valid_for": _validity(shape.valid_for or "unlimited"), "changed_at": at, "created_at": at, "created_by": by,
    }  # fmt: skip
    await tx.insert(models.Tag, [row])
    if segment is not None or follows is not None:
        await jobs.wake(tx, policy.WORK, at)
    return await catalog.get_tag(tx, slug)


async def edit_tag(tx: Tx, slug: str, shape: TagShape, at: datetime) -> catalog.Tag:
    """Rename, describe, move, bind to a segment, archive or bring back; nobody loses the tag by it.

    Moving into an exclusive group is refused while a wearer has another of its tags. A tag that is bound to a segment
    is brought to its members within a second or two.
    """
    before = await catalog.get_tag(tx, slug)
    named = before.name
    if shape.name is not UNSET and policy.name_of(shape.name) != before.name:
        known = await tx.rows(_NAMES.format(table="tag") + " and state in ('live', 'archived')")
        named = _fresh_name(shape.name, {row.name for row in known})
    wanted = before.group if shape.group is UNSET else shape.group
    group = await catalog.get_group(tx, wanted) if wanted else None
    rule = before.segment if shape.segment is UNSET else shape.segment
    segment = await _segment(tx, slug, rule or None, group)
    wanted_score = before.follows if shape.follows is UNSET else shape.follows
    follows = await _follows(tx, wanted_score or None, segment, known=before.follows)
    archived = before.state == "archived" if shape.archived is UNSET else shape.archived
    await labelling.lock(tx, [before.tag_id], at)
    await tx.run(
        "update tag set name = %(name)s, name_en = %(name_en)s, "
        "description = %(description)s, group_id = %(group_id)s, segment_slug = %(segment)s, "
        "follows = %(follows)s::jsonb, "
        "valid_for = %(valid_for)s, state = %(state)s where merchant_id = %(merchant_id)s and tag_id = %(tag_id)s",
        name=named, name_en=before.name_en if shape.name_en is UNSET else policy.english_of(shape.name_en),
        group_id=group.group_id if group else None, segment=segment, tag_id=before.tag_id,
        follows=None if follows is None else msgspec.json.encode(follows).decode(),
        description=before.description if shape.description is UNSET else shape.description.strip()[:500],
        valid_for=before.valid_for if shape.valid_for is UNSET else _validity(shape.valid_for),
        state="archived" if archived else "live",
    )  # fmt: skip
    if before.group != wanted:
        await _regroup(tx, before, group, at)
    if segment is not None or follows is not None:
        await jobs.wake(tx, policy.WORK, at)
    return await catalog.get_tag(tx, slug)


_MOVED = """
insert into tag_group_spell (merchant_id, act_id, group_id, member_id, since, at)
select %(merchant_id)s, %(act)s, g, w.member_id, (
    select min(m.since) from member_tag m join tag o on o.merchant_id = m.merchant_id and o.tag_id = m.tag_id
    where m.merchant_id = %(merchant_id)s and m.member_id = w.member_id and o.group_id = g
        and (m.until is null or m.until > %(at)s)), %(at)s
from member_tag w cross join unnest(%(groups)s::bigint[]) as g
where w.merchant_id = %(merchant_id)s and w.tag_id = %(tag_id)s
"""


async def _regroup(tx: Tx, before: catalog.Tag, group: catalog.Group | None, at: datetime) -> None:
    """The wearers leave the old group with it and enter the new one, which may not be crowded when exclusive."""
    if group is not None and group.exclusive:
        await _fits_exclusive(tx, group.group_id)
    groups = [number for number in (before.group_id, group.group_id if group else None) if number is not None]
    [act_id] = await tx.fresh_ids(1)
    since = max(at, before.changed_at)
    await tx.run(_MOVED, act=act_id, groups=groups, tag_id=before.tag_id, at=since)
    tx.announce(labelling.TagsChanged(act_id=act_id, at=since))


async def merge_tags(tx: Tx, slug: str, into: str, cause: Cause, at: datetime) -> Done:
    """Whoever wears the first tag wears the second from now on, since the same day; the first is gone. Undone as one act.

    Refuses `SameTag`, `TagInUse` while something asks for the first, and rule tags.
    """
    if slug == into:
        raise SameTag(field="into")
    found = await catalog.by_slug(tx, [slug, into], field="into")
    old, heir = found[slug], found[into]
    for tag in (old, heir):
        if tag.segment is not None or tag.follows is not None:
            raise labelling.RuleTag(name=tag.name, field="into")
    await _unused(tx, old)
    await labelling.lock(tx, [old.tag_id, heir.tag_id], at)
    rows = await tx.rows(
        "select m.member_id, m.since, m.until, exists (select from member_tag h where h.merchant_id = %(merchant_id)s "
        "and h.tag_id = %(heir)s and h.member_id = m.member_id) as both from member_tag m "
        "where m.merchant_id = %(merchant_id)s and m.tag_id = %(old)s",
        old=old.tag_id, heir=heir.tag_id,
    )  # fmt: skip
    puts = [Put(row.member_id, heir.tag_id, row.until, row.since) for row in rows if not row.both]
    done = await labelling.change(tx, cause, at, puts=puts, takes=[(row.member_id, old.tag_id) for row in rows])
    await _end(tx, old.tag_id, "merged", heir.tag_id)
    return done


async def delete_tag(tx: Tx, slug: str, cause: Cause, at: datetime) -> Done:
    """Take a tag off everybody and out of the list; undone as one act. Refuses `TagInUse` with the list of users."""
    tag = await catalog.get_tag(tx, slug)
    await _unused(tx, tag)
    await labelling.lock(tx, [tag.tag_id], at)
    rows = await tx.rows(
        "select member_id from member_tag where merchant_id = %(merchant_id)s and tag_id = %(tag_id)s",
        tag_id=tag.tag_id,
    )
    done = await labelling.change(tx, cause, at, takes=[(row.member_id, tag.tag_id) for row in rows])
    await _end(tx, tag.tag_id, "deleted", None)
    return done


async def _unused(tx: Tx, tag: catalog.Tag) -> None:
    users = await catalog.used_by(tx, tag.slug)
    if users:
        raise TagInUse(name=tag.name, users="、".join(use.name for use in users))


async def _end(tx: Tx, tag_id: int, state: str, into: int | None) -> None:
    await tx.run(
        "update tag set state = %(state)s, merged_into = %(into)s "
        "where merchant_id = %(merchant_id)s and tag_id = %(tag_id)s",
        state=state, into=into, tag_id=tag_id,
    )  # fmt: skip


async def _segment(tx: Tx, slug: str, segment: str | None, group: catalog.Group | None) -> str | None:
    """The segment a rule tag follows, after asking that the two do not speak of each other."""
    if segment is None:
        return None
    if group is not None and group.exclusive:
        raise ExclusiveRule(field="group")
    listed = {one.slug: one for one in await segments.list_segments(tx)}
    if segment not in listed:
        raise segments.NoSuchSegment(segment)
    asked, waiting = set[str](), [segment]
    while waiting:
        one = waiting.pop()
        if one in asked or one not in listed:
            continue
        asked.add(one)
        if policy.mentions(listed[one].rule, slug, group.slug if group else ""):
            raise RuleCircle(field="segment", segment=listed[one].name)
        waiting += _spoken_of(listed[one].rule)
    return segment


async def _follows(
    tx: Tx, wanted: profiles.Followed | None, segment: str | None, known: profiles.Followed | None = None
) -> dict[str, Any] | None:
    """The score a model tag follows, after asking that there is one. The score it follows already need not speak now."""
    if wanted is None:
        return None
    if segment is not None:
        raise TwoDeciders(field="follows")
    if known is None or (known.model, known.score) != (wanted.model, wanted.score):
        ready, _ = await profiles.ready_tags(tx)
        if (wanted.model, wanted.score) not in {(one.model, one.score) for one in ready}:
            raise NoSuchScore(field="follows", score=f"{wanted.model}.{wanted.score}")
    told: dict[str, Any] = msgspec.to_builtins(wanted)
    return told


# A tag that a model decided once, and nobody decides now.
_STOPPED = """
select slug from tag t where t.merchant_id = %(merchant_id)s and t.name = %(name)s and t.state in ('live', 'archived')
    and t.follows is null and t.segment_slug is null and exists (select from tag_act a where a.merchant_id = %(merchant_id)s
        and a.verb = 'model' and a.tag_ids @> to_jsonb(t.tag_id))
"""


async def adopt(tx: Tx, code: str, value: float, at: datetime, by: str) -> catalog.Tag:
    """Have a ready-made model tag, by its code, follow its score from that threshold on.

    It stands in its exclusive group, which is made where there is none. One that followed the model before follows it again.
    Refuses `NoSuchScore`, and `TagTaken` where another tag has its name.
    """
    ready = next((one for one in (await profiles.ready_tags(tx))[0] if one.code == code), None)
    if ready is None:
        raise NoSuchScore(field="code", score=code)
    group = None
    if ready.group is not None:
        known = next((one for one in await catalog.list_groups(tx) if one.name == ready.group.zh), None)
        group = (known or await create_group(tx, ready.group.zh, True, at, ready.group.en)).slug
    follows = profiles.Followed(ready.model, ready.score, ready.op, value)
    stopped = await tx.value(_STOPPED, name=ready.name.zh)
    if stopped is not None:
        return await edit_tag(tx, stopped, TagShape(follows=follows, archived=False), at)
    shape = TagShape(
        name=ready.name.zh, name_en=ready.name.en, description=ready.means.zh, group=group, follows=follows
    )
    return await create_tag(tx, shape, at, by)


def _spoken_of(rule: Any) -> list[str]:
    if isinstance(rule, list):
        return [slug for part in rule for slug in _spoken_of(part)]
    if not isinstance(rule, dict):
        return []
    own = [rule["segment"]] if isinstance(rule.get("segment"), str) else []
    return own + [slug for part in rule.values() for slug in _spoken_of(part)]


def _validity(text: str) -> str:
    durations.parse(text)
    return text


def _fresh_name(name: str, known: set[str]) -> str:
    called = policy.name_of(name)
    if called in known:
        raise TagTaken(field="name", name=called)
    return called


def _slug(name: str, fallback: str, known: set[str]) -> str:
    from pypinyin import lazy_pinyin  # with its dictionary: only where a Chinese name needs a short one

    latin = "-".join(lazy_pinyin(name, errors=lambda text: "".join(c if c.isalnum() else "-" for c in text)))
    return policy.free(policy.slug_of(latin, fallback), known)
