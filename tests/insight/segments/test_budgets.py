"""A segment that asks for too much shows it and keeps its members; the others go on, and it comes back when it is narrowed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from shuke.ground import mirror
from shuke.insight import segments
from shuke.kit.db import Database
from shuke.programs import intake
from tests.insight.segments.test_membership import BUYERS, DAY, NOON, bought, create, shop

__all__ = ["shop"]
HEAVY = {"did": "view", "measure": {"distinct": "page"}, "op": ">=", "value": 3}
LITTLE = 40_000_000


@contextmanager
def poor(columns: mirror.Mirror, name: str = "max_memory_usage", value: float = LITTLE) -> Iterator[None]:
    """The engine may spend forty megabytes on a question, or little time."""
    clients = columns.engine._clients
    before = [client.get_client_setting(name) for client in clients]
    for client in clients:
        client.set_client_setting(name, value)
    yield
    for client, setting in zip(clients, before, strict=False):
        client.set_client_setting(name, setting)


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


async def test_the_live_loop_goes_on_without_it(database: Database, columns: mirror.Mirror, shop: int) -> None:
    """What a round finds too much is shown at once; the next rounds ask the others alone, and a refresh tries it again."""
    columns.listeners.append(segments.note_changed)
    await create(database, shop, HEAVY, "readers")
    await create(database, shop, {"all": [BUYERS, {"segment": "readers"}]}, "reading-buyers")
    await create(database, shop, BUYERS, "buyers")
    await pages(columns, shop, 10)
    await segments.refresh(database, columns, shop, NOON)
    await segments.live(database, columns, shop, NOON)
    await pages(columns, shop, 1_500_000)
    with poor(columns):
        for n, buyer in enumerate(("a", "b")):
            await intake.apply(database, shop, [bought(f"9{n}", buyer, NOON)], history=True)
            await mirror.drain(columns, database, shop)
            await segments.live(database, columns, shop, NOON)
        async with database.read(shop) as tx:
            shown = {one.slug: one for one in await segments.list_segments(tx)}
            assert {slug: one.error and one.error["code"] for slug, one in shown.items()} == {
                "readers": "too_heavy",
                "reading-buyers": "too_heavy",
                "buyers": None,
            }
            assert await segments.inside(tx, "buyers", [1, 2]) == {1, 2}
            assert shown["readers"].refreshed_at == NOON
        proven = await segments.verify(database, columns, shop, NOON + DAY)
        assert proven == {"buyers": {"missing": 0, "extra": 0, "sample": []}}
        async with database.read(shop) as tx:
            shown = {one.slug: one for one in await segments.list_segments(tx)}
        assert (shown["readers"].verified_at, shown["buyers"].verified_at) == (None, NOON + DAY)
        assert (shown["readers"].refreshed_at, shown["buyers"].refreshed_at) == (NOON, NOON + DAY)
    await segments.refresh(database, columns, shop, NOON + DAY)
    told = await segments.verify(database, columns, shop, NOON + DAY)
    assert {slug: (one["missing"], one["extra"]) for slug, one in told.items()} == dict.fromkeys(shown, (0, 0))
    columns.listeners.remove(segments.note_changed)


@pytest.mark.usefixtures("mirrored")
async def test_a_preview_that_is_too_much_says_how_to_narrow_it(
    columns: mirror.Mirror, shop: int, owner: httpx.AsyncClient
) -> None:
    await pages(columns, shop, 1_500_000)
    for setting, value in (("max_memory_usage", LITTLE), ("max_execution_time", 0.01)):
        with poor(columns, setting, value):
            answer = await owner.post("/console/api/segments/preview", json={"rule": HEAVY})
        told = answer.json()
        assert (answer.status_code, told["code"]) == (422, "too_much_to_read"), told
        assert told["cure"] and told["cure_en"]
    assert (await owner.post("/console/api/segments/preview", json={"rule": HEAVY})).status_code == 200
