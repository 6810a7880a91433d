"""Rows that travel by column: the table holds what was given, whatever is missing, shared by all rows or odd."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, Column, Date, Float, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from shuke.kit.db import Database, rowset

TABLE = Table(
    "rowset_trial", MetaData(), Column("merchant_id", BigInteger), Column("n", BigInteger), Column("word", Text(collation="C")),
    Column("why", JSONB), Column("at", TIMESTAMP(timezone=True)), Column("flag", Boolean), Column("day", Date),
    Column("ratio", Float),
)  # fmt: skip
COLUMNS = ("n", "word", "why", "at", "flag", "day")
CREATE = (
    "create temp table rowset_trial (place bigint generated always as identity, merchant_id bigint, n bigint, word text, "
    "why jsonb, at timestamptz, flag boolean, day date) on commit drop"
)
_texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
_json = st.recursive(
    st.booleans() | st.integers(-9, 9) | _texts, lambda inner: st.lists(inner, max_size=2), max_leaves=3
)
_row = st.fixed_dictionaries(
    {
        "n": st.none() | st.integers(-(2**63), 2**63 - 1),
        "word": st.none() | _texts | st.just('含 "引号"、\\ 与\n换行'),
        "why": st.none() | st.dictionaries(_texts, _json, max_size=2) | st.sampled_from([{"a": 1}, {"a": True}]),
        "at": st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2300, 1, 1), timezones=st.just(UTC)),
        "flag": st.none() | st.booleans(),
        "day": st.none() | st.dates(date(1900, 1, 1), date(2300, 1, 1)),
    }
)


async def _stored(database: Database, rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    async with database.directory() as tx:
        await tx.run(CREATE)
        sql, named = rowset.insertion(TABLE, rows, COLUMNS)
        await tx.together((sql, {**named, "merchant_id": 7}))
        found = await tx.rows(f"select {', '.join(COLUMNS)} from rowset_trial order by place")
        return [tuple(row) for row in found]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_row, min_size=1, max_size=6))
async def test_the_table_holds_the_rows_in_their_order(database: Database, rows: list[dict[str, Any]]) -> None:
    stored = await _stored(database, rows)
    assert [repr(row[2]) for row in stored] == [repr(_sorted(row["why"])) for row in rows]  # 1 is not true
    assert [row[:2] + row[3:] for row in stored] == [
        (row["n"], row["word"], row["at"], row["flag"], row["day"]) for row in rows
    ]


async def test_rows_that_are_all_alike_are_as_many_as_were_given(database: Database) -> None:
    row: dict[str, Any] = {
        "n": None,
        "word": "静安店",
        "why": {"kind": "earn"},
        "at": datetime(2026, 3, 1, tzinfo=UTC),
        "flag": True,
    }
    row["day"] = date(2024, 2, 29)
    assert await _stored(database, [row] * 3) == [tuple(row.values())] * 3


async def test_instants_of_other_zones_are_the_same_instants(database: Database) -> None:
    at = datetime(2026, 3, 1, 8, 30, 0, 123456, timezone(timedelta(hours=8)))
    rows = [
        {"n": n, "word": "", "why": {}, "at": at + timedelta(days=n), "flag": False, "day": at.date()} for n in range(2)
    ]
    assert [row[3] for row in await _stored(database, rows)] == [at, at + timedelta(days=1)]


def test_tables_with_other_kinds_of_columns_do_not_travel_this_way() -> None:
    assert rowset.fits(TABLE, COLUMNS)
    assert not rowset.fits(TABLE, ("n", "ratio"))


def _sorted(value: Any) -> Any:
    """As jsonb keeps objects: keys by length in bytes, then by bytes."""
    if not isinstance(value, dict):
        return value
    return dict(sorted(value.items(), key=lambda item: (len(item[0].encode()), item[0].encode())))
