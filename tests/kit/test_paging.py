"""Cursors: opaque, exact, and refused when they are not ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.kit import paging


@given(st.lists(st.one_of(st.integers(-(2**53), 2**53), st.text(), st.none(), st.booleans()), min_size=1, max_size=4))
def test_a_cursor_gives_back_its_key(values: list[object]) -> None:
    cursor = paging.encode(values)
    assert paging.decode(cursor, len(values)) == values
    assert "=" not in cursor
    assert "/" not in cursor


@pytest.mark.parametrize("cursor", ["!!!", "abc", "e30", paging.encode([1]), paging.encode([1, 2, 3]), "中文"])
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(paging.BadCursor):
        paging.decode(cursor, 2)


@pytest.mark.parametrize("cursor", [None, ""])
def test_no_cursor_is_the_first_page(cursor: str | None) -> None:
    assert paging.decode(cursor, 2) is None


@pytest.mark.parametrize(("asked", "given"), [(None, 50), (0, 50), (-3, 1), (1, 1), (200, 200), (10**9, 200)])
def test_page_sizes_stay_in_bounds(asked: int | None, given: int) -> None:
    assert paging.limited(asked) == given


@given(st.integers(0, 60), st.integers(1, 20))
def test_walking_the_pages_shows_everything_once(count: int, limit: int) -> None:
    rows = list(range(count))
    seen: list[int] = []
    cursor: str | None = None
    while True:
        after = paging.decode(cursor, 1)
        start = 0 if after is None else after[0] + 1
        shown = paging.page(rows[start : start + limit + 1], limit, key=lambda row: [row])
        seen += shown.items
        cursor = shown.next_cursor
        if cursor is None:
            break
    assert seen == rows
