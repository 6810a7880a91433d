"""Lists come into being, by import or as a snapshot, and go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pyroaring import BitMap

from shuke.ground import members
from shuke.insight.segments import models
from shuke.insight.segments.actions import gone, shaping
from shuke.insight.segments.queries import catalog, lists, membership
from shuke.kit import errors, jobs, references
from shuke.kit.db import Tx

MOST = 200_000
UNMATCHED = 100
_PHONE = re.compile(r"^(?:\+?86)?1\d{10}$")


class ListTaken(errors.Refused):
    """There is already a list "{slug}"."""

    code = "list_taken"
    zh = "已经有代号为「{slug}」的名单。"
    cure = "Choose another short name."
    cure_zh = "请换一个代号。"


class ListTooLong(errors.Refused):
    """A list takes at most {most} lines at once."""

    code = "list_too_long"
    http_status = 422
    zh = "一份名单一次最多 {most} 行。"
    cure = "Split the list."
    cure_zh = "请分成几份。"


class ListInUse(shaping.SegmentInUse):
    """The list "{slug}" is still used: {names}."""

    code = "list_in_use"
    zh = "名单「{slug}」还在使用：{names}。"


async def keep_list(
    tx: Tx, *, name: str, found: BitMap, origin: dict[str, Any], at: datetime, by: str = "", slug: str | None = None
) -> lists.ShownList:
    """A new list of these members, never changed by itself. Refuses `BadName`, `BadSlug`, `ListTaken`."""
    known = {one.slug for one in await lists.list_lists(tx)}
    chosen = shaping.slug_for(name, slug, known)
    if chosen in known:
        raise ListTaken(field="slug", slug=chosen)
    [list_id] = await tx.fresh_ids(1)
    await tx.insert(models.MemberList, [
        {"list_id": list_id, "slug": chosen, "name": shaping.named(name), "origin": origin, "size": len(found),
         "created_at": at, "created_by": by}
    ])  # fmt: skip
    chunks = membership.chunked(found)
    await tx.insert(models.MemberListChunk, [
        {"list_id": list_id, "chunk": chunk, "members": part.serialize()} for chunk, part in chunks.items()
    ])  # fmt: skip
    return await lists.get_list(tx, chosen)


async def import_list(
    tx: Tx, *, name: str, lines: Sequence[str], at: datetime, by: str = "", slug: str | None = None
) -> lists.ShownList:
    """A list from phones, outside ids or card numbers, one a line; the first of those that name nobody are kept with it.

    Refuses as `keep_list`, and `ListTooLong`. Two statements to find all members.
    """
    wanted = list(dict.fromkeys(text for line in lines if (text := line.strip().strip('"'))))
    if len(wanted) > MOST:
        raise ListTooLong(field="lines", most=MOST)
    people = [_person(text) for text in wanted]
    found = await members.resolve(tx, people)
    strangers = [text for text, member in zip(wanted, found, strict=True) if member is None]
    origin = {"how": "import", "lines": len(wanted), "unmatched": len(strangers), "examples": strangers[:UNMATCHED]}
    known = BitMap([member for member in found if member is not None])
    return await keep_list(tx, name=name, found=known, origin=origin, at=at, by=by, slug=slug)


def _person(text: str) -> dict[str, str]:
    """A line as identities in normal form: a mobile number is also tried as an outside id and a card number."""
    person = {"external": text, "card": text}
    return person | {"phone": text[-11:]} if _PHONE.fullmatch(text) else person


async def change_list(tx: Tx, slug: str, *, add: BitMap, remove: BitMap, at: datetime) -> tuple[int, int]:
    """Put members on a list and take others off; how many came and went. Repeatable; refuses `NoSuchList`.

    Segments that speak of it follow with the next refresh, which is woken. Five statements for any number.
    """
    await tx.run(
        "select from member_list where merchant_id = %(merchant_id)s and slug = %(slug)s for update", slug=slug
    )
    found = await lists.get_list(tx, slug)
    before = (await lists.bitmaps(tx, [slug]))[slug]
    after = (before | add) - remove
    came, went = after - before, before - after
    parts, touched = membership.chunked(after), membership.chunked(came | went)
    await tx.run(
        "delete from member_list_chunk where merchant_id = %(merchant_id)s and list_id = %(list_id)s "
        "and chunk = any(%(chunks)s::bigint[])",
        list_id=found.list_id, chunks=list(touched),
    )  # fmt: skip
    await tx.insert(models.MemberListChunk, [
        {"list_id": found.list_id, "chunk": chunk, "members": parts[chunk].serialize()} for chunk in touched if chunk in parts
    ])  # fmt: skip
    await tx.run(
        "update member_list set size = %(size)s where merchant_id = %(merchant_id)s and list_id = %(list_id)s",
        size=len(after), list_id=found.list_id,
    )  # fmt: skip
    if came or went:
        await jobs.wake(tx, shaping.WORK, at)
    return len(came), len(went)


async def delete_list(tx: Tx, slug: str, at: datetime) -> None:
    """Remove a list, which can be brought back for thirty days; refuses `ListInUse` while a segment speaks of it."""
    found = await lists.get_list(tx, slug)
    uses = [use for _, use in await catalog.using(tx, "list", [slug])] + await references.uses(tx, "list", slug)
    if uses:
        raise ListInUse(slug, uses)
    await gone.put_away(tx, "list", found.list_id, at)
    await jobs.wake(tx, shaping.WORK, at)
