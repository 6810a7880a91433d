"""Deleted segments and lists: put away whole, brought back within thirty days, or gone for good."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from shuke.insight.segments.actions import shaping
from shuke.insight.segments.queries import catalog, lists
from shuke.kit import jobs
from shuke.kit.db import Tx

KEPT = timedelta(days=30)
Kind = Literal["segment", "list"]
TABLES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "segment": ("segment", "segment_id", ("segment_flip", "segment_refresh", "segment_chunk", "segment_version")),
    "list": ("member_list", "list_id", ("member_list_chunk",)),
}


class Gone(msgspec.Struct, frozen=True):
    """A deleted segment or list that can still be brought back."""

    kind: str
    slug: str
    name: str
    gone_at: datetime


async def delete_segment(tx: Tx, slug: str, at: datetime | None = None) -> None:
    """Remove a segment, with `at` to be brought back for thirty days, else for good; refuses `SegmentInUse` with the list."""
    found = await catalog.get_segment(tx, slug)
    uses = await shaping.used_by(tx, slug)
    if uses:
        raise shaping.SegmentInUse(slug, uses)
    await (remove(tx, "segment", found.segment_id) if at is None else put_away(tx, "segment", found.segment_id, at))


async def put_away(tx: Tx, kind: Kind, number: int, at: datetime) -> None:
    """Take the row of a segment or list out of sight; what belongs to it stays until `forget`."""
    table, key, _ = TABLES[kind]
    await tx.run(
        f"with gone as (delete from {table} t where merchant_id = %(merchant_id)s and {key} = %(id)s returning t.*) "
        "insert into segment_gone (merchant_id, kind, id, slug, name, kept, gone_at) "
        "select merchant_id, %(kind)s, %(id)s, slug, name, to_jsonb(gone), %(at)s from gone",
        kind=kind, id=number, at=at,
    )  # fmt: skip


async def remove(tx: Tx, kind: Kind, number: int) -> None:
    """Delete a segment or list with all that belongs to it, for good."""
    table, key, parts = TABLES[kind]
    for one in (*parts, table):
        await tx.run(f"delete from {one} where merchant_id = %(merchant_id)s and {key} = %(id)s", id=number)


async def list_gone(tx: Tx) -> list[Gone]:
    """What was deleted and can be brought back, the latest first."""
    rows = await tx.rows(
        "select kind, slug, name, gone_at from segment_gone where merchant_id = %(merchant_id)s order by gone_at desc, id desc"
    )
    return [Gone(*row) for row in rows]


async def bring_back(tx: Tx, kind: Kind, slug: str, at: datetime) -> None:
    """The last deleted segment or list of this slug is there again, with its versions and history; a segment is counted anew.

    Refuses `NoSuchSegment` or `NoSuchList`, `SlugTaken`, and `BadRule` where the rule speaks of what is gone by now.
    """
    table, _, _ = TABLES[kind]
    row = await tx.one(
        "select g.id, v.rule from segment_gone g left join segment_version v on g.kind = 'segment' "
        "and v.merchant_id = g.merchant_id and v.segment_id = g.id and v.version = (g.kept->>'version')::bigint "
        "where g.merchant_id = %(merchant_id)s and g.kind = %(kind)s and g.slug = %(slug)s "
        "order by g.gone_at desc, g.id desc limit 1 for update of g",
        kind=kind, slug=slug,
    )  # fmt: skip
    if row is None:
        raise catalog.NoSuchSegment(slug) if kind == "segment" else lists.NoSuchList(slug)
    if await tx.value(f"select 1 from {table} where merchant_id = %(merchant_id)s and slug = %(slug)s", slug=slug):
        raise shaping.SlugTaken(field="slug", slug=slug)
    if row.rule is not None:
        await shaping.check_rule(tx, row.rule, slug)
    await tx.run(
        "with back as (delete from segment_gone where merchant_id = %(merchant_id)s and kind = %(kind)s and id = %(id)s "
        "returning kept) "
        f"insert into {table} select (jsonb_populate_record(null::{table}, kept)).* from back",
        kind=kind, id=row.id,
    )  # fmt: skip
    if kind == "segment":
        await tx.run(
            "update segment set members_version = 0 where merchant_id = %(merchant_id)s and segment_id = %(id)s",
            id=row.id,
        )
    await jobs.wake(tx, shaping.WORK, at)


async def forget(tx: Tx, at: datetime) -> int:
    """Remove for good what was deleted more than thirty days before; how many."""
    rows = await tx.rows(
        "delete from segment_gone where merchant_id = %(merchant_id)s and gone_at < %(before)s returning kind, id",
        before=at - KEPT,
    )
    for row in rows:
        await remove(tx, row.kind, row.id)
    return len(rows)
