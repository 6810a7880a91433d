"""A segment that asks for too much shows it and keeps its members; the others go on, and it comes back when it is narrowed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shuke.ground import mirror
from shuke.insight import segments
from shuke.kit.db import Database
from tests.insight.segments.test_membership import BUYERS, DAY, NOON, create, shop

__all__ = ["shop"]
HEAVY = {"did": "view", "measure": {"distinct": "page"}, "op": ">=", "value": 3}
LITTLE = 40_000_000


@contextmanager
def poor(columns: mirror.Mirror) -> Iterator[None]:
    """The engine may spend forty megabytes on a question."""
    clients = columns.engine._clients
    before = [client.get_client_setting("max_memory_usage") for client in clients]
    for client in clients:
        client.set_client_setting("max_memory_usage", LITTLE)
    yield
    for client, setting in zip(clients, before, strict=False):
        client.set_client_setting("max_memory_usage", setting)


async def pages(columns: mirror.Mirror, merchant_id: int, count: int) -> None:
    """Member 1 looks at so many different pages."""
    for name, _ in columns.registry.tables["events"].physical:
        await columns.engine.command(
            f"INSERT INTO {name} (merchant, member, kind, at, day, texts, seq, applied) SELECT {merchant_id}, 1, 'view', "
            f"{mirror.instant_literal(NOON - DAY)}, '2026-01-01', map('page', concat('很长的网页名字', toString(number))), "
            f"0, 0 FROM numbers({count})"
        )


async def test_who_asks_for_too_much_shows_it_and_harms_nobody(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:
    await create(database, shop, BUYERS, "buyers")
    await create(database, shop, HEAVY, "readers")
    await mirror.drain(columns, database, shop)
    await pages(columns, shop, 10)
    first = {one.slug: one for one in await segments.refresh(database, columns, shop, NOON)}
    assert (first["readers"].state, first["readers"].size) == ("ok", 1)
    await pages(columns, shop, 1_500_000)
    with poor(columns):
        then = {one.slug: one for one in await segments.refresh(database, columns, shop, NOON + DAY)}
    assert (then["readers"].state, then["readers"].size) == ("error", 1)
    assert then["buyers"].state == "ok"
    async with database.read(shop) as tx:
        shown = await segments.get_segment(tx, "readers")
        assert (shown.state, shown.error and shown.error["code"], shown.count) == ("error", "too_heavy", 1)
        assert await segments.inside(tx, "readers", [1]) == {1}
    async with database.write(shop) as tx:
        await segments.edit_segment(tx, "readers", rule={"did": "view"}, at=NOON + DAY)
    last = {one.slug: one for one in await segments.refresh(database, columns, shop, NOON + 2 * DAY)}
    assert (last["readers"].state, last["readers"].size) == ("ok", 1)
