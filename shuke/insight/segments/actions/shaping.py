"""Segments come into being, are reworded and go."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from shuke.ground import mirror
from shuke.insight import grammar
from shuke.insight.segments import models
from shuke.insight.segments.queries import catalog, nesting
from shuke.kit import errors, jobs, references
from shuke.kit.db import Tx

WORK = "segments_refresh"
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


class SlugTaken(errors.Refused):
    """There is already a segment "{slug}"."""

    code = "slug_taken"
    zh = "已经有代号为「{slug}」的分群。"
    cure = "Choose another short name."
    cure_zh = "请换一个代号。"


class BadSlug(errors.Refused):
    """ "{slug}" cannot be a short name."""

    code = "bad_slug"
    http_status = 422
    zh = "「{slug}」不能作为代号。"
    cure = "Use small letters, digits and hyphens, at most 64."
    cure_zh = "请用小写字母、数字和连字符，不超过 64 个。"


class BadName(errors.Refused):
    """A segment needs a name of at most 100 characters."""

    code = "bad_name"
    http_status = 422
    zh = "分群要有名称，不超过 100 个字。"
    cure = "Give it a name."
    cure_zh = "请填写名称。"


class SegmentInUse(errors.Refused):
    """The segment "{slug}" is still used: {names}."""

    code = "segment_in_use"
    zh = "分群「{slug}」还在使用：{names}。"
    cure = "Take it out of them first."
    cure_zh = "请先从这些地方移除它。"

    def __init__(self, slug: str, uses: list[references.Use]) -> None:
        self.uses = uses
        super().__init__(slug=slug, names=", ".join(use.name for use in uses))

    def body(self) -> dict[str, Any]:
        """The documented error body, with the list of uses."""
        return super().body() | {"used_by": [{"kind": u.kind, "id": u.id, "name": u.name} for u in self.uses]}


class SegmentStale(errors.Refused):
    """The segment "{slug}" is at version {version} by now, not {seen}."""

    code = "segment_stale"
    zh = "分群「{slug}」现在是第 {version} 版，不是第 {seen} 版，别人刚改过。"
    cure = "Read it again, and change what it says now."
    cure_zh = "请重新读取，在新的内容上修改。"


async def create_segment(
    tx: Tx,
    *,
    name: str,
    rule: dict[str, Any],
    at: datetime,
    slug: str | None = None,
    description: str = "",
    by: str = "",
) -> catalog.Shown:
    """A new segment, counted by the next refresh, which is woken; without a slug one is made from the name.

    Refuses `BadRule` (with the path of the bad node), `BadName`, `BadSlug`, `SlugTaken`.
    """
    await check_rule(tx, rule, None)
    known = {row.slug for row in await catalog.stored(tx)}
    chosen = slug_for(name, slug, known)
    if chosen in known:
        raise SlugTaken(field="slug", slug=chosen)
    [segment_id] = await tx.fresh_ids(1)
    await tx.insert(models.Segment, [
        {"segment_id": segment_id, "slug": chosen, "name": named(name), "description": description, "created_at": at}
    ])  # fmt: skip
    await tx.insert(models.SegmentVersion, [
        {"segment_id": segment_id, "version": 1, "rule": rule, "created_at": at, "created_by": by}
    ])  # fmt: skip
    await jobs.wake(tx, WORK, at)
    return await catalog.get_segment(tx, chosen)


async def expect_version(tx: Tx, slug: str, seen: int) -> None:
    """Go on only while the segment is at the version that was read before; refuses `SegmentStale` and `NoSuchSegment`."""
    version = await tx.value(
        "select version from segment where merchant_id = %(merchant_id)s and slug = %(slug)s for update", slug=slug
    )
    if version is None:
        raise catalog.NoSuchSegment(slug)
    if version != seen:
        raise SegmentStale(field="version", slug=slug, version=version, seen=seen)


async def edit_segment(
    tx: Tx, slug: str, *, at: datetime, name: str | None = None, description: str | None = None,
    rule: dict[str, Any] | None = None, by: str = "", reason: str = "",
) -> catalog.Shown:  # fmt: skip
    """Change name, description or rule. Another rule is a new version: backfilled by the next refresh, starting no journeys."""
    row = await tx.one(
        "select segment_id, name, description, version from segment where merchant_id = %(merchant_id)s "
        "and slug = %(slug)s for update",
        slug=slug,
    )
    if row is None:
        raise catalog.NoSuchSegment(slug)
    before = await catalog.get_segment(tx, slug)
    version = row.version
    if rule is not None and grammar.written(rule) != grammar.written(before.rule):
        await check_rule(tx, rule, slug)
        version += 1
        await tx.insert(models.SegmentVersion, [
            {"segment_id": row.segment_id, "version": version, "rule": rule, "created_at": at, "created_by": by,
             "reason": reason}
        ])  # fmt: skip
        await jobs.wake(tx, WORK, at)
    await tx.run(
        "update segment set name = %(name)s, description = %(description)s, version = %(version)s "
        "where merchant_id = %(merchant_id)s and segment_id = %(segment_id)s",
        name=row.name if name is None else named(name), version=version, segment_id=row.segment_id,
        description=row.description if description is None else description,
    )  # fmt: skip
    return await catalog.get_segment(tx, slug)


async def used_by(tx: Tx, slug: str) -> list[references.Use]:
    """Segments, journeys and whatever else speaks of a segment."""
    nested = catalog.users(await catalog.stored(tx), slug)
    own = [references.Use("segment", row.slug, row.name) for row in nested]
    return own + await references.uses(tx, "segment", slug)


async def check_rule(tx: Tx, rule: Any, slug: str | None) -> None:
    """A rule can be a segment's; refuses `BadRule`, also for circles through the segment it is for."""
    tree = grammar.parse(rule, mirror.declared())
    await nesting.known_of(tx, [tree])
    if slug is not None and await _speaks_of_itself(tx, rule, slug):
        path = next((leaf.path for leaf in grammar.all_leaves(tree) if leaf.kind in ("segment", "tag")), "$")
        raise grammar.BadRule(path, f"分群互相引用：{slug}。", f"Segments form a circle: {slug}.", "circle")


async def _speaks_of_itself(tx: Tx, rule: Any, slug: str) -> bool:
    """Whether a rule speaks of the segment it is for: by itself, by others, by tags that follow them, by who entered or left."""
    rows, reached, waiting = await catalog.stored(tx), set[tuple[str, str]](), [("segment", slug)]
    while waiting:
        kind, key = place = waiting.pop()
        if key in catalog.mentioned(rule, kind):
            return True
        if place not in reached:
            reached.add(place)
            waiting += [("segment", row.slug) for row in rows if key in catalog.mentioned(row.rule, kind)]
            uses = await references.uses(tx, kind, key) if kind == "segment" else []
            waiting += [("tag", use.id) for use in uses if use.kind == "tag"]
    return False


def named(name: str) -> str:
    """A name as it is kept; refuses `BadName`."""
    text = name.strip()
    if not 0 < len(text) <= 100:
        raise BadName(field="name")
    return text


def slug_for(name: str, slug: str | None, known: set[str]) -> str:
    """The short name that was wished, or a free one made from the name; refuses `BadSlug`."""
    chosen = _free(_slug_of(name), known) if slug is None else slug
    if not _SLUG.fullmatch(chosen):
        raise BadSlug(field="slug", slug=chosen)
    return chosen


def _slug_of(name: str) -> str:
    from pypinyin import lazy_pinyin  # with its dictionary: only where a Chinese name needs a short one

    latin = "-".join(lazy_pinyin(name, errors=lambda text: re.sub(r"[^a-zA-Z0-9]+", "-", text)))
    slug = re.sub(r"-+", "-", re.sub(r"[^a-z0-9-]", "", latin.lower())).strip("-")[:48].strip("-")
    return slug or "segment"


def _free(slug: str, known: set[str]) -> str:
    number = 1
    chosen = slug
    while chosen in known:
        number += 1
        chosen = f"{slug}-{number}"
    return chosen


async def note_history(tx: Tx) -> None:
    """History is being written: whom it puts into a segment newly did nothing, so that the next refresh is a backfill."""
    await tx.run("update segment set members_version = 0 where merchant_id = %(merchant_id)s and members_version <> 0")


async def refresh_soon(tx: Tx, at: datetime) -> None:
    """Have the segments refreshed at `at` instead of by the schedule; nothing where there are none."""
    if await tx.value("select 1 from segment where merchant_id = %(merchant_id)s limit 1"):
        await jobs.wake(tx, WORK, at)
