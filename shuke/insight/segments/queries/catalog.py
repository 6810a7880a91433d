"""Questions about segments themselves: the list, one of them, its versions and history, who uses it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from shuke.ground import mirror
from shuke.insight import grammar
from shuke.kit import errors, references
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence


class NoSuchSegment(errors.NotFound):
    """There is no segment "{slug}"."""

    code = "no_such_segment"
    zh = "没有分群「{slug}」。"

    def __init__(self, slug: str) -> None:
        super().__init__(slug=slug)


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A segment as others see it; `count` is its size at `refreshed_at`."""

    segment_id: int
    slug: str
    name: str
    description: str
    count: int
    refreshed_at: datetime | None
    version: int
    state: str
    error: dict[str, Any] | None
    sentence: Sentence
    rule: dict[str, Any]
    created_at: datetime
    verified_at: datetime | None = None
    difference: dict[str, Any] | None = None


_SEGMENTS = """
select s.segment_id, s.slug, s.name, s.description, s.size, s.version, s.state, s.error, s.created_at,
    case when s.refreshed_at is not null and s.state = 'ok' and s.members_version = s.version then greatest(s.refreshed_at, c.at)
        else s.refreshed_at end as refreshed_at,
    s.members_version, s.backfilled_at, s.verified_at, s.difference, v.rule
from segment s join segment_version v on v.merchant_id = s.merchant_id and v.segment_id = s.segment_id and v.version = s.version
left join segment_clock c on c.merchant_id = s.merchant_id
where s.merchant_id = %(merchant_id)s
"""


async def stored(tx: Tx) -> list[Any]:
    """All segments as rows with their current rule, by number."""
    return await tx.rows(f"{_SEGMENTS} order by s.segment_id")


def shown(row: Any, names: grammar.Names) -> Shown:
    """A stored segment with its sentence; a rule that can no longer be read shows why."""
    state, error = row.state, row.error
    try:
        sentence = grammar.said(grammar.parse(row.rule, mirror.declared()), names, mirror.declared())
    except grammar.BadRule as refused:
        sentence = Sentence(refused.message_zh, refused.message_en)
        state, error = "error", refused.body()
    return Shown(
        segment_id=row.segment_id, slug=row.slug, name=row.name, description=row.description, count=row.size,
        refreshed_at=row.refreshed_at, version=row.version, state=state, error=error, sentence=sentence,
        rule=row.rule, created_at=row.created_at, verified_at=row.verified_at, difference=row.difference,
    )  # fmt: skip


async def list_segments(tx: Tx) -> list[Shown]:
    """All segments with their sentences, the oldest first; a constant number of statements."""
    return await shown_all(tx, await stored(tx))


async def shown_all(tx: Tx, rows: Sequence[Any]) -> list[Shown]:
    """Stored segments with their sentences, in which others are called by their names."""
    names = await grammar.names_in(tx, [row.rule for row in rows])
    return [shown(row, names) for row in rows]


async def find_segment(tx: Tx, slug: str) -> Shown | None:
    """The segment of that slug, or None."""
    row = await tx.one(f"{_SEGMENTS} and s.slug = %(slug)s", slug=slug)
    return None if row is None else (await shown_all(tx, [row]))[0]


async def get_segment(tx: Tx, slug: str) -> Shown:
    """The segment of that slug; refuses `NoSuchSegment`."""
    found = await find_segment(tx, slug)
    if found is None:
        raise NoSuchSegment(slug)
    return found


async def names(tx: Tx, slugs: Iterable[str]) -> dict[str, str]:
    """Names by slug; unknown ones are left out."""
    rows = await tx.rows(
        "select slug, name from segment where merchant_id = %(merchant_id)s and slug = any(%(slugs)s::text[])",
        slugs=list(slugs),
    )
    return {row.slug: row.name for row in rows}


async def versions(tx: Tx, segment_id: int) -> list[Any]:
    """All wordings, the newest first, with who entered and left as each took over."""
    return await tx.rows(
        'select v.version, v.rule, v.created_at, v.created_by, v.reason, r.entered, r."left", r.size from segment_version v '
        'left join lateral (select entered, "left", size from segment_refresh where merchant_id = v.merchant_id '
        "and segment_id = v.segment_id and version = v.version and reason = 'backfill' order by at limit 1) r on true "
        "where v.merchant_id = %(merchant_id)s and v.segment_id = %(segment_id)s order by v.version desc",
        segment_id=segment_id,
    )


async def history(tx: Tx, segment_id: int, limit: int = 400) -> list[Any]:
    """The size after each refresh that changed something, oldest first."""
    rows = await tx.rows(
        "select at, size as count, entered, \"left\", reason from segment_refresh where merchant_id = %(merchant_id)s "
        "and segment_id = %(segment_id)s order by at desc, refresh_id desc limit %(limit)s",
        segment_id=segment_id, limit=limit,
    )  # fmt: skip
    return rows[::-1]


async def sparks(tx: Tx, most: int = 30) -> dict[int, list[int]]:
    """The last sizes of every segment by its number, oldest first; one statement."""
    rows = await tx.rows(
        "select segment_id, array_agg(size order by at, refresh_id) as sizes from (select segment_id, size, at, refresh_id, "
        "row_number() over (partition by segment_id order by at desc, refresh_id desc) as n from segment_refresh "
        "where merchant_id = %(merchant_id)s) r where n <= %(most)s group by segment_id",
        most=most,
    )
    return {row.segment_id: row.sizes for row in rows}


async def using(tx: Tx, word: str, keys: Sequence[str]) -> list[tuple[str, references.Use]]:
    """The segments whose rule speaks of these lists, attributes …, each with what it speaks of; one statement."""
    rows = [(row, mentioned(row.rule, word)) for row in await stored(tx)]
    return [(key, references.Use("segment", row.slug, row.name)) for row, told in rows for key in keys if key in told]


def users(listed: Sequence[Any], slug: str) -> list[Any]:
    """The stored segments whose rule speaks of this one."""
    return [row for row in listed if row.slug != slug and slug in mentioned(row.rule)]


def mentioned(rule: Any, word: str = "segment") -> set[str]:
    """The segments (or lists, or tags) a rule speaks of, also by their events, whether or not it can be read otherwise."""
    if isinstance(rule, dict):
        told = [rule.get(word), *(_listed(rule.get("value")) if rule.get("prop") == word else ())]
        told += [str(rule["attr"]).removeprefix(f"{word}:")] if str(rule.get("attr")).startswith(f"{word}:") else []
        own = {one for one in told if isinstance(one, str)}
        return own.union(*(mentioned(part, word) for part in rule.values()))
    if isinstance(rule, list):
        return set[str]().union(*(mentioned(part, word) for part in rule))
    return set()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
