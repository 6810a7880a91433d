"""Questions about lists: which there are, and who stands on them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from pyroaring import BitMap

from shuke.kit import errors
from shuke.kit.db import Tx


class NoSuchList(errors.NotFound):
    """There is no list "{slug}"."""

    code = "no_such_list"
    zh = "没有名单「{slug}」。"

    def __init__(self, slug: str) -> None:
        super().__init__(slug=slug)


class ShownList(msgspec.Struct, frozen=True, kw_only=True):
    """A list as others see it; `origin` tells how it came to be, with what could not be matched at an import."""

    list_id: int
    slug: str
    name: str
    origin: dict[str, Any]
    count: int
    created_at: datetime
    created_by: str


async def list_lists(tx: Tx) -> list[ShownList]:
    """All lists, the newest first."""
    rows = await tx.rows(
        "select list_id, slug, name, origin, size as count, created_at, created_by from member_list "
        "where merchant_id = %(merchant_id)s order by list_id desc"
    )
    return [ShownList(**row._asdict()) for row in rows]


async def list_names(tx: Tx, slugs: Iterable[str]) -> dict[str, str]:
    """Names of lists by slug; unknown ones are left out."""
    wanted = set(slugs)
    return {one.slug: one.name for one in await list_lists(tx) if one.slug in wanted}


async def get_list(tx: Tx, slug: str) -> ShownList:
    """The list of that slug; refuses `NoSuchList`."""
    found = next((one for one in await list_lists(tx) if one.slug == slug), None)
    if found is None:
        raise NoSuchList(slug)
    return found


async def bitmaps(tx: Tx, slugs: Iterable[str]) -> dict[str, BitMap]:
    """Who stands on these lists; unknown ones are left out. One statement, none without lists."""
    wanted = list(slugs)
    if not wanted:
        return {}
    rows = await tx.rows(
        "select l.slug, c.members from member_list l left join member_list_chunk c on c.merchant_id = l.merchant_id "
        "and c.list_id = l.list_id where l.merchant_id = %(merchant_id)s and l.slug = any(%(slugs)s::text[])",
        slugs=wanted,
    )
    found: dict[str, BitMap] = {row.slug: BitMap() for row in rows}
    for row in rows:
        if row.members is not None:
            found[row.slug] |= BitMap.deserialize(bytes(row.members))
    return found
