"""Segments while things happen: only who changed is asked, time alone changes membership, and the proof finds faults."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pyroaring import BitMap

from shuke.ground import ingestion, mirror
from shuke.insight import segments
from shuke.kit.db import Database
from shuke.programs import intake
from tests.insight.segments.test_membership import BUYERS, DAY, NOON, bought, create

HOUR = timedelta(hours=1)
FRESH = {"did": "order", "window": {"last": "36h"}}
SLOW = {
    "sequence": [{"did": "add_to_cart"}, {"not": {"did": "order"}, "same": [], "within": "2h"}], "window": {"last": "7d"},
}  # fmt: skip
BEST = {"rank": {"did": "order", "measure": {"sum": "amount_fen"}}, "top": "50%"}


@pytest.fixture
async def shop(database: Database, columns: mirror.Mirror, merchant_id: int) -> Any:
    """小美 bought 40 days ago, 阿强 an hour ago; what is copied is noted as the loop would."""
    columns.listeners.append(segments.note_changed)
    await intake.apply(
        database, merchant_id, [bought("1", "a", NOON - 40 * DAY), bought("2", "b", NOON - HOUR)], history=True
    )
    yield merchant_id
    columns.listeners.remove(segments.note_changed)


async def flips(database: Database, shop: int) -> list[tuple[int, bool, str]]:
    async with database.read(shop) as tx:
        rows = await tx.rows(
            "select member_id, entered, reason from segment_flip where merchant_id = %(merchant_id)s order by refresh_id, member_id"
        )
    return [(row.member_id, row.entered, row.reason) for row in rows]


async def test_an_event_asks_only_its_member_and_time_alone_lets_out(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:
    await create(database, shop, BUYERS, "buyers")
    await create(database, shop, FRESH, "fresh")
    await segments.refresh(database, columns, shop, NOON)
    first = await segments.live(database, columns, shop, NOON + timedelta(minutes=1))
    assert first.due == NOON - HOUR + 36 * HOUR or first.due <= NOON + DAY
    await intake.apply(database, shop, [bought("3", "a", NOON + timedelta(minutes=5))], history=True)
    await mirror.drain(columns, database, shop)
    lived = await segments.live(database, columns, shop, NOON + timedelta(minutes=6), timed=False)
    assert [(one.slug, one.entered, one.left, one.size) for one in lived.refreshed] == [
        ("buyers", 1, 0, 2),
        ("fresh", 1, 0, 2),
    ]
    assert lived.asked == 1
    again = await segments.live(database, columns, shop, NOON + timedelta(minutes=6))
    assert again.refreshed == []
    assert await flips(database, shop) == [(1, True, "event"), (1, True, "event")]


async def test_flips_ask_nobody_again_unless_a_rule_speaks_of_them(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:
    await create(database, shop, BUYERS, "buyers")
    await segments.refresh(database, columns, shop, NOON)
    await segments.live(database, columns, shop, NOON)
    await intake.apply(database, shop, [bought("3", "a", NOON + timedelta(minutes=1))], history=True)
    asked = []
    for minute in (2, 3, 4):
        await mirror.drain(columns, database, shop)
        lived = await segments.live(database, columns, shop, NOON + timedelta(minutes=minute), timed=False)
        asked.append(lived.asked)
    assert asked == [1, 0, 0]
    came_back = {"did": "segment_entered", "where": [{"prop": "segment", "op": "eq", "value": "buyers"}]}
    await create(database, shop, came_back, "came-back")
    await segments.refresh(database, columns, shop, NOON + timedelta(minutes=5))
    await intake.apply(database, shop, [bought("4", "c", NOON + timedelta(minutes=6))], history=True)
    asked = []
    for minute in (7, 8, 9):
        await mirror.drain(columns, database, shop)
        lived = await segments.live(database, columns, shop, NOON + timedelta(minutes=minute), timed=False)
        asked.append(lived.asked)
    assert asked == [1, 1, 1]  # the purchase, its flip, and the flip of who came back
    assert (await segments.verify(database, columns, shop, NOON + timedelta(minutes=9)))["came-back"]["missing"] == 0


async def test_what_slides_ends_to_the_second(database: Database, columns: mirror.Mirror, shop: int) -> None:
    await create(database, shop, {"did": "order", "window": {"last": "90m"}}, "just-now")
    await segments.refresh(database, columns, shop, NOON)
    lived = await segments.live(database, columns, shop, NOON)
    assert lived.due == NOON + timedelta(minutes=30)
    before = await segments.live(database, columns, shop, lived.due - timedelta(seconds=1))
    assert before.refreshed == []
    after = await segments.live(database, columns, shop, lived.due)
    assert [(one.left, one.size) for one in after.refreshed] == [(1, 0)]
    assert await flips(database, shop) == [(2, False, "time")]
    assert (await segments.verify(database, columns, shop, lived.due))["just-now"] == {
        "missing": 0,
        "extra": 0,
        "sample": [],
    }


async def test_a_business_date_begins(database: Database, columns: mirror.Mirror, shop: int) -> None:
    await create(database, shop, BUYERS, "buyers")
    await segments.refresh(database, columns, shop, NOON)
    lived = await segments.live(database, columns, shop, NOON + 31 * DAY)
    assert [(one.left, one.size) for one in lived.refreshed] == [(1, 0)]
    assert await flips(database, shop) == [(2, False, "time")]


async def test_then_did_not_pay(database: Database, columns: mirror.Mirror, shop: int) -> None:
    await create(database, shop, SLOW, "left-the-cart")
    await segments.refresh(database, columns, shop, NOON)
    carts: list[Any] = [
        ingestion.EventIn(source="t", event_id=f"c{n}", occurred_at=NOON, event="add_to_cart", member={"external": name})
        for n, name in enumerate("ab")
    ]  # fmt: skip
    await intake.apply(database, shop, [*carts, bought("9", "b", NOON + HOUR)], history=True)
    await mirror.drain(columns, database, shop)
    now = await segments.live(database, columns, shop, NOON + HOUR)
    assert now.refreshed == []
    assert now.due == NOON + 2 * HOUR
    then = await segments.live(database, columns, shop, now.due)
    assert [(one.slug, one.entered) for one in then.refreshed] == [("left-the-cart", 1)]
    async with database.read(shop) as tx:
        assert await segments.members_after(tx, "left-the-cart", 0, 10) == [1]


async def test_between_refreshes_a_ranking_follows_its_edge(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:
    await intake.apply(database, shop, [bought("5", "b", NOON - 2 * HOUR, 50_000)], history=True)
    await create(database, shop, BEST, "best")
    [first] = await segments.refresh(database, columns, shop, NOON)
    assert first.size == 1
    await segments.live(database, columns, shop, NOON)
    await intake.apply(database, shop, [bought("6", "a", NOON, 90_000)], history=True)
    await mirror.drain(columns, database, shop)
    [lived] = (await segments.live(database, columns, shop, NOON + HOUR)).refreshed
    assert (lived.entered, lived.size) == (1, 2)
    assert (await segments.verify(database, columns, shop, NOON + HOUR))["best"]["extra"] == 0
    [fresh] = await segments.refresh(database, columns, shop, NOON + 2 * HOUR)
    assert fresh.size == 1


async def test_the_proof_finds_and_repairs_a_fault(database: Database, columns: mirror.Mirror, shop: int) -> None:
    await create(database, shop, BUYERS, "buyers")
    await segments.refresh(database, columns, shop, NOON)
    await segments.live(database, columns, shop, NOON)
    async with database.write(shop) as tx:
        await tx.run(
            "update segment_chunk set members = %(members)s where merchant_id = %(merchant_id)s",
            members=BitMap([1]).serialize(),
        )
    found = await segments.verify(database, columns, shop, NOON + HOUR)
    assert found == {"buyers": {"missing": 1, "extra": 1, "sample": [2, 1]}}
    assert sorted(await flips(database, shop)) == [(1, False, "repair"), (2, True, "repair")]
    assert (await segments.verify(database, columns, shop, NOON + HOUR))["buyers"]["missing"] == 0
    async with database.read(shop) as tx:
        shown = await segments.get_segment(tx, "buyers")
    assert (shown.verified_at, shown.difference) == (NOON + HOUR, {"missing": 0, "extra": 0, "sample": []})


async def test_lists_by_import_and_snapshot(database: Database, columns: mirror.Mirror, shop: int) -> None:
    async with database.write(shop) as tx:
        made = await segments.import_list(tx, name="老客名单", lines=["a", "nobody", " b ", "a"], at=NOON)
    assert (made.count, made.origin["unmatched"], made.origin["examples"]) == (2, 1, ["nobody"])
    rule = {"all": [{"list": made.slug}, {"not": BUYERS}]}
    await create(database, shop, rule, "listed-and-gone")
    [refreshed] = await segments.refresh(database, columns, shop, NOON)
    assert refreshed.size == 1
    async with database.write(shop) as tx:
        with pytest.raises(segments.ListInUse) as used:
            await segments.delete_list(tx, made.slug, NOON)
        assert [use.id for use in used.value.uses] == ["listed-and-gone"]
        with pytest.raises(segments.BadRule):
            await segments.create_segment(tx, name="x", rule={"list": "unknown"}, at=NOON)
