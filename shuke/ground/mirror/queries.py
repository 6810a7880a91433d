"""Questions to the mirror, and how fresh its answers are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shuke.ground.mirror.engines import Engine, dialect_of
from shuke.ground.mirror.policy import create_table
from shuke.ground.mirror.policy.bitmaps import read_bitmaps

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pyroaring import BitMap

    from shuke.ground.mirror.policy import Registry
    from shuke.kit.db import Tx


@dataclass(slots=True)
class Mirror:
    """An open mirror: the engine, what was declared, and who wants to hear of news."""

    engine: Engine
    registry: Registry
    listeners: list[Callable[[int], None]] = field(default_factory=list)
    rewound: bool = False


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


async def open_mirror(url: str, registry: Registry) -> Mirror:
    """Open the engine behind `chdb:///folder` or `clickhouse://…` and create what is missing. One process per folder."""
    engine = Engine(dialect_of(url))
    for table in registry.tables.values():
        for name, order in table.physical:
            await engine.command(create_table(table, name, order, engine.dialect.table_engine))
    return Mirror(engine, registry)


async def close_mirror(mirror: Mirror) -> None:
    """Give the engine free; needed before the process ends."""
    await mirror.engine.close()


async def rows(mirror: Mirror, sql: str) -> list[tuple[Any, ...]]:
    """The answer to a question. Every question names its merchant and is stopped after half a minute."""
    return await mirror.engine.rows(sql)


async def bitmaps(mirror: Mirror, sql: str) -> list[BitMap]:
    """The answer to a question whose columns are all bitmap states: one row of sets of member numbers."""
    return read_bitmaps(await mirror.engine.bytes(sql))


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
