"""`shuke bench mirror`: the columnar copy made anew from PostgreSQL, through what `shuke mirror rebuild` does.

Members, orders of three lines and behaviour are written by set-based SQL as the write path leaves them: rows of orders, and a
log that announces so many of them at once. Beside it in the same run: the same rows out of PostgreSQL as binary COPY and
nothing more, then the finished columns into empty tables of the engine and nothing more. `ratio` is rebuilding ÷ both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import tempfile
from typing import TYPE_CHECKING, Any

from bench import baseline
from shuke.doors import setup, wiring
from shuke.ground import mirror
from shuke.ground.mirror.policy.sql import create_table
from shuke.kit import clock
from shuke.kit.db import Database

if TYPE_CHECKING:
    from collections.abc import Sequence

GOAL = 200_000
PIECE = 500_000
_AT = "timestamptz '2026-11-01 04:00+00' - make_interval(secs => hashint8extended({}, {}) & 31535999)"
_MEMBER = f"""
insert into member (merchant_id, member_id, joined_at, attributes, created_at)
select %(merchant_id)s, n, {_AT.format("n", 1)}, '{{}}', now() from generate_series(1, %(members)s::bigint) n
"""
_MEMBER_NEWS = """
insert into outbox (merchant_id, seq, kind, payload, at, batch_id)
select %(merchant_id)s, %(head)s::bigint + n, 'member_changed', jsonb_build_object('member_id', n, 'new', true, 'attributes',
    jsonb_build_object('city', (array['上海', '北京', '杭州', '成都', '广州'])[1 + n %% 5])), now(), n
from generate_series(1, %(members)s::bigint) n
"""
_ORDER = f"""
insert into orders (merchant_id, order_id, source, source_key, member_id, store_id, channel, occurred_at, business_date,
    amount_fen, list_fen, discount_fen, lines, recorded_at)
select %(merchant_id)s, n, 'pos', 'A' || n, 1 + (hashint8extended(n, 2) & 2147483647) %% %(members)s::bigint,
    %(store)s::bigint, (array['pos', 'web', 'mini', 'douyin'])[1 + n %% 4], o.at, (o.at at time zone 'Asia/Shanghai')::date,
    37700 + n %% 900, 38300 + n %% 900, 600,
    jsonb_build_array(
        jsonb_build_object('sku', 'JH-01', 'quantity', 1, 'amount_fen', 19900, 'product', '玫瑰精华', 'category', '护肤',
            'brand', '芙颜'),
        jsonb_build_object('sku', 'MM-' || n %% 97, 'quantity', 2, 'amount_fen', 5800 + n %% 900, 'discount_fen', 600),
        jsonb_build_object('sku', 'SF-' || n %% 31, 'quantity', 1, 'amount_fen', 12000, 'category', '洁面')),
    o.at
from generate_series(%(first)s::bigint, %(last)s::bigint) n cross join lateral (select {_AT.format("n", 3)} as at) o
"""
_ORDER_NEWS = """
insert into outbox (merchant_id, seq, kind, payload, at, batch_id)
select %(merchant_id)s, %(head)s::bigint + row_number() over (order by n), 'orders_recorded', jsonb_build_object('history', true,
    'order_ids', (select jsonb_agg(i) from generate_series(n, least(n + %(together)s::bigint - 1, %(last)s::bigint)) i)), now(), n
from generate_series(%(first)s::bigint, %(last)s::bigint, %(together)s::bigint) n
"""
_PROPERTIES = """
case n %% 5
    when 0 then jsonb_build_object('sku', 'k' || n %% 997, 'category', '护肤', 'seconds', n %% 300)
    when 1 then jsonb_build_object('sku', 'k' || n %% 997, 'category', '面膜', 'seconds', n %% 120)
    when 2 then jsonb_build_object('video', 'v' || n %% 89, 'share', (n %% 100) / 100.0, 'finished', n %% 3 = 0)
    when 3 then jsonb_build_object('query', '精华 ' || n %% 211)
    else '{}'::jsonb end
"""
_EVENT_NEWS = f"""
insert into outbox (merchant_id, seq, kind, payload, at, batch_id)
select %(merchant_id)s, %(head)s::bigint + row_number() over (order by f), 'events_recorded', jsonb_build_object('history', true,
    'events', (select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'event', (array['view', 'view', 'video_watched', 'search', 'check_in'])[1 + n %% 5],
        'member_id', 1 + (hashint8extended(n, 4) & 2147483647) %% %(members)s::bigint,
        'occurred_at', to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'day', to_char(e.at at time zone 'Asia/Shanghai', 'YYYY-MM-DD'), 'event_id', 'e' || n,
        'properties', nullif({_PROPERTIES}, '{{}}'), 'store', case when n %% 3 = 0 then 's1' end, 'channel', 'mini')))
    from generate_series(f, least(f + %(together)s::bigint - 1, %(last)s::bigint)) n
    cross join lateral (select {_AT.format("n", 5)} as at) e)), now(), f
from generate_series(%(first)s::bigint, %(last)s::bigint, %(together)s::bigint) f
"""
_COPIES = (
    "select seq, at, kind, payload, batch_id from outbox where merchant_id = {m} order by seq",
    "select order_id, source_key, member_id, store_id, channel, occurred_at, business_date, amount_fen, list_fen, discount_fen, "
    "coupon_code, lines from orders where merchant_id = {m}",
    "select member_id, joined_at, merged_into from member where merchant_id = {m}",
)
# By case: members, orders and events of a hundred facts.
CASES = {"behaviour": (4, 0, 96), "orders": (4, 96, 0), "both": (4, 32, 64)}


async def _fill(database: Database, merchant_id: int, counts: Sequence[int], together: int) -> None:
    members, orders, events = counts
    async with database.read(merchant_id) as tx:
        store = await tx.value("select min(store_id) from store where merchant_id = %(merchant_id)s")
    steps = [(_MEMBER, 1, members, 0), (_MEMBER_NEWS, 1, members, 1)]
    for first in range(1, orders + 1, PIECE):
        last = min(orders, first + PIECE - 1)
        steps += [(_ORDER, first, last, 0), (_ORDER_NEWS, first, last, together)]
    for first in range(1, events + 1, PIECE):
        steps.append((_EVENT_NEWS, first, min(events, first + PIECE - 1), together))
    for sql, first, last, of_one in steps:
        async with database.write(merchant_id) as tx:
            head = await tx.value("select seq from merchant_head where merchant_id = %(merchant_id)s")
            told = await tx.run(
                sql, head=head, first=first, last=last, members=members, store=store, together=of_one or together
            )
            if of_one:
                await tx.run(
                    "update merchant_head h set seq = h.seq + %(told)s::bigint where merchant_id = %(merchant_id)s",
                    told=told,
                )


async def _out_of_postgres(database: Database, merchant_id: int) -> tuple[float, int]:
    """Seconds and bytes of the same rows as binary COPY, thrown away as they come."""
    started, size = clock.monotonic(), 0
    async with database.read(merchant_id) as tx:
        await tx.value("select 1")
        for sql in _COPIES:
            async with tx.connection.cursor().copy(
                f"copy ({sql.format(m=merchant_id)}) to stdout (format binary)"
            ) as out:
                async for piece in out:
                    size += len(piece)
    return clock.monotonic() - started, size


async def _into_the_engine(opened: mirror.Mirror, merchant_id: int) -> tuple[float, int]:
    """Seconds and rows of inserting the finished columns into empty tables, as large as they come."""
    took, count = 0.0, 0
    for table in opened.registry.tables.values():
        columns = ", ".join(("merchant", "member", "seq", "idx", "applied", *(column.name for column in table.columns)))
        for name, order in table.physical:
            beside = f"bench_{name}"
            await opened.engine.command(create_table(table, beside, order, opened.engine.dialect.table_engine))
            for place in await _places(opened, name, merchant_id):
                rows = await mirror.table(
                    opened, f"SELECT {columns} FROM {name} WHERE merchant = {merchant_id} AND {place}"
                )
                count += len(rows)
                started = clock.monotonic()
                await opened.engine.insert([(beside, rows)])
                took += clock.monotonic() - started
            await opened.engine.command(f"DROP TABLE {beside}")
    return took, count


async def _places(opened: mirror.Mirror, name: str, merchant_id: int) -> list[str]:
    """Conditions that part a table into pieces of some hundred thousand rows, as they were announced."""
    last = (await mirror.rows(opened, f"SELECT max(applied) FROM {name} WHERE merchant = {merchant_id}"))[0][0]
    pieces = await _count(opened, name, merchant_id) // 200_000 + 1
    step = last // pieces + 1
    return [f"applied >= {first} AND applied < {first + step}" for first in range(0, last + 1, step)]


async def _count(opened: mirror.Mirror, name: str, merchant_id: int) -> int:
    return (await mirror.rows(opened, f"SELECT count() FROM {name} WHERE merchant = {merchant_id}"))[0][0]


async def _case(name: str, facts: int, together: int, parts: tuple[Database, mirror.Mirror]) -> dict[str, Any]:
    database, opened = parts
    counts = [facts * share // 100 for share in CASES[name]]
    merchant_id = await setup.create_merchant(
        database, slug=name, name="芙颜", zone="Asia/Shanghai", at=clock.now(), stores=("s1",)
    )
    started = clock.monotonic()
    await _fill(database, merchant_id, counts, together)
    baseline.note(
        f"{name}: {counts[0]:,} members, {counts[1]:,} orders, {counts[2]:,} events in {clock.monotonic() - started:.0f} s"
    )
    copied, size = await _out_of_postgres(database, merchant_id)
    used = resource.getrusage(resource.RUSAGE_SELF)
    started = clock.monotonic()
    told = await mirror.rebuild(opened, database, merchant_id)
    seconds = clock.monotonic() - started
    now = resource.getrusage(resource.RUSAGE_SELF)
    orders, lines = [await _count(opened, table, merchant_id) for table in ("orders", "order_lines")]
    events = await _count(opened, "events", merchant_id)
    assert [orders, lines, events] == [counts[1], 3 * counts[1], counts[2]], (orders, lines, events)
    inserted, _ = await _into_the_engine(opened, merchant_id)
    found = {
        "case": name, "orders": orders, "order_lines": lines, "events": events, "announcements": told,
        "seconds": round(seconds, 2), "facts_per_second": round((orders + events) / seconds),
        "rows_per_second": round((orders + lines + events) / seconds),
        "cpu_us_per_row": round((now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime) / (orders + lines + events) * 1e6, 2),
        "copy_seconds": round(copied, 2), "copy_bytes": size, "insert_seconds": round(inserted, 2),
        "ratio": round(seconds / (copied + inserted), 2), "max_rss_mb": now.ru_maxrss // 1024,
    }  # fmt: skip
    baseline.note(
        f"{name}: {found['facts_per_second']:,} orders and events a second ({found['rows_per_second']:,} rows), {seconds:.1f} s; "
        f"COPY alone {copied:.1f} s, the engine alone {inserted:.1f} s, ratio {found['ratio']}; {found['max_rss_mb']} MB"
    )
    return found


async def measure(names: Sequence[str], facts: int, together: int) -> dict[str, Any]:
    """Fill a server of our own, one merchant for each case, and make its copy anew."""
    assert wiring.FACTS
    with tempfile.TemporaryDirectory() as folder, baseline.server() as server:
        database = await Database.open(server.url)
        opened = await mirror.open_mirror(f"chdb://{folder}/columns")
        try:
            cases = [await _case(name, facts, together, (database, opened)) for name in names]
        finally:
            await mirror.close_mirror(opened)
            await database.close()
    return {
        "bench": "mirror", "together": together, "goal": GOAL, "cases": cases,
        "rows_per_second": min(case["rows_per_second"] for case in cases),
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser(prog="shuke bench mirror")
    parser.add_argument("--facts", type=int, default=1_000_000, help="members, orders and events together")
    parser.add_argument("--together", type=int, default=100, help="orders or events in one announcement")
    parser.add_argument("--case", choices=sorted(CASES), action="append")
    options = parser.parse_args(arguments)
    print(json.dumps(asyncio.run(measure(options.case or list(CASES), options.facts, options.together))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
