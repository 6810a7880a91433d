"""Membership brought up to date: all segments of a merchant from one question, the difference written as flips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from pyroaring import BitMap

from shuke.ground import mirror
from shuke.insight.segments import conditions, models
from shuke.insight.segments.events import SegmentRefreshed
from shuke.insight.segments.policy import rules
from shuke.insight.segments.queries import answering, catalog, membership

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from shuke.ground.mirror import Mirror
    from shuke.insight.segments.policy.rules import Node
    from shuke.kit.db import Database, Tx

ROWS = 20_000
_SETTLE = """
update segment s set size = r.size, state = r.state, error = r.error, refreshed_at = %(at)s,
    members_version = r.version, backfilled_at = case when r.backfill then %(at)s else s.backfilled_at end
from json_to_recordset(%(rows)s::json)
    as r(segment_id bigint, size bigint, state text, error jsonb, version bigint, backfill boolean)
where s.merchant_id = %(merchant_id)s and s.segment_id = r.segment_id
"""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did to one segment."""

    slug: str
    size: int
    entered: int
    left: int
    state: str


async def refresh(
    database: Database, opened: Mirror, merchant_id: int, at: datetime, *, reason: str = "schedule",
    slugs: Iterable[str] | None = None,
) -> list[Refreshed]:  # fmt: skip
    """Bring segments up to date (all, or those named with those they speak of), as of `at`, up to the merchant's last word.

    Set-based: one question to the mirror for all leaves, then one transaction with membership, flips and announcements.
    Repeatable: a second refresh at the same instant changes nothing. A rule that cannot be read leaves its membership as
    it was and shows the error; segments that were reworded meanwhile wait for the next refresh.
    """
    await mirror.drain(opened, database, merchant_id)
    async with database.read(merchant_id) as tx:
        rows = await catalog.stored(tx)
        trees, failed = _read(rows)
        wanted = _wanted(trees, set(slugs) if slugs is not None else None)
        moment = await answering.moment_of(tx, at)
    if not wanted and not failed:
        return []
    answer = await answering.answer(opened, [trees[slug] for slug in wanted], moment, trees)
    found = {slug: answer.members(trees[slug]) for slug in wanted}
    async with database.write(merchant_id) as tx:
        return await _store(tx, rows, found, failed, at, reason)


def _read(rows: Sequence[Any]) -> tuple[dict[str, Node], dict[str, dict[str, Any]]]:
    """Trees by slug, and why the others cannot be read: those that speak of a broken segment are broken too."""
    trees: dict[str, Node] = {}
    failed: dict[str, dict[str, Any]] = {}
    for row in rows:
        try:
            trees[row.slug] = conditions.parse(row.rule, mirror.declared())
        except rules.BadRule as bad:
            failed[row.slug] = bad.body()
    sound = _sound(trees)
    for slug in set(trees) - sound:
        missing = ", ".join(sorted(conditions.segments_of(trees.pop(slug)) - sound))
        refused = rules.BadRule(
            "$", f"引用的分群不可用：{missing}。", f"It speaks of segments that fail: {missing}.", "unknown_segment"
        )
        failed[slug] = refused.body()
    return trees, failed


def _sound(trees: dict[str, Node]) -> set[str]:
    """The rules that speak only of rules that can be read, without a circle."""
    sound: set[str] = set()
    while more := {s for s, tree in trees.items() if s not in sound and conditions.segments_of(tree) <= sound}:
        sound |= more
    return sound


def _wanted(trees: dict[str, Node], slugs: set[str] | None) -> list[str]:
    if slugs is None:
        return list(trees)
    return [slug for slug in trees if slug in slugs]


async def _store(
    tx: Tx, rows: Sequence[Any], found: dict[str, BitMap], failed: dict[str, dict[str, Any]], at: datetime, reason: str
) -> list[Refreshed]:
    locked = await tx.rows(
        "select segment_id, slug, version, members_version, refreshed_at, size from segment "
        "where merchant_id = %(merchant_id)s and slug = any(%(slugs)s::text[]) order by segment_id for update",
        slugs=[*found, *failed],
    )
    read_versions = {row.slug: row.version for row in rows}
    current = [
        row for row in locked
        if row.version == read_versions[row.slug] and (row.refreshed_at is None or row.refreshed_at <= at)
    ]  # fmt: skip
    before = await membership.bitmaps(tx, [row.segment_id for row in current])
    refresh_ids = await tx.fresh_ids(len(current)) if current else []
    settled, refreshed = [], []
    for row, refresh_id in zip(current, refresh_ids, strict=True):
        error = failed.get(row.slug)
        members = before[row.segment_id] if error else found[row.slug]
        entered, left = members - before[row.segment_id], before[row.segment_id] - members
        backfill = not error and row.members_version != row.version
        if not error and (entered or left or backfill):
            await _change(tx, row, members, entered, left, (refresh_id, at, "backfill" if backfill else reason))
            tx.announce(
                SegmentRefreshed(
                    slug=row.slug, refresh_id=refresh_id, entered=len(entered), left=len(left), at=at, backfill=backfill
                )
            )
        settled.append(
            {"segment_id": row.segment_id, "size": len(members), "state": "error" if error else "ok", "error": error,
             "version": row.members_version if error else row.version, "backfill": backfill}
        )  # fmt: skip
        refreshed.append(Refreshed(row.slug, len(members), len(entered), len(left), "error" if error else "ok"))
    if settled:
        await tx.run(_SETTLE, rows=msgspec.json.encode(settled).decode(), at=at)
    return refreshed


async def _change(
    tx: Tx, row: Any, members: BitMap, entered: BitMap, left: BitMap, cause: tuple[int, datetime, str]
) -> None:
    """Write the chunks that changed, the refresh, and (unless it is a backfill) one flip per member."""
    refresh_id, at, reason = cause
    chunks = sorted({member // membership.CHUNK for member in _starts(entered | left)})
    parts = {
        chunk: members & BitMap(range(chunk * membership.CHUNK, (chunk + 1) * membership.CHUNK)) for chunk in chunks
    }
    gone = [chunk for chunk, part in parts.items() if not part]
    if gone:
        await tx.run(
            "delete from segment_chunk where merchant_id = %(merchant_id)s and segment_id = %(segment_id)s "
            "and chunk = any(%(chunks)s::bigint[])",
            segment_id=row.segment_id, chunks=gone,
        )  # fmt: skip
    await tx.insert(models.SegmentChunk, [
        {"segment_id": row.segment_id, "chunk": chunk, "members": part.serialize()} for chunk, part in parts.items() if part
    ], conflict="update:members")  # fmt: skip
    await tx.insert(models.SegmentRefresh, [
        {"refresh_id": refresh_id, "segment_id": row.segment_id, "version": row.version, "reason": reason,
         "entered": len(entered), "left": len(left), "size": len(members), "at": at}
    ])  # fmt: skip
    if reason == "backfill":
        return
    flips = [(member, True) for member in entered] + [(member, False) for member in left]
    for start in range(0, len(flips), ROWS):
        await tx.insert(models.SegmentFlip, [
            {"refresh_id": refresh_id, "member_id": member, "segment_id": row.segment_id, "entered": inside,
             "reason": reason, "at": at}
            for member, inside in flips[start : start + ROWS]
        ])  # fmt: skip


def _starts(changed: BitMap) -> list[int]:
    """One member of each chunk that changed."""
    found, place = [], 0
    while place < len(changed):
        member = changed[place]
        found.append(member)
        place = changed.rank((member // membership.CHUNK + 1) * membership.CHUNK - 1)
    return found
