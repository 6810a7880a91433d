"""The list of members: filters as sets of numbers, one order, one batched question per room for the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from pyroaring import BitMap

from shuke.assets import points
from shuke.ground import members, mirror, orders, tenancy
from shuke.insight import profiles, segments, tags
from shuke.kit import clock, errors, paging
from shuke.programs import tiers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from shuke.kit.db import Tx

FEW = 2_000  # so many chosen members are sorted here; of more, the order is read in slices and the others left out
SLICE = 5_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SORTS = ("joined", "last_order", "points", "amount")


class TierName(msgspec.Struct, frozen=True):
    """A member's tier."""

    level: int
    name: str


class TagName(msgspec.Struct, frozen=True):
    """A tag a member wears."""

    slug: str
    name: str


class MemberRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list; money net of refunds, in fen; `joined_at` is None where nobody knows, `known_since` never."""

    member_id: int
    name: str
    phone_masked: str | None
    tier: TierName
    points_available: int
    orders_count: int
    amount_fen: int
    last_order_at: datetime | None
    joined_at: datetime | None
    known_since: datetime
    merged_into: int | None
    tags: list[TagName]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the reader wants to see."""

    q: str = ""
    segment: str = ""
    cell: str = ""
    tag: str = ""
    tier: int | None = None
    store: str = ""
    sort: str = "joined"
    descending: bool = True
    stores: frozenset[int] = frozenset()
    """Of a reader whose role is for single stores: see docs/decisions/0016."""

    @property
    def is_plain(self) -> bool:
        return not (
            self.q or self.segment or self.cell or self.tag or self.store or self.stores or self.tier is not None
        )


class UnknownSort(errors.Refused):
    """Members can be sorted by {known}, not by "{sort}"."""

    code = "unknown_sort"
    http_status = 422
    zh = "会员可按 {known} 排序，不能按「{sort}」。"
    cure = "Take one of these words for `sort`."
    cure_zh = "请把 sort 换成其中之一。"


async def page(tx: Tx, opened: mirror.Mirror | None, wish: Wish, cursor: str | None, limit: int) -> paging.Page:
    """One page; `total` comes with the first. Sorting by orders and the store filter need the mirror."""
    if wish.sort not in SORTS:
        raise UnknownSort(field="sort", sort=wish.sort, known=", ".join(SORTS))
    chosen = await everybody_meant(tx, opened, wish)
    after = paging.decode(cursor, 2)
    numbers = await _numbers(tx, opened, wish, chosen, after, limit + 1)
    total = None
    if after is None:
        total = await members.count_members(tx) if chosen is None else len(chosen)
    lines = await rows(tx, [number for _, number in numbers[:limit]])
    more = len(numbers) > limit
    return paging.Page(items=lines, next_cursor=paging.encode(list(numbers[limit - 1])) if more else None, total=total)


async def everyone(tx: Tx, opened: mirror.Mirror | None, wish: Wish) -> AsyncIterator[list[MemberRow]]:
    """All of them in order, a thousand lines at a time, for exports."""
    chosen = await everybody_meant(tx, opened, wish)
    after: list[Any] | None = None
    while numbers := await _numbers(tx, opened, wish, chosen, after, 1_000):
        yield await rows(tx, [number for _, number in numbers])
        after = list(numbers[-1])


async def rows(tx: Tx, numbers: Sequence[int]) -> list[MemberRow]:
    """The lines of these members, in their order: one batched question per room."""
    now = clock.now()
    merchant = await tenancy.get_merchant(tx)
    day = clock.business_date(now, merchant.zone, merchant.day_start_minutes)
    found = await members.members_of(tx, numbers)
    balances = await points.balances(tx, numbers, now)
    standings = await tiers.tiers_of(tx, numbers, day)
    bought = await summaries(tx, numbers)
    worn = await tags.of_members(tx, numbers, now)
    return [
        MemberRow(
            member_id=number, name=found[number].name, phone_masked=found[number].phone_masked,
            tier=TierName(standings[number].level, standings[number].name), points_available=balances[number].available,
            orders_count=bought[number].orders_count, amount_fen=bought[number].amount_fen,
            last_order_at=bought[number].last_order_at, joined_at=found[number].joined_at,
            known_since=found[number].known_since, merged_into=found[number].merged_into,
            tags=[TagName(one.slug, one.name) for one in worn[number]],
        )
        for number in numbers
        if number in found
    ]  # fmt: skip


async def summaries(tx: Tx, numbers: Sequence[int]) -> dict[int, orders.Summary]:
    """What these members bought under any number they ever had."""
    heirs = await members.absorbed(tx, numbers)
    parts = await orders.summaries(tx, [*numbers, *heirs])
    found = {number: parts.get(number, orders.Summary()) for number in numbers}
    for old, heir in heirs.items():
        if old in parts:
            found[heir] = _sum(found[heir], parts[old])
    return found


def _sum(one: orders.Summary, two: orders.Summary) -> orders.Summary:
    instants = [at for at in (one.last_order_at, two.last_order_at) if at is not None]
    return orders.Summary(
        orders_count=one.orders_count + two.orders_count, amount_fen=one.amount_fen + two.amount_fen,
        refund_fen=one.refund_fen + two.refund_fen, last_order_at=max(instants, default=None),
    )  # fmt: skip


async def everybody_meant(tx: Tx, opened: mirror.Mirror | None, wish: Wish) -> BitMap | None:
    """The members that every filter lets through; None without any filter."""
    sets: list[BitMap] = []
    if wish.q:
        sets.append(BitMap(await members.search(tx, wish.q, limit=500)))
    if wish.segment:
        sets.append(await segments.members(tx, wish.segment))
    if wish.cell:
        sets.append(await _in_cell(tx, opened, wish.cell))
    if wish.tag:
        sets.append(await tags.wearers(tx, wish.tag, clock.now()))
    if wish.tier is not None:
        sets.append(await _on_level(tx, wish.tier))
    if wish.store:
        sets.append(await _bought_at(tx, opened, wish.store))
    if wish.stores and not (wish.q and await members.is_identity(tx, wish.q)):
        sets.append(await _served_by(tx, opened, wish.stores))
    if not sets:
        return None
    both = sets[0]
    for one in sets[1:]:
        both &= one
    return both


async def found(tx: Tx, opened: mirror.Mirror | None, words: str, stores: frozenset[int], most: int) -> list[int]:
    """The first members that fit what somebody typed, of those that a reader with these stores (none: all) may look for."""
    numbers = await members.search(tx, words, limit=500 if stores else most)
    if stores and numbers and not await members.is_identity(tx, words):
        served = await _served_by(tx, opened, stores)
        numbers = [number for number in numbers if number in served]
    return numbers[:most]


async def _in_cell(tx: Tx, opened: mirror.Mirror | None, named: str) -> BitMap:
    """Who stands in an RFM cell now: exactly whom a segment of it would hold."""
    node = segments.parsed((await profiles.cell(tx, named)).rule)
    return (await segments.ask(tx, _needed(opened), [node], clock.now())).members(node)


async def _on_level(tx: Tx, level: int) -> BitMap:
    """The members of a level; whoever has no standing yet stands on the lowest."""
    ladder = await tiers.ladder(tx)
    if level != ladder[0].level:
        return BitMap(await tiers.members_on(tx, level))
    higher = BitMap()
    for rung in ladder[1:]:
        higher |= BitMap(await tiers.members_on(tx, rung.level))
    return BitMap(await members.list_numbers(tx, 2**31, 2**31)) - higher


async def _bought_at(tx: Tx, opened: mirror.Mirror | None, store: str) -> BitMap:
    sql = (
        f"SELECT groupBitmapState(member) FROM (SELECT member FROM orders WHERE merchant = {tx.merchant_id} "
        f"AND store = {mirror.quote(store)} GROUP BY member HAVING sum(sign) > 0)"
    )
    [found] = await mirror.bitmaps(_needed(opened), sql)
    return found


async def _served_by(tx: Tx, opened: mirror.Mirror | None, stores: frozenset[int]) -> BitMap:
    """Who bought at one of these stores, and who never bought at any store."""
    own = [store.code for store in await tenancy.list_stores(tx) if store.store_id in stores]
    sql = (
        f"SELECT groupBitmapState(member) FROM (SELECT member FROM orders WHERE merchant = {tx.merchant_id} "
        "AND {at} GROUP BY member HAVING sum(sign) > 0)"
    )
    named = ", ".join(mirror.quote(code) for code in own) or "''"
    [here] = await mirror.bitmaps(_needed(opened), sql.format(at=f"store IN ({named})"))
    [anywhere] = await mirror.bitmaps(_needed(opened), sql.format(at="store <> ''"))
    return here | (BitMap(await members.list_numbers(tx, 2**31, 2**31)) - anywhere)


def _needed(opened: mirror.Mirror | None) -> mirror.Mirror:
    if opened is None:
        raise errors.Unavailable("the mirror does not answer")
    return opened


async def _numbers(
    tx: Tx, opened: mirror.Mirror | None, wish: Wish, chosen: BitMap | None, after: list[Any] | None, limit: int
) -> list[tuple[Any, int]]:
    """The next (sort key, number) pairs."""
    if chosen is not None and len(chosen) <= FEW:
        return await _few(tx, wish, chosen, after, limit)
    found: list[tuple[Any, int]] = []
    size = limit if chosen is None else SLICE
    while True:
        slice_ = await _slice(tx, opened, wish, after, size)
        found += [pair for pair in slice_ if chosen is None or pair[1] in chosen]
        if len(found) >= limit or len(slice_) < size:
            return found[:limit]
        after = list(slice_[-1])


async def _few(tx: Tx, wish: Wish, chosen: BitMap, after: list[Any] | None, limit: int) -> list[tuple[Any, int]]:
    lines = await rows(tx, list(chosen))
    keys = sorted(((_key(line, wish.sort), line.member_id) for line in lines), reverse=wish.descending)
    if after is not None:
        last = (after[0], after[1])
        keys = [key for key in keys if (key < last if wish.descending else key > last)]
    return list(keys[:limit])


def _key(line: MemberRow, sort: str) -> Any:
    """A plain value, the same here and in a cursor; instants as microseconds."""
    if sort == "joined":
        return _micros(line.known_since)
    if sort == "last_order":
        return _micros(line.last_order_at) if line.last_order_at else 0
    return line.points_available if sort == "points" else line.amount_fen


def _micros(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1)


async def _slice(
    tx: Tx, opened: mirror.Mirror | None, wish: Wish, after: list[Any] | None, size: int
) -> list[tuple[Any, int]]:
    if wish.sort == "joined":
        return await members.in_order(tx, newest_first=wish.descending, after=after, limit=size)
    if wish.sort == "points":
        return await points.in_order(tx, richest_first=wish.descending, after=after, limit=size)
    key = "toInt64(toUnixTimestamp64Micro(max(at)))" if wish.sort == "last_order" else "toInt64(sum(sign * amount_fen))"
    order, compared = ("DESC", "<") if wish.descending else ("ASC", ">")
    place = f"AND (key, member) {compared} ({int(after[0])}, {int(after[1])})" if after else ""
    found = await mirror.rows(
        _needed(opened),
        f"SELECT ifNull(o.key, 0) AS key, m.member AS member FROM (SELECT member FROM members WHERE merchant = {tx.merchant_id} "
        "GROUP BY member HAVING argMax(gone, seq) = 0) AS m LEFT JOIN "
        f"(SELECT member, {key} AS key FROM orders WHERE merchant = {tx.merchant_id} AND member > 0 "
        "GROUP BY member HAVING sum(sign) > 0) AS o ON o.member = m.member "
        f"WHERE 1 {place} ORDER BY key {order}, member {order} LIMIT {size}",
    )
    return [(int(row[0]), int(row[1])) for row in found]
