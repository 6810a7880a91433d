"""Questions about who wears what, and about the history of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from pyroaring import BitMap

from shuke.insight.tags import policy
from shuke.insight.tags.queries.catalog import NoSuchTag
from shuke.kit import errors, paging
from shuke.kit.db import Tx


class NoSuchAct(errors.NotFound):
    """There is no such change of tags."""

    code = "no_such_tag_act"
    zh = "没有这次标签变更。"
    cure = "Look at the list of changes."
    cure_zh = "请到标签变更记录里核对。"

    def __init__(self) -> None:
        errors.Refused.__init__(self)


class Worn(msgspec.Struct, frozen=True, kw_only=True):
    """One tag a member wears: since and until when, put there by whom, from where and why.

    `follows` is the model that decides it, if one does.
    """

    slug: str
    name: str
    group: str | None
    segment: str | None
    follows: str | None
    since: datetime
    until: datetime | None
    by: str
    source: str
    reason: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one member's tags."""

    act_id: int
    slug: str
    name: str
    change: str
    at: datetime
    until: datetime | None
    by: str
    source: str
    verb: str
    reason: str


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One act of many changes, as the list of changes shows it; `undoable` while nobody undid it."""

    act_id: int
    verb: str
    verb_zh: str
    verb_en: str
    source: str
    by: str
    reason: str
    added: int
    removed: int
    members: int
    tags: list[str]
    at: datetime
    undoes: int | None
    undone_by: int | None
    undoable: bool


_WORN = """
select m.member_id, t.slug, t.name, g.slug as "group", t.segment_slug as segment,
    t.follows->>'model' as follows, m.since, m.until, a.by, a.source, a.reason
from member_tag m join tag t on t.merchant_id = m.merchant_id and t.tag_id = m.tag_id
left join tag_group g on g.merchant_id = t.merchant_id and g.group_id = t.group_id
left join tag_act a on a.merchant_id = m.merchant_id and a.act_id = m.act_id
where m.merchant_id = %(merchant_id)s and m.member_id = any(%(members)s::bigint[])
    and (m.until is null or m.until > %(at)s) order by m.member_id, g.group_id nulls last, m.since, t.tag_id
"""


async def of_members(tx: Tx, member_ids: Iterable[int], at: datetime) -> dict[int, list[Worn]]:
    """The tags each of these members wears at `at`; one statement for all."""
    found: dict[int, list[Worn]] = {member_id: [] for member_id in member_ids}
    for row in await tx.rows(_WORN, members=list(found), at=at):
        told = row._asdict()
        worn = {name: told[name] or "" for name in ("by", "source", "reason")}
        found[told.pop("member_id")].append(Worn(**(told | worn)))
    return found


async def wearers(tx: Tx, slug: str, at: datetime) -> BitMap:
    """All who wear this tag at `at`; refuses `NoSuchTag`. One statement."""
    row = await tx.one(
        "select t.tag_id, (select array_agg(m.member_id) from member_tag m where m.merchant_id = t.merchant_id "
        "and m.tag_id = t.tag_id and (m.until is null or m.until > %(at)s)) as members "
        "from tag t where t.merchant_id = %(merchant_id)s and t.slug = %(slug)s and t.state in ('live', 'archived')",
        slug=slug, at=at,
    )  # fmt: skip
    if row is None:
        raise NoSuchTag(slug, field="tag")
    return BitMap(row.members or [])


async def history(tx: Tx, member_id: int, limit: int = 200) -> list[Change]:
    """What happened to one member's tags, the latest first."""
    rows = await tx.rows(
        "select c.act_id, t.slug, t.name, c.change, c.at, c.until, a.by, a.source, a.verb, a.reason from tag_change c "
        "join tag t on t.merchant_id = c.merchant_id and t.tag_id = c.tag_id "
        "join tag_act a on a.merchant_id = c.merchant_id and a.act_id = c.act_id "
        "where c.merchant_id = %(merchant_id)s and c.member_id = %(member_id)s "
        "order by c.at desc, c.act_id desc, c.tag_id limit %(limit)s",
        member_id=member_id, limit=limit,
    )  # fmt: skip
    return [Change(**row._asdict()) for row in rows]


_ACTS = """
select a.act_id, a.verb, a.source, a.by, a.reason, a.added, a.removed, a.members, a.at, a.undoes, a.undone_by,
    array(select t.name from tag t where t.merchant_id = a.merchant_id and a.tag_ids @> to_jsonb(t.tag_id)
        order by t.tag_id) as tags
from tag_act a where a.merchant_id = %(merchant_id)s
"""


async def acts(tx: Tx, cursor: str | None, limit: int, tag_id: int | None = None) -> paging.Page:
    """What was changed, the latest first; only what touched one tag where it is given."""
    place = paging.decode(cursor, 2)
    rows = await tx.rows(
        f"{_ACTS} and (%(tag)s::bigint is null or a.tag_ids @> to_jsonb(%(tag)s::bigint)) "
        "and (%(at)s::text is null or (a.at, a.act_id) < (%(at)s::text::timestamptz, %(act)s)) "
        "order by a.at desc, a.act_id desc limit %(limit)s",
        tag=tag_id, at=place[0] if place else None, act=place[1] if place else 0, limit=limit + 1,
    )  # fmt: skip
    return paging.page([_act(row) for row in rows], limit, lambda act: [act.at.isoformat(), act.act_id])


async def get_act(tx: Tx, act_id: int) -> Act:
    """One act; refuses `NoSuchAct`."""
    row = await tx.one(f"{_ACTS} and a.act_id = %(act_id)s", act_id=act_id)
    if row is None:
        raise NoSuchAct
    return _act(row)


def _act(row: Any) -> Act:
    zh, en = policy.VERBS[row.verb]
    undoable = row.undone_by is None and row.verb in policy.UNDOABLE
    return Act(**row._asdict(), verb_zh=zh, verb_en=en, undoable=undoable)


class Cell(msgspec.Struct, frozen=True):
    """How many wear both tags; of one tag with itself, how many wear it."""

    a: str
    b: str
    members: int


class Combination(msgspec.Struct, frozen=True):
    """A combined tag: its tags in the order of their groups, written with hyphens, and how many wear all of them."""

    name: str
    tags: list[str]
    size: int


async def together(tx: Tx, at: datetime, most: int = 16) -> list[Cell]:
    """How many wear each pair of the most worn tags, from one question."""
    rows = await tx.rows(
        "with top as materialized (select tag_id, slug from tag where merchant_id = %(merchant_id)s and state = 'live' "
        "  and size > 0 order by size desc, tag_id limit %(most)s), "
        "worn as materialized (select m.member_id, m.tag_id, top.slug from member_tag m join top on top.tag_id = m.tag_id "
        "  where m.merchant_id = %(merchant_id)s and (m.until is null or m.until > %(at)s)) "
        "select x.slug as a, y.slug as b, count(*) as members from worn x join worn y on y.member_id = x.member_id "
        "and y.tag_id >= x.tag_id group by x.slug, y.slug order by members desc, a, b",
        most=most, at=at,
    )  # fmt: skip
    return [Cell(row.a, row.b, row.members) for row in rows]


async def combinations(tx: Tx, at: datetime, most: int = 20) -> list[Combination]:
    """The sets of two and more tags that most members wear, exactly these; one question."""
    rows = await tx.rows(
        "with worn as (select m.member_id, array_agg(m.tag_id order by t.group_id nulls last, t.tag_id) as tags "
        "  from member_tag m join tag t on t.merchant_id = m.merchant_id and t.tag_id = m.tag_id and t.state = 'live' "
        "  where m.merchant_id = %(merchant_id)s and (m.until is null or m.until > %(at)s) "
        "  group by m.member_id having count(*) > 1), "
        "sets as (select tags, count(*) as size from worn group by tags order by size desc, tags limit %(most)s) "
        "select s.size, array_agg(t.slug order by u.place) as slugs, array_agg(t.name order by u.place) as names "
        "from sets s cross join unnest(s.tags) with ordinality as u(tag_id, place) join tag t "
        "on t.merchant_id = %(merchant_id)s and t.tag_id = u.tag_id group by s.tags, s.size order by s.size desc, slugs",
        most=most, at=at,
    )  # fmt: skip
    return [Combination(policy.combination(row.names), row.slugs, row.size) for row in rows]


async def combined(tx: Tx, slugs: Sequence[str], names: Sequence[str], at: datetime) -> Combination:
    """One combination, with how many wear all of its tags (and perhaps others); one question."""
    size = await tx.value(
        "select count(*) from (select m.member_id from member_tag m join tag t on t.merchant_id = m.merchant_id "
        "and t.tag_id = m.tag_id where m.merchant_id = %(merchant_id)s and t.merchant_id = %(merchant_id)s "
        "and t.slug = any(%(slugs)s::text[]) and (m.until is null or m.until > %(at)s) "
        "group by m.member_id having count(*) = %(needed)s) as complete",
        slugs=list(slugs), needed=len(set(slugs)), at=at,
    )  # fmt: skip
    return Combination(policy.combination(names), list(slugs), size)
