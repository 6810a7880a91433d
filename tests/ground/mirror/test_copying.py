"""The copy follows the log, survives what a crash leaves behind, and can be made anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shuke.ground import ingestion, members, mirror
from shuke.ground.mirror import jobs
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import intake

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def order(key: str, member: str | None, at: datetime, amount: int = 10_000, **more: Any) -> ingestion.OrderIn:
    return ingestion.OrderIn(
        source="t", order_id=key, occurred_at=at, member={"external": member} if member else None, store_id="s1",
        channel="pos", lines=[ingestion.LineIn(sku="A1", quantity=1, amount_fen=amount, category="护肤")], **more,
    )  # fmt: skip


def refund(key: str, of: str, at: datetime, amount: int) -> ingestion.RefundIn:
    return ingestion.RefundIn(source="t", refund_id=key, order_id=of, occurred_at=at, amount_fen=amount)


async def figures(columns: mirror.Mirror, merchant_id: int, table: str = "orders") -> list[tuple[Any, ...]]:
    return await mirror.rows(
        columns,
        f"SELECT member, sum(sign), sum(sign * amount_fen), count() FROM {table} WHERE merchant = {merchant_id} "
        "GROUP BY member ORDER BY member",
    )


async def test_orders_and_refunds_arrive(database: Database, columns: mirror.Mirror, merchant_id: int) -> None:
    with clock.at(NOON + timedelta(days=3)):
        await intake.apply(
            database, merchant_id, [order("1", "a", NOON), order("2", "a", NOON), order("3", None, NOON)]
        )
        await intake.apply(database, merchant_id, [refund("r2", "1", NOON + timedelta(days=2), 4_000)])
        await intake.apply(database, merchant_id, [refund("r1", "1", NOON + timedelta(days=1), 1_000)])
        await intake.apply(database, merchant_id, [refund("r3", "2", NOON + timedelta(days=1), 10_000)])
    head = await mirror.drain(columns, database, merchant_id)
    assert head > 0
    assert [row[:3] for row in await figures(columns, merchant_id)] == [(0, 1, 10_000), (1, 1, 5_000)]
    assert [row[:3] for row in await figures(columns, merchant_id, "order_lines")] == [(0, 1, 10_000), (1, 1, 5_000)]
    on_the_second_day = await mirror.rows(
        columns,
        f"SELECT sum(sign * amount_fen) FROM orders WHERE merchant = {merchant_id} AND member = 1 "
        f"AND effective_at <= {mirror.instant_literal(NOON + timedelta(days=1, hours=1))}",
    )
    assert on_the_second_day == [(9_000,)]


async def test_a_round_that_did_not_end_is_taken_back(
    database: Database, columns: mirror.Mirror, merchant_id: int
) -> None:
    await intake.apply(database, merchant_id, [order("1", "a", NOON), order("2", "b", NOON)], history=True)
    await mirror.drain(columns, database, merchant_id)
    before = await figures(columns, merchant_id)
    async with database.directory() as tx:
        moved = await tx.run("update mirror_cursor set seq = 1 where merchant_id = %(m)s", m=merchant_id)
    assert moved == 1
    columns.rewound = False  # as after kill -9: the rows are in, the cursor is not
    await mirror.drain(columns, database, merchant_id)
    assert await figures(columns, merchant_id) == before
    async with database.directory() as tx:
        place = await mirror.freshness(tx, merchant_id)
    assert place.behind == 0
    assert place.latest_at is not None


async def test_rebuilt_it_is_the_same(database: Database, columns: mirror.Mirror, merchant_id: int) -> None:
    await intake.apply(database, merchant_id, [order("1", "a", NOON), order("2", "b", NOON)], history=True)
    await mirror.drain(columns, database, merchant_id)
    before = await figures(columns, merchant_id)
    await columns.engine.command(f"DELETE FROM orders WHERE merchant = {merchant_id} AND member = 1")
    assert await figures(columns, merchant_id) != before
    await mirror.rebuild(columns, database, merchant_id)
    assert await figures(columns, merchant_id) == before


async def test_rows_follow_a_merged_member(database: Database, columns: mirror.Mirror, merchant_id: int) -> None:
    await intake.apply(database, merchant_id, [order("1", "a", NOON), order("2", "b", NOON)], history=True)
    async with database.write(merchant_id) as tx:
        await members.merge(tx, 1, 2, by="test", at=NOON)
    await mirror.drain(columns, database, merchant_id)
    rows = await figures(columns, merchant_id)
    assert [row for row in rows if row[0] == 2] == [(2, 2, 20_000, 2)]
    gone = await mirror.rows(
        columns, f"SELECT argMax(gone, seq) FROM members WHERE merchant = {merchant_id} AND member = 1"
    )
    assert gone == [(1,)]
    await mirror.rebuild(columns, database, merchant_id)
    assert await figures(columns, merchant_id) == rows


async def test_rows_go_back_when_a_merge_is_undone(
    database: Database, columns: mirror.Mirror, merchant_id: int
) -> None:
    await intake.apply(database, merchant_id, [order("1", "a", NOON), order("2", "b", NOON)], history=True)
    await mirror.drain(columns, database, merchant_id)
    before = await figures(columns, merchant_id)
    async with database.write(merchant_id) as tx:
        merge_id = await members.merge(tx, 1, 2, by="test", at=NOON)
    await intake.apply(database, merchant_id, [order("3", "a", NOON)], history=True)
    await mirror.drain(columns, database, merchant_id)
    async with database.write(merchant_id) as tx:
        await members.unmerge(tx, merge_id, by="test", at=NOON)
    await mirror.drain(columns, database, merchant_id)
    after = await figures(columns, merchant_id)
    own = [row for row in before if row[0] == 1]
    assert [row for row in after if row[0] == 1] == own and own
    assert [row for row in after if row[0] == 2] == [(2, 2, 20_000, 2)]  # what came meanwhile stays with the survivor
    gone = f"SELECT argMax(gone, seq) FROM members WHERE merchant = {merchant_id} AND member = 1"
    assert await mirror.rows(columns, gone) == [(0,)]
    await mirror.rebuild(columns, database, merchant_id)
    assert await figures(columns, merchant_id) == after


async def test_a_new_folder_starts_from_the_first_announcement(
    database: Database, columns: mirror.Mirror, merchant_id: int
) -> None:
    await intake.apply(database, merchant_id, [order("1", "a", NOON)], history=True)
    await mirror.drain(columns, database, merchant_id)
    before = await figures(columns, merchant_id)
    await columns.engine.command("TRUNCATE TABLE mirror_mark")
    await columns.engine.command("TRUNCATE TABLE orders")
    columns.rewound = False
    await mirror.copy(columns, database, [])
    await mirror.drain(columns, database, merchant_id)
    assert await figures(columns, merchant_id) == before


async def test_tables_of_another_version_are_made_anew_before_anything_is_new(
    database: Database, columns: mirror.Mirror, merchant_id: int
) -> None:
    """The first round after an upgrade, at a shop where nothing happens: questions find the columns they name."""
    await intake.apply(database, merchant_id, [order("1", "a", NOON), order("2", "b", NOON)], history=True)
    await mirror.drain(columns, database, merchant_id)
    before = await figures(columns, merchant_id)
    await columns.engine.command("ALTER TABLE orders DROP COLUMN coupon")
    await columns.engine.command("TRUNCATE TABLE mirror_mark")
    await columns.engine.command("INSERT INTO mirror_mark VALUES ('1:older')")
    columns.rewound = False
    rounds = jobs._Rounds(columns, database, set())
    await rounds.next()
    told = await mirror.rows(columns, f"SELECT DISTINCT coupon FROM orders WHERE merchant = {merchant_id}")
    assert told == [("",)]
    assert await figures(columns, merchant_id) == before


async def test_an_order_keeps_its_place_in_the_log(
    database: Database, columns: mirror.Mirror, merchant_id: int
) -> None:
    """Told after a view and before another of the same instant, it stands between them: also refunded, merged, made anew."""

    def viewed(key: str) -> ingestion.EventIn:
        return ingestion.EventIn(source="t", event="view", event_id=key, occurred_at=NOON, member={"external": "a"})

    tables = columns.registry.tables
    asked = " UNION ALL ".join(
        f"SELECT member, {name} AS name, {tables[table].stands} AS stands FROM {table} WHERE merchant = {merchant_id} {only}"
        for table, name, only in (
            ("orders", "order_key", ""), ("order_lines", "concat(order_key, '/', toString(idx))", ""),
            ("events", "'view'", "AND kind = 'view'"),
        )
    )  # fmt: skip
    rows = (
        f"SELECT member, groupArray(name) FROM (SELECT DISTINCT * FROM ({asked}) ORDER BY stands, name) GROUP BY member"
    )

    async def stands() -> dict[int, list[str]]:
        await mirror.drain(columns, database, merchant_id)
        return dict(await mirror.rows(columns, rows))

    told = ["view", "1", "1/0", "2", "2/0", "view"]
    sold = [order("1", "a", NOON), order("2", "a", NOON), order("3", "b", NOON)]
    for bodies in ([viewed("v1")], sold, [viewed("v2")]):
        await intake.apply(database, merchant_id, bodies, history=True)
    assert await stands() == {1: told, 2: ["3", "3/0"]}
    await intake.apply(database, merchant_id, [refund("r1", "1", NOON + timedelta(days=1), 4_000)], history=True)
    assert await stands() == {1: told, 2: ["3", "3/0"]}
    async with database.write(merchant_id) as tx:
        await members.merge(tx, 1, 2, by="店长", at=NOON)
    late = [order("4", "b", NOON), refund("r2", "2", NOON + timedelta(days=2), 5_000), refund("r4", "4", NOON, 1_000)]
    await intake.apply(database, merchant_id, late, history=True)
    merged = await stands()
    assert merged[1] == told and merged[2] == [*told[:-1], "3", "3/0", "view", "4", "4/0"]
    await mirror.rebuild(columns, database, merchant_id)
    assert await stands() == merged


async def test_every_column_of_a_new_order_arrives(
    database: Database, columns: mirror.Mirror, merchant_id: int
) -> None:
    late_sunday = datetime.fromisoformat("2026-03-01T23:30:00+08:00")
    lines = [
        ingestion.LineIn(sku="JH-01", amount_fen=19_900, product="玫瑰精华", category="护肤", brand="芙颜"),
        ingestion.LineIn(
            sku="MM-07", quantity=2, amount_fen=9_800, discount_fen=600, product="面膜", category="", brand=""
        ),
    ]
    known = {"source": "pos", "member": {"phone": "13800138000"}}
    await intake.apply(
        database, merchant_id,
        [
            ingestion.OrderIn(order_id="单-1", occurred_at=late_sunday, store_id="s1", channel="mini", lines=lines,
                              coupon_code="38节", **known),
            ingestion.OrderIn(order_id="单-2", occurred_at=NOON, channel="pos", amount_fen=100),
        ],
        history=True,
    )  # fmt: skip
    await mirror.drain(columns, database, merchant_id)
    found = await mirror.rows(
        columns,
        "SELECT order_key, member, toString(at), toString(day), weekday, hour, store, channel, coupon, amount_fen, list_fen, "
        f"discount_fen, items, sign, at = effective_at FROM orders WHERE merchant = {merchant_id} ORDER BY order_key",
    )
    assert found == [
        (
            "单-1",
            1,
            "2026-03-01 15:30:00.000000",
            "2026-03-01",
            7,
            23,
            "s1",
            "mini",
            "38节",
            29_700,
            30_300,
            600,
            3,
            1,
            1,
        ),
        ("单-2", 0, "2026-03-02 04:00:00.000000", "2026-03-02", 1, 12, "", "pos", "", 100, 100, 0, 0, 1, 1),
    ]
    found = await mirror.rows(
        columns,
        "SELECT idx, sku, product, category, brand, quantity, amount_fen, discount_fen, weekday, hour, store, coupon "
        f"FROM order_lines WHERE merchant = {merchant_id} ORDER BY idx",
    )
    assert found == [
        (0, "JH-01", "玫瑰精华", "护肤", "芙颜", 1, 19_900, 0, 7, 23, "s1", "38节"),
        (1, "MM-07", "面膜", "", "", 2, 9_800, 600, 7, 23, "s1", "38节"),
    ]


async def test_points_arrive_as_moves_and_as_events(
    database: Database, columns: mirror.Mirror, merchant_id: int
) -> None:
    await intake.apply(database, merchant_id, [order("1", "a", NOON), order("2", "a", NOON)], history=True)
    await mirror.drain(columns, database, merchant_id)
    of_merchant = f"WHERE merchant = {merchant_id}"
    moves = f"SELECT wallet, kind, points, expires_at > active_from FROM points_moves {of_merchant} ORDER BY idx"
    assert await mirror.rows(columns, moves) == [("points", "earn", 100, 1)] * 2
    events = (
        "SELECT member, toString(at), toString(day), weekday, hour, texts['type'], texts['wallet'], numbers['points'] "
        f"FROM events {of_merchant} AND kind = 'points_moved' ORDER BY seq, idx"
    )
    assert (
        await mirror.rows(columns, events)
        == [(1, "2026-03-02 04:00:00.000000", "2026-03-02", 1, 12, "earn", "points", 100)] * 2
    )


async def test_news_that_brings_no_row_moves_the_cursor_all_the_same(
    database: Database, columns: mirror.Mirror, merchant_id: int
) -> None:
    looked = ingestion.EventIn(event="view", event_id="1", occurred_at=NOON, member={"external": "新客"})
    await intake.apply(database, merchant_id, [looked], history=True)  # a member of whom nothing is known
    assert await mirror.drain(columns, database, merchant_id) > 0
    kinds = await mirror.rows(columns, f"SELECT kind, count() FROM events WHERE merchant = {merchant_id} GROUP BY kind")
    assert kinds == [("view", 1)]
