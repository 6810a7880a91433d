"""Ids given by the caller: 63-bit numbers from blocks that one sequence hands out."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

BLOCK = 1_000


class Ids:
    """A process's stock of ids; `next_blocks(n)` fetches n fresh block numbers when it runs low."""

    def __init__(self, next_blocks: Callable[[int], Awaitable[list[int]]]) -> None:
        self._next_blocks = next_blocks
        self._stock: deque[int] = deque()

    async def ensure(self, count: int) -> None:
        """Have at least `count` ids in stock: what follows without awaiting may `take` them."""
        while len(self._stock) < count:
            for block in await self._next_blocks((count - len(self._stock)) // BLOCK + 8):
                self._stock.extend(range(block * BLOCK, (block + 1) * BLOCK))

    async def fresh(self, count: int) -> list[int]:
        """`count` ids nobody else has, ascending within a block."""
        await self.ensure(count)
        return self.take(count)

    def one(self) -> int:
        """One id from the stock; `ensure` was awaited just before."""
        return self._stock.popleft()

    def take(self, count: int) -> list[int]:
        """`count` ids from the stock; `ensure` was awaited just before."""
        assert len(self._stock) >= count, "ensure() before take()"
        one = self._stock.popleft
        return [one() for _ in range(count)]
