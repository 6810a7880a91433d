"""Ids: never twice, also when many ask at once."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from shuke.kit.db import Database
from shuke.kit.ids import BLOCK, Ids


def _stock(delay: float = 0) -> Ids:
    blocks = iter(range(1, 10_000))

    async def next_blocks(count: int) -> list[int]:
        await asyncio.sleep(delay)
        return [next(blocks) for _ in range(count)]

    return Ids(next_blocks)


@given(st.lists(st.integers(0, 3 * BLOCK), max_size=12))
def test_ids_are_unique_over_any_series_of_requests(counts: list[int]) -> None:
    async def take() -> list[int]:
        ids = _stock()
        return [number for count in counts for number in await ids.fresh(count)]

    taken = asyncio.run(take())
    assert len(taken) == sum(counts)
    assert len(set(taken)) == len(taken)


async def test_many_at_once_never_share_an_id() -> None:
    ids = _stock(delay=0.001)
    taken = await asyncio.gather(*(ids.fresh(size) for size in range(1, 400)))
    numbers = [number for part in taken for number in part]
    assert len(set(numbers)) == len(numbers) == sum(range(1, 400))


async def test_two_processes_draw_from_different_blocks(database: Database) -> None:
    other = await Database.open(database.url, size=1, hot_size=1)
    try:
        mine, yours = await asyncio.gather(database.ids.fresh(2 * BLOCK), other.ids.fresh(2 * BLOCK))
    finally:
        await other.close()
    assert not set(mine) & set(yours)
