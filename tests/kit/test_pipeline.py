"""Several statements in one buffer: what comes back, and what a fault leaves of the connection (decision 0012)."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Json

from shuke.kit.db import Database, Tx

NOON = datetime(2026, 11, 21, 4, 0, 0, 123456, tzinfo=UTC)
ECHO = "select %(value)s::{type} as value"


async def _echo(tx: Tx, type_: str, value: Any) -> Any:
    (answer,) = await tx.together((ECHO.format(type=type_), {"value": value}))
    row = await answer.fetchone()
    assert row is not None
    return row.value


async def _prepared(tx: Tx) -> int:
    return int(await tx.value("select count(*) from pg_prepared_statements where name like 'shuke_%%'"))


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("bigint", -(2**62)), ("boolean", True), ("boolean", False), ("text", "熟客 'quoted' \\ \"double\" %"), ("text", ""),
        ("bytea", b"\x00\xff{}"), ("timestamptz", NOON), ("date", date(2024, 2, 29)), ("bigint[]", None), ("text", None),
    ],
)  # fmt: skip
async def test_values_come_back_as_they_went_in(database: Database, bare: int, type_: str, value: Any) -> None:
    async with database.write(bare, hot=True) as tx:
        assert await _echo(tx, type_, value) == value


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("bigint[]", [3, -1]), ("bigint[]", []), ("text[]", []), ("text[]", ["a,b", '{"}', "back\\slash", "", "null", "空 格"]),
        ("timestamptz[]", [NOON, NOON + timedelta(days=1)]),
    ],
)  # fmt: skip
async def test_lists_arrive_item_by_item(database: Database, bare: int, type_: str, values: list[Any]) -> None:
    async with database.write(bare, hot=True) as tx:
        (answer,) = await tx.together((f"select item from unnest(%(values)s::{type_}) as w(item)", {"values": values}))
        assert [row.item for row in await answer.fetchall()] == values


async def test_json_goes_and_comes_as_a_value(database: Database, bare: int) -> None:
    async with database.write(bare, hot=True) as tx:
        assert await _echo(tx, "jsonb", Json({"名": [1, None, "二"]})) == {"名": [1, None, "二"]}


async def test_answers_stand_in_the_order_of_their_statements(database: Database, bare: int) -> None:
    async with database.write(bare, hot=True) as tx:
        answers = await tx.together(*((ECHO.format(type="bigint"), {"value": number}) for number in range(50)))
        assert [(await answer.fetchone())[0] for answer in answers] == list(range(50))


async def test_nul_in_a_text_is_an_error_of_its_data(database: Database, bare: int) -> None:
    with pytest.raises(psycopg.DataError):
        async with database.write(bare, hot=True) as tx:
            await _echo(tx, "text", "a\x00b")


async def _one_connection(database_url: str) -> Database:
    return await Database.open(database_url, size=2, hot_size=1)


async def _write_and_fail(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id, hot=True) as tx:
        assert await _echo(tx, "bigint", 2) == 2
        raise RuntimeError


async def test_a_rollback_keeps_what_the_connection_has_prepared(database_url: str, bare: int) -> None:
    """psycopg's own rollback would deallocate it all, while we still believe in the names."""
    database = await _one_connection(database_url)
    try:
        async with database.write(bare, hot=True) as tx:
            assert await _echo(tx, "bigint", 1) == 1
            before = await _prepared(tx)
        assert before > 0
        with pytest.raises(RuntimeError):
            await _write_and_fail(database, bare)
        async with database.write(bare, hot=True) as tx:
            assert await _echo(tx, "bigint", 3) == 3
            assert await _prepared(tx) == before
    finally:
        await database.close()


async def test_a_failed_statement_names_itself_and_those_after_it_are_prepared_again(
    database_url: str, bare: int
) -> None:
    database = await _one_connection(database_url)
    divide, after = "select 1 / %(by)s::bigint as d", "select %(value)s::text || 'after' as t"
    try:
        with pytest.raises(psycopg.errors.DivisionByZero):
            async with database.write(bare, hot=True) as tx:
                await tx.together(
                    (ECHO.format(type="text"), {"value": "x"}), (divide, {"by": 0}), (after, {"value": "x"})
                )
        with pytest.raises(psycopg.errors.UndefinedTable):
            async with database.write(bare, hot=True) as tx:
                await tx.together(("select * from nowhere", {}), (after, {"value": "x"}))
        async with database.write(bare, hot=True) as tx:
            first, second = await tx.together((divide, {"by": 1}), (after, {"value": "y"}))
            assert ((await first.fetchone()).d, (await second.fetchone()).t) == (1, "yafter")
    finally:
        await database.close()


async def test_a_cancelled_wait_gives_no_broken_connection_back(database_url: str, bare: int) -> None:
    database = await _one_connection(database_url)

    async def slow() -> None:
        async with database.write(bare, hot=True) as tx:
            await tx.together(("select pg_sleep(%(seconds)s::bigint)", {"seconds": 5}))

    try:
        waiting = asyncio.create_task(slow())
        await asyncio.sleep(0.2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with database.write(bare, hot=True) as tx:
            assert await _echo(tx, "bigint", 7) == 7
    finally:
        await database.close()


TAKE = "update member_count set last_number = last_number + %(value)s where merchant_id = %(merchant_id)s"
TAKEN = "select coalesce(sum(last_number), 0)::bigint from member_count where merchant_id = %(merchant_id)s"


async def _counted(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        await tx.run("insert into member_count (merchant_id) values (%(merchant_id)s) on conflict do nothing")


async def test_what_goes_ahead_is_committed_with_the_rest(database: Database, bare: int) -> None:
    await _counted(database, bare)
    async with database.write(bare, hot=True) as tx:
        tx.ahead((TAKE, {"value": 1}), (TAKE, {"value": 2}))
        (answer,) = await tx.together((ECHO.format(type="bigint"), {"value": 7}))
        assert [row.value for row in await answer.fetchall()] == [7], "the answers ahead are nobody's"
        tx.ahead((TAKE, {"value": 4}))
        assert await tx.value(TAKEN) == 7, "whoever reads afterwards sees it"
        tx.ahead((TAKE, {"value": 8}))
    async with database.read(bare) as tx:
        assert await tx.value(TAKEN) == 15


async def _take_and_fail(database: Database, merchant_id: int, broken: tuple[str, dict[str, Any]] | None) -> None:
    async with database.write(merchant_id, hot=True) as tx:
        tx.ahead((TAKE, {"value": 1}))
        if broken is None:
            raise RuntimeError
        tx.ahead(broken)


@pytest.mark.parametrize(
    "broken", [("select 1 / %(value)s", {"value": 0}), (ECHO.format(type="text"), {"value": "\x00"}), None]
)
async def test_a_fault_ahead_undoes_everything_and_keeps_the_connection(
    database_url: str, bare: int, broken: tuple[str, dict[str, Any]] | None
) -> None:
    database = await _one_connection(database_url)
    await _counted(database, bare)
    async with database.write(bare, hot=True) as tx:
        before = tx.connection
    with pytest.raises((psycopg.DataError, RuntimeError)):
        await _take_and_fail(database, bare, broken)
    async with database.write(bare, hot=True) as tx:
        assert tx.connection is before
        assert await tx.value(TAKEN) == 0
    await database.close()
