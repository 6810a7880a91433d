"""Tags from a file: every line gets its verdict, and all of them are one act that can be undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from shuke.ground import members
from shuke.insight.tags.actions import labelling, shaping
from shuke.insight.tags.policy import Cause, Line, Put
from shuke.insight.tags.queries import catalog
from shuke.kit import errors
from shuke.kit.db import Tx


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one line: tagged, already, no_member, no_tag, refused."""

    row: int
    value: str
    tag: str
    verdict: str
    member_id: int | None = None


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What a file did, or would do: how many lines of each verdict, every line that was not plainly fine, new tags."""

    act_id: int | None
    lines: int
    counts: dict[str, int]
    created: list[str]
    verdicts: list[Verdict]


async def import_lines(
    tx: Tx, lines: Sequence[Line], cause: Cause, at: datetime, *, create: bool = False, dry: bool = False
) -> Imported:
    """Give members the tags a file names, each line with its verdict, in one act; with `create` unknown tags are made first.

    With `dry` nothing is written. A constant number of statements for any number of lines (and a few per new tag).
    """
    tags = {tag.name: tag for tag in await catalog.list_tags(tx)} | {
        tag.slug: tag for tag in await catalog.list_tags(tx)
    }
    asked = dict.fromkeys(name for line in lines for name in line.tags)
    created: list[str] = []
    for name in [name for name in asked if create and name not in tags]:
        created.append(name)
        if not dry:
            tags[name] = await shaping.create_tag(tx, shaping.TagShape(name=name), at, cause.by)
    people = await _people(tx, lines)
    found, puts = _judged(lines, people, tags, set(created))
    worn = await _worn(tx, puts)
    verdicts = [
        msgspec.structs.replace(one, verdict="already")
        if one.verdict == "tagged" and one.tag in tags and (one.member_id, tags[one.tag].tag_id) in worn
        else one
        for one in found
    ]
    done = labelling.Done(act_id=None) if dry else await labelling.change(tx, cause, at, puts=puts)
    counts: dict[str, int] = {}
    for one in verdicts:
        counts[one.verdict] = counts.get(one.verdict, 0) + 1
    return Imported(act_id=done.act_id, lines=len(lines), counts=counts, created=created, verdicts=verdicts)


def _judged(
    lines: Sequence[Line], people: Mapping[tuple[str, str], int], tags: Mapping[str, catalog.Tag], created: set[str]
) -> tuple[list[Verdict], list[Put]]:
    verdicts: list[Verdict] = []
    puts: list[Put] = []
    for line in lines:
        member = people.get((line.kind, line.value))
        for name in line.tags or ("",):
            tag = tags.get(name)
            refused = tag is not None and (tag.segment is not None or tag.follows is not None or tag.state != "live")
            said = "no_member" if member is None else "refused" if refused else "tagged"
            if tag is None and name not in created:
                said = "no_tag"
            verdicts.append(Verdict(row=line.row, value=line.value, tag=name, verdict=said, member_id=member))
            if said == "tagged" and tag is not None and member is not None:
                puts.append(Put(member, tag.tag_id))
    return verdicts, puts


async def _people(tx: Tx, lines: Sequence[Line]) -> dict[tuple[str, str], int]:
    """Whom the lines mean: two questions, one by identity and one by number."""
    wanted: dict[tuple[str, str], dict[str, str]] = {}
    numbers: dict[tuple[str, str], int] = {}
    for line in lines:
        key = (line.kind, line.value)
        if line.kind == "member" and line.value.isdigit() and len(line.value) < 18:
            numbers[key] = int(line.value)
        elif line.kind != "member" and line.value:
            try:
                wanted[key] = members.identities_of({line.kind: line.value})
            except errors.Refused:
                continue
    found = await members.resolve(tx, list(wanted.values()))
    people = {key: member for key, member in zip(wanted, found, strict=True) if member is not None}
    live = await members.members_of(tx, set(numbers.values())) if numbers else {}
    for key, number in numbers.items():
        if number in live and live[number].merged_into is None:
            people[key] = number
    return people


async def _worn(tx: Tx, puts: Sequence[Put]) -> set[tuple[int, int]]:
    rows = await tx.rows(
        "select m.member_id, m.tag_id from member_tag m join unnest(%(members)s::bigint[], %(tags)s::bigint[]) "
        "as r(member_id, tag_id) on r.member_id = m.member_id and r.tag_id = m.tag_id "
        "where m.merchant_id = %(merchant_id)s",
        members=[put.member_id for put in puts], tags=[put.tag_id for put in puts],
    )  # fmt: skip
    return {(row.member_id, row.tag_id) for row in rows}
