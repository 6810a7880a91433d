"""What one member did, event by event, from the mirror: orders and behaviour, told as a shop owner would."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.ground import catalog, mirror
from shuke.insight import segments
from shuke.kit import errors, money, paging
from shuke.kit.kinds import Sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shuke.kit.db import Database, Tx

_TOLD_ELSEWHERE = ("points_moved", "redeem")  # movements have a page of their own, each with its why
_HIDDEN = {"journey_id", "message_id", "reason", "wallet", "type"}
_FLIPS = {
    "event": Sentence("因为新的行为或订单", "because of something they did"),
    "time": Sentence("因为时间到了", "because time passed"),
    "schedule": Sentence("定时更新", "by the regular refresh"),
    "manual": Sentence("手动更新", "refreshed by hand"),
    "repair": Sentence("核对时补正", "put right by the proof"),
}
_BEHAVIOUR = (
    "SELECT toUnixTimestamp64Micro(at) AS micros, seq, idx, kind, store, channel, texts, numbers FROM events "
    "WHERE merchant = {merchant} AND member = {member} AND kind NOT IN {elsewhere} {place} "
    "ORDER BY at DESC, seq DESC, idx DESC LIMIT {limit}"
)
_ORDERS = (
    "SELECT toUnixTimestamp64Micro(at) AS micros, seq, idx, store, channel, order_key, amount_fen FROM orders "
    "WHERE merchant = {merchant} AND member = {member} AND sign = 1 AND row_id NOT IN "
    "(SELECT row_id FROM orders WHERE merchant = {merchant} AND member = {member} AND sign = -1) {place} "
    "ORDER BY at DESC, seq DESC, idx DESC LIMIT {limit}"
)


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a member did; `detail` is what was said about it, in one line; store and channel by code."""

    at: datetime
    kind: str
    title: Sentence
    detail: Sentence
    store: str
    channel: str
    place: list[int]


async def page(
    database: Database, opened: mirror.Mirror | None, merchant_id: int, member_id: int, cursor: str | None, limit: int
) -> paging.Page:
    """One page, the latest first."""
    if opened is None:
        raise errors.Unavailable("the mirror does not answer")
    after = paging.decode(cursor, 3)
    asked = {
        "merchant": int(merchant_id), "member": int(member_id), "limit": limit + 1, "elsewhere": _TOLD_ELSEWHERE,
        "place": f"AND (toUnixTimestamp64Micro(at), seq, idx) < ({int(after[0])}, {int(after[1])}, {int(after[2])})"
        if after else "",
    }  # fmt: skip
    did = await mirror.rows(opened, _BEHAVIOUR.format(**asked))
    bought = await mirror.rows(opened, _ORDERS.format(**asked))
    async with database.read(merchant_id) as tx:
        called = {
            "segment": await segments.names(tx, {row[6]["segment"] for row in did if "segment" in row[6]}),
            "sku": await _products(tx, sorted({row[6]["sku"] for row in did if "sku" in row[6]})),
        }
    moments = [*(_deed(opened, row, called) for row in did), *(_order(opened, row) for row in bought)]
    moments.sort(key=lambda one: one.place, reverse=True)
    return paging.page(moments[: limit + 1], limit, lambda one: one.place)


async def _products(tx: Tx, skus: list[str]) -> dict[str, str]:
    """Names by SKU, of those that have one."""
    return {sku: product.name for sku, product in (await catalog.products_of(tx, skus)).items() if product.name}


def _order(opened: mirror.Mirror, row: tuple[Any, ...]) -> Moment:
    micros, seq, idx, store, channel, key, fen = row
    paid = f"{money.yuan(int(fen))} · {key}"
    return _moment((micros, seq, idx), "order", opened, Sentence(paid, paid), store, channel)


def _deed(opened: mirror.Mirror, row: tuple[Any, ...], called: dict[str, dict[str, str]]) -> Moment:
    """A deed in words; `called` has the names of what properties only have a code of."""
    micros, seq, idx, kind, store, channel, texts, numbers = row
    told = {name: value for name, value in {**texts, **numbers}.items() if name not in _HIDDEN}
    if kind == "offer_granted" and {"points", "value_fen"} <= told.keys():
        worth = money.yuan(int(told["value_fen"]))
        detail = Sentence(f"{_value(told['points'])} 积分抵 {worth}", f"{_value(told['points'])} points for {worth}")
    else:
        for name in called.keys() & told.keys():
            told[name] = called[name].get(told[name], told[name])
        detail = _told(opened.registry.event(kind), told)
        if kind in ("segment_entered", "segment_left") and (because := _FLIPS.get(str(texts.get("reason")))):
            detail = Sentence(f"{detail.zh} · {because.zh}", f"{detail.en} · {because.en}")
    return _moment((micros, seq, idx), kind, opened, detail, store, channel)


def _moment(
    place: tuple[Any, ...], kind: str, opened: mirror.Mirror, detail: Sentence, store: str, channel: str
) -> Moment:
    numbers = [int(part) for part in place]
    return Moment(
        at=datetime.fromtimestamp(numbers[0] / 1_000_000, UTC), kind=kind, title=Sentence(*opened.registry.event(kind).title),
        detail=detail, store=store, channel=channel, place=numbers,
    )  # fmt: skip


def _told(event: mirror.Event, properties: dict[str, Any]) -> Sentence:
    """Properties as people read them: the known ones by their value, amounts as money; of an event that only the
    merchant knows all, with their names."""
    known = [name for name in event.properties if name in properties]
    rest = [] if event.title[0] != event.name else [name for name in properties if name not in event.properties]
    said = [_said(event, name, properties[name]) for name in (*known, *rest)]
    return Sentence(" · ".join(_filled(zh for zh, _ in said)), " · ".join(_filled(en for _, en in said)))


def _filled(parts: Iterable[str]) -> list[str]:
    return [part for part in parts if part]


def _said(event: mirror.Event, name: str, value: Any) -> tuple[str, str]:
    if name.endswith("_fen"):
        return (money.yuan(int(value)),) * 2
    known = event.properties.get(name)
    if known is None:
        return (f"{name} {_value(value)}",) * 2
    if known.type == "flag":
        return known.title if _value(value) in ("1", "true") else ("", "")
    return (_value(value),) * 2


def _value(value: Any) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
