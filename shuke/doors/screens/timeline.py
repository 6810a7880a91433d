"""What one member did, event by event, from the mirror."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.ground import mirror
from shuke.kit import errors, paging
from shuke.kit.kinds import Sentence

if TYPE_CHECKING:
    from collections.abc import Mapping


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a member did; `detail` is what was said about it, in one line."""

    at: datetime
    kind: str
    title: Sentence
    detail: str
    place: list[int]


async def page(
    opened: mirror.Mirror | None, merchant_id: int, member_id: int, cursor: str | None, limit: int
) -> paging.Page:
    """One page, the latest first."""
    if opened is None:
        raise errors.Unavailable("the mirror does not answer")
    after = paging.decode(cursor, 3)
    place = (
        f"AND (toUnixTimestamp64Micro(at), seq, idx) < ({int(after[0])}, {int(after[1])}, {int(after[2])})"
        if after
        else ""
    )
    found = await mirror.rows(
        opened,
        "SELECT toUnixTimestamp64Micro(at) AS micros, seq, idx, kind, store, channel, texts, numbers FROM events_by_member "
        f"WHERE merchant = {int(merchant_id)} AND member = {int(member_id)} {place} "
        f"ORDER BY at DESC, seq DESC, idx DESC LIMIT {limit + 1}",
    )
    return paging.page([_moment(opened, row) for row in found], limit, lambda one: one.place)


def _moment(opened: mirror.Mirror, row: tuple[Any, ...]) -> Moment:
    micros, seq, idx, kind, store, channel, texts, numbers = row
    event = opened.registry.event(kind)
    told = [*_told(event, {**texts, **numbers}), store, channel]
    return Moment(
        at=datetime.fromtimestamp(int(micros) / 1_000_000, UTC), kind=kind, title=Sentence(*event.title),
        detail=" · ".join(part for part in told if part), place=[int(micros), int(seq), int(idx)],
    )  # fmt: skip


def _told(event: mirror.Event, properties: Mapping[str, Any]) -> list[str]:
    """Properties as people read them: their values, the titled ones first."""
    titled = [name for name in event.properties if name in properties]
    rest = [name for name in properties if name not in event.properties]
    return [
        _value(properties[name]) if name in titled else f"{name} {_value(properties[name])}"
        for name in [*titled, *rest]
    ]


def _value(value: Any) -> str:
    text = str(value)
    return text.rstrip("0").rstrip(".") if "." in text and text.replace(".", "").lstrip("-").isdigit() else text
