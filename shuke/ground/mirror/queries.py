"""Questions to the mirror, and how fresh its answers are."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from pyroaring import BitMap

from shuke.ground.mirror.engines import Engine, MirrorGone, dialect_of
from shuke.ground.mirror.engines.arrow import warm_up
from shuke.ground.mirror.policy import Moment, Registry, create_table, declared
from shuke.ground.mirror.policy.answers import read_bitmaps, read_columns
from shuke.kit.db import Tx

REMEMBERED = 256


@dataclass(slots=True)
class Mirror:
    """An open mirror: the engine, what was declared, who wants to hear of whom news was copied, and whether this process copies.

    `listeners` take the merchant, the members of whom news was copied, and those of whom only echoes were.
    `told`: by merchant, after which announcement and up to which the listeners have heard everything without a gap.
    """

    engine: Engine
    registry: Registry
    listeners: list[Callable[[int, BitMap, BitMap], None]] = field(default_factory=list)
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    rewound: bool = False
    holder: str | None = None
    leased_until: datetime | None = None
    remembered: OrderedDict[Any, Any] = field(default_factory=OrderedDict)
    told: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Freshness:
    """Up to which announcement one merchant is copied, of how many, and since when."""

    seq: int
    head: int
    applied_at: datetime | None
    latest_at: datetime | None

    @property
    def behind(self) -> int:
        """Announcements not copied yet."""
        return self.head - self.seq


_opened: list[Mirror] = []


async def open_mirror(url: str, registry: Registry | None = None) -> Mirror:
    """Open the engine behind `chdb:///folder` or `clickhouse://…` and create what is missing.

    One process per folder; the mirror of a process is found again by `of_process`.
    """
    known = registry or declared()
    engine = Engine(dialect_of(url))
    try:
        for table in known.tables.values():
            for name, order in table.physical:
                await engine.command(create_table(table, name, order, engine.dialect.table_engine))
    except BaseException:
        await engine.close()
        raise
    await asyncio.to_thread(warm_up)
    mirror = Mirror(engine, known)
    _opened.append(mirror)
    return mirror


async def close_mirror(mirror: Mirror) -> None:
    """Give the engine free; needed before the process ends."""
    _opened.remove(mirror)
    await mirror.engine.close()


def of_process() -> Mirror:
    """The mirror this process has open; refuses `MirrorGone` where there is none."""
    return opened(_opened[-1] if _opened else None)


def opened(mirror: Mirror | None) -> Mirror:
    """The mirror a process was started with; refuses `MirrorGone` where it is away for now."""
    if mirror is None:
        raise MirrorGone("this process has no mirror open")
    return mirror


async def wait_for(seconds: float) -> None:
    """Give others time to copy."""
    await asyncio.sleep(seconds)


async def rows(mirror: Mirror, sql: str) -> list[tuple[Any, ...]]:
    """The answer to a question. Every question names its merchant and is stopped after half a minute."""
    return await mirror.engine.rows(sql)


async def table(mirror: Mirror, sql: str) -> pa.Table:
    """The answer to a question by column, for arithmetic over many members without an object for each value."""
    return await mirror.engine.table(sql)


async def bitmaps(mirror: Mirror, sql: str) -> list[BitMap]:
    """The answer to a question whose columns are all bitmap states: one row of sets of member numbers."""
    return read_bitmaps(await mirror.engine.bytes(sql))


async def measured(mirror: Mirror, sql: str) -> tuple[np.ndarray, np.ndarray]:
    """The answer to a question for (member, value): the members whose value is above 0, in no order, and their values as
    64-bit floating numbers. There may be millions."""
    asked = f"SELECT member, toFloat64(assumeNotNull(value)) FROM ({sql}) WHERE ifNull(value > 0, 0)"
    members, values = read_columns(await mirror.engine.bytes(asked, "Native"), ("<u4", "<f8"))
    return members, values


async def moment(tx: Tx, merchant_id: int, as_of: datetime, zone: str, day_start_minutes: int) -> Moment:
    """One merchant at one instant; `complete` when nothing copied is later."""
    row = await tx.one("select latest_at, marks from mirror_cursor where merchant_id = %(wanted)s", wanted=merchant_id)
    if row is None:
        return Moment(merchant_id, as_of, zone, day_start_minutes)
    complete = row.latest_at is not None and row.latest_at <= as_of
    return Moment(merchant_id, as_of, zone, day_start_minutes, complete, row.marks.get("members"))


async def status(tx: Tx) -> list[dict[str, Any]]:
    """How far every merchant is copied; asked of the directory."""
    rows_ = await tx.rows(
        "select m.slug, h.seq as head, coalesce(c.seq, 0) as copied, c.applied_at from merchant m "
        "join merchant_head h on h.merchant_id = m.merchant_id left join mirror_cursor c on c.merchant_id = m.merchant_id "
        "order by m.merchant_id"
    )
    return [
        {"merchant": row.slug, "announced": row.head, "copied": row.copied, "behind": row.head - row.copied,
         "as_of": row.applied_at.isoformat() if row.applied_at else None}
        for row in rows_
    ]  # fmt: skip


def remember(mirror: Mirror, key: Any, value: Any) -> None:
    """Keep something worked out from the copy, under a key that names the state it holds for; the oldest are dropped."""
    mirror.remembered[key] = value
    while len(mirror.remembered) > REMEMBERED:
        mirror.remembered.popitem(last=False)


async def freshness(tx: Tx, merchant_id: int) -> Freshness:
    """How fresh the mirror is for one merchant; asked of the directory or of the merchant."""
    row = await tx.one(
        "select h.seq as head, coalesce(c.seq, 0) as seq, c.applied_at, c.latest_at from merchant_head h "
        "left join mirror_cursor c on c.merchant_id = h.merchant_id where h.merchant_id = %(wanted)s",
        wanted=merchant_id,
    )
    if row is None:
        return Freshness(0, 0, None, None)
    return Freshness(row.seq, row.head, row.applied_at, row.latest_at)
