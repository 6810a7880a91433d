"""Many who enter and leave at once: written piece by piece, while who changes in between comes first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pyroaring import BitMap

from shuke.doors import following as loop
from shuke.ground import mirror
from shuke.insight import segments
from shuke.insight.segments.actions import budgets, refreshing, writing
from shuke.insight.segments.actions.state import turn_of
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import intake
from tests.conftest import make_merchant
from tests.insight.segments.test_faults import FRESH, GONE, forget, proven
from tests.insight.segments.test_living import flips
from tests.insight.segments.test_membership import BUYERS, DAY, NOON, bought, create

MEMBERS = 12
_SUMS = """
select entered, count(*) as flips, sum(member_id) as total, count(*) filter (where reason = 'event') as by_event
from segment_flip where merchant_id = %(merchant_id)s group by entered order by entered desc
"""
RULES = {"buyers": BUYERS, "fresh": FRESH, "gone": GONE}


@pytest.fixture
async def shop(database: Database, columns: mirror.Mirror, merchant_id: int) -> AsyncIterator[int]:
    """Twelve members whose thirtieth day ends tonight, in three segments; pieces of two flips."""
    columns.listeners.append(segments.note_changed)
    items = [bought(f"o{n}", f"m{n}", NOON - 29 * DAY) for n in range(MEMBERS)]
    await intake.apply(database, merchant_id, items, history=True)
    for slug, rule in RULES.items():
        await create(database, merchant_id, rule, slug)
    await segments.refresh(database, columns, merchant_id, NOON)
    await segments.live(database, columns, merchant_id, NOON)
    yield merchant_id
    columns.listeners.remove(segments.note_changed)


def counting(monkeypatch: pytest.MonkeyPatch, meanwhile: Any) -> list[int]:
    """How many members each transaction asked about (0: all); after the second one something happens."""
    stored: list[int] = []
    plain = refreshing.store

    async def store(tx: Any, state: Any, outcome: Any, reason_of: Any) -> Any:
        stored.append(0 if outcome.among is None else len(outcome.among))
        done = await plain(tx, state, outcome, reason_of)
        if len(stored) == 2:
            await meanwhile()
        return done

    monkeypatch.setattr(refreshing, "PIECE", 4)
    monkeypatch.setattr(refreshing, "store", store)
    return stored


async def test_who_buys_while_a_crowd_leaves_stays(
    database: Database, columns: mirror.Mirror, shop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = NOON + DAY

    async def meanwhile() -> None:
        again = [bought("again", "m11", at), bought("early", "m0", at), bought("new", "neu", at)]
        await intake.apply(database, shop, again, history=True)
        await mirror.drain(columns, database, shop)
        await create(database, shop, {"did": "order", "window": {"last": "2d"}}, "latest", at)

    stored = counting(monkeypatch, meanwhile)
    done = await segments.live(database, columns, shop, at)
    # Who bought comes between the pieces; not the first piece, whose flips were copied as events by then.
    assert stored[:3] == [2, 2, 3] and stored[-1] == 0
    assert sum(stored) == MEMBERS + 3 - 1  # of whom m11 was still to be written
    told = {one.slug: (one.entered, one.left) for one in done.refreshed}
    assert told["buyers"] == (0, 11) and told["gone"] == (11, 0)
    assert len(await flips(database, shop)) == 11 * 2 + 3 + 2 + 1  # left; m0 back; new; m11 fresh
    await segments.refresh(database, columns, shop, at + timedelta(seconds=2))
    await proven(database, columns, shop, at + timedelta(seconds=3))


async def test_a_refresh_by_schedule_writes_a_crowd_in_pieces_too(
    database: Database, columns: mirror.Mirror, shop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = NOON + DAY

    async def meanwhile() -> None:
        await intake.apply(database, shop, [bought("again", "m11", at)], history=True)
        await mirror.drain(columns, database, shop)

    stored = counting(monkeypatch, meanwhile)
    done = await segments.refresh(database, columns, shop, at)
    assert stored[:3] == [2, 2, 1] and stored[-1] == 0
    told = {one.slug: (one.entered, one.left) for one in done}
    assert told["buyers"] == (0, 11) and told["gone"] == (11, 0)
    assert len(await flips(database, shop)) == 11 * 2 + 1  # m11 is fresh, and entered nothing else
    await segments.live(database, columns, shop, at + timedelta(seconds=2))
    await proven(database, columns, shop, at + timedelta(seconds=3))


@pytest.mark.parametrize("piece", [4, 1_000])
async def test_who_buys_while_everybody_is_asked_about_comes_before_the_older_answer(
    database: Database, columns: mirror.Mirror, shop: int, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    at, plain = NOON + DAY, budgets.answered

    async def slowly(*asked: Any) -> Any:
        found = await plain(*asked)
        await intake.apply(database, shop, [bought("again", "m11", at)], history=True)
        await mirror.drain(columns, database, shop)
        await asyncio.sleep(0.5)
        return found

    async def nothing() -> None:
        return

    stored = counting(monkeypatch, nothing)
    monkeypatch.setattr(refreshing, "PIECE", piece)
    monkeypatch.setattr(refreshing, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(budgets, "answered", slowly)
    done = await segments.live(database, columns, shop, at)
    monkeypatch.setattr(budgets, "answered", plain)
    assert stored[0] == 1 and stored[-1] == 0, "the one who bought did not wait for the crowd"
    told = {one.slug: (one.entered, one.left) for one in done.refreshed}
    assert told["buyers"] == (0, 11) and told["gone"] == (11, 0)
    assert len(await flips(database, shop)) == 11 * 2 + 1
    await proven(database, columns, shop, at + timedelta(seconds=3))


async def test_the_round_of_one_merchant_holds_nobody_else(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:
    other = await make_merchant(database)
    await create(database, other, BUYERS, "buyers")
    await segments.refresh(database, columns, other, NOON)
    following = loop._Following(columns, database)
    try:
        with clock.at(NOON + timedelta(hours=1)):
            async with turn_of(database, columns, shop):  # as a crowd holds it
                await intake.apply(database, shop, [bought("x", "m0", clock.now())], history=True)
                await intake.apply(database, other, [bought("y", "朱砂", clock.now())], history=True)
                for merchant_id in (shop, other):
                    await mirror.drain(columns, database, merchant_id)
                await following.begin()
                async with asyncio.timeout(10):
                    while not await flips(database, other):
                        await asyncio.sleep(0.05)
                before = len(await flips(database, shop))
                await following.begin()
            await asyncio.wait_for(following.round(), 10)
        assert len(await flips(database, shop)) == before + 1, "m0 is fresh"
    finally:
        await following.stop()


async def test_a_kill_between_two_pieces_loses_nobody(
    database: Database, columns: mirror.Mirror, shop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed() -> None:
        raise KeyboardInterrupt

    stored = counting(monkeypatch, killed)
    with pytest.raises(KeyboardInterrupt):
        await segments.live(database, columns, shop, NOON + DAY)
    forget(columns)
    assert len(await flips(database, shop)) == 4
    await segments.live(database, columns, shop, NOON + DAY)
    assert stored[2:7] == [2] * 5
    assert len(await flips(database, shop)) == 2 * MEMBERS
    await proven(database, columns, shop, NOON + DAY)


async def test_more_flips_than_one_statement_takes_are_written_in_one_transaction(
    database: Database, merchant_id: int
) -> None:
    many = BitMap(range(1, 2 * writing.ROWS + 2))
    async with database.write(merchant_id) as tx:
        shown = await segments.create_segment(tx, name="买过护肤", slug="skin", rule=BUYERS, at=NOON)
        refresh_ids, segment_id = await tx.fresh_ids(2), shown.segment_id
        for number, (before, after) in enumerate(((BitMap(), many), (many, BitMap([3])))):
            written = writing.Written(NOON)
            change = writing.Change(after, after - before, before - after)
            row = SimpleNamespace(segment_id=segment_id, version=1)
            written.add(row, refresh_ids[number], change, lambda member: "event" if member % 2 else "time")
            await written.store(tx)
    async with database.read(merchant_id) as tx:
        [came, went] = await tx.rows(_SUMS)
    assert (came.entered, came.flips, came.total) == (True, len(many), sum(many))
    assert (went.entered, went.flips, went.total) == (False, len(many) - 1, sum(many) - 3)
    assert went.by_event == writing.ROWS  # the odd ones but 3
