"""Answers by column: the same values as row by row, for every kind, none and many rows."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shuke.kit.db import Database
from shuke.kit.db.columnar import Kind, Texts

KINDS: dict[str, Kind] = {"number": "whole", "at": "instant", "day": "day", "name": "text", "note": "text"}
ROWS = (
    "select * from unnest(%(number)s::bigint[], %(at)s::timestamptz[], %(day)s::text[]::date[], %(name)s::text[], "
    "%(note)s::text[]) as r(number, at, day, name, note)"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
_row = st.tuples(
    st.integers(-(2**63), 2**63 - 1),
    st.datetimes(datetime(1900, 1, 1), datetime(2300, 1, 1), timezones=st.just(UTC)),
    st.dates(date(1900, 1, 1), date(2300, 1, 1)),
    _texts,
    _texts,
)


def words(column: Any) -> list[str]:
    assert isinstance(column, Texts)
    return [column.data[a:b].decode() for a, b in zip(column.starts[:-1], column.starts[1:], strict=True)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_row, max_size=8))
async def test_columns_hold_what_the_rows_hold(database: Database, rows: list[tuple[Any, ...]]) -> None:
    number, at, day, name, note = ([row[n] for row in rows] for n in range(5))
    async with database.directory() as tx:
        columns = await tx.columns(
            ROWS, KINDS, number=number, at=at, day=[each.isoformat() for each in day], name=name, note=note
        )
    assert columns["number"].tolist() == number  # type: ignore[union-attr]
    assert columns["at"].tolist() == [(each - EPOCH) // timedelta(microseconds=1) for each in at]  # type: ignore[union-attr]
    assert columns["day"].tolist() == [(each - EPOCH.date()).days for each in day]  # type: ignore[union-attr]
    assert (words(columns["name"]), words(columns["note"])) == (name, note)


async def test_a_column_without_a_value_is_a_fault_of_ours(database: Database) -> None:
    async with database.directory() as tx:
        with pytest.raises(AssertionError, match="NULL"):
            await tx.columns("select n from (values (1), (null)) as v(n)", {"n": "whole"})
        kept = await tx.columns("select n from generate_series(1, 3) n", {"n": "whole"})
        assert np.array_equal(kept["n"], [1, 2, 3])  # type: ignore[arg-type]
