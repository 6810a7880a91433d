"""Questions about tags and their groups: the list with sizes, one of them, what uses them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from shuke.insight import profiles, segments
from shuke.insight.tags import policy
from shuke.kit import errors, references
from shuke.kit.db import Tx


class NoSuchTag(errors.NotFound):
    """There is no tag "{slug}"."""

    code = "no_such_tag"
    zh = "没有标签「{slug}」。"
    cure = "Look at the list of tags; a tag is named by its short name."
    cure_zh = "请到标签页核对；接口里要写标签的短名。"

    def __init__(self, slug: str, **facts: Any) -> None:
        errors.Refused.__init__(self, slug=slug, **facts)


class NoSuchGroup(errors.NotFound):
    """There is no tag group "{slug}"."""

    code = "no_such_tag_group"
    zh = "没有标签组「{slug}」。"
    cure = "Look at the list of groups."
    cure_zh = "请到标签页核对标签组。"

    def __init__(self, slug: str, **facts: Any) -> None:
        errors.Refused.__init__(self, slug=slug, **facts)


class Rule(msgspec.Struct, frozen=True):
    """The segment that decides a rule tag, with its rule in words."""

    segment: str
    name: str
    zh: str
    en: str


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group of tags."""

    group_id: int
    slug: str
    name: str
    name_en: str
    exclusive: bool
    created_at: datetime


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """A tag as others see it; `size` wearers, `used_at` the last time a member got or lost it."""

    tag_id: int
    slug: str
    name: str
    name_en: str
    description: str
    group: str | None
    group_id: int | None
    segment: str | None
    follows: profiles.Followed | None
    valid_for: str
    state: str
    size: int
    used_at: datetime | None
    changed_at: datetime
    created_at: datetime
    created_by: str


_TAGS = """
select t.tag_id, t.slug, t.name, t.name_en, t.description, g.slug as "group", t.group_id, t.segment_slug as segment, t.follows,
    t.valid_for, t.state, t.size, case when t.changed_at > t.created_at then t.changed_at end as used_at, t.changed_at,
    t.created_at, t.created_by
from tag t left join tag_group g on g.merchant_id = t.merchant_id and g.group_id = t.group_id
where t.merchant_id = %(merchant_id)s and t.state in ('live', 'archived')
"""


async def list_tags(tx: Tx, live_only: bool = False) -> list[Tag]:
    """All tags, the most worn first; one statement."""
    rows = await tx.rows(f"{_TAGS} order by t.size desc, t.tag_id")
    return [_tag(row) for row in rows if not live_only or row.state == "live"]


def _tag(row: Any) -> Tag:
    told = row._asdict()
    follows = told.pop("follows")
    return Tag(**told, follows=None if follows is None else msgspec.convert(follows, profiles.Followed))


async def list_groups(tx: Tx) -> list[Group]:
    """All groups, the oldest first."""
    rows = await tx.rows(
        "select group_id, slug, name, name_en, exclusive, created_at from tag_group where merchant_id = %(merchant_id)s "
        "order by group_id"
    )
    return [Group(**row._asdict()) for row in rows]


async def get_tag(tx: Tx, slug: str) -> Tag:
    """The tag of that slug; refuses `NoSuchTag`."""
    row = await tx.one(f"{_TAGS} and t.slug = %(slug)s", slug=slug)
    if row is None:
        raise NoSuchTag(slug)
    return _tag(row)


async def get_group(tx: Tx, slug: str) -> Group:
    """The group of that slug; refuses `NoSuchGroup`."""
    found = next((group for group in await list_groups(tx) if group.slug == slug), None)
    if found is None:
        raise NoSuchGroup(slug, field="group")
    return found


async def by_slug(tx: Tx, slugs: Iterable[str], field: str = "add") -> dict[str, Tag]:
    """These tags; refuses `NoSuchTag` with the first that is not there."""
    wanted = list(dict.fromkeys(slugs))
    rows = await tx.rows(f"{_TAGS} and t.slug = any(%(slugs)s::text[])", slugs=wanted)
    found = {row.slug: _tag(row) for row in rows}
    for slug in wanted:
        if slug not in found:
            raise NoSuchTag(slug, field=field)
    return found


async def names(tx: Tx, slugs: Iterable[str]) -> dict[str, str]:
    """What tags are called, by slug; unknown ones are left out."""
    rows = await tx.rows(f"{_TAGS} and t.slug = any(%(slugs)s::text[])", slugs=list(slugs))
    return {row.slug: row.name for row in rows}


async def all_names(tx: Tx) -> dict[str, str]:
    """What all tags are called, by slug."""
    return {row.slug: row.name for row in await tx.rows(_TAGS)}


async def group_names(tx: Tx, _: Iterable[str]) -> dict[str, str]:
    """What groups of tags are called, by slug."""
    return {group.slug: group.name for group in await list_groups(tx)}


async def english(tx: Tx) -> dict[str, str]:
    """The English names that the merchant gave tags and groups, by their own names."""
    rows = await tx.rows(
        "select name, name_en from tag_group where merchant_id = %(merchant_id)s and name_en <> '' union all "
        "select name, name_en from tag where merchant_id = %(merchant_id)s and name_en <> '' and state in ('live', 'archived')"
    )
    return {row.name: row.name_en for row in rows}


async def rules(tx: Tx) -> dict[str, Rule]:
    """The segments by which a tag may be decided, with their rules in words, by slug."""
    listed = await segments.list_segments(tx)
    return {one.slug: Rule(one.slug, one.name, one.sentence.zh, one.sentence.en) for one in listed}


async def used_by(tx: Tx, tag: str = "", group: str = "") -> list[references.Use]:
    """What asks for this tag, or for this group: segments whose rule speaks of it, and what rooms above say."""
    found = [
        references.Use("segment", one.slug, one.name)
        for one in await segments.list_segments(tx)
        if policy.mentions(one.rule, tag, group)
    ]
    return [*found, *await references.uses(tx, "tag" if tag else "tag_group", tag or group)]


async def using_segments(tx: Tx, slugs: Sequence[str]) -> list[tuple[str, references.Use]]:
    """Rule tags that one of these segments decides, with the segment, so that deleting it can refuse with the list."""
    rows = await tx.rows(
        "select segment_slug, slug, name from tag where merchant_id = %(merchant_id)s "
        "and segment_slug = any(%(slugs)s::text[]) and state in ('live', 'archived') order by tag_id",
        slugs=list(slugs),
    )
    return [(row.segment_slug, references.Use("tag", row.slug, row.name)) for row in rows]
