"""Ids given by the caller: 63-bit numbers from blocks that one sequence hands out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

BLOCK = 1_000


class Ids:
    """A process's stock of ids; `next_blocks(n)` fetches n fresh block numbers when it runs low."""

    def __init__(self, next_blocks: Callable[[int], Awaitable[list[int]]]) -> None:
        self._next_blocks = next_blocks
        self._ranges: list[range] = []
        self._stock = 0

    async def ensure(self, count: int) -> None:
        """Have at least `count` ids in stock: what follows without awaiting may `take` them."""
        while self._stock < count:
            blocks = await self._next_blocks((count - self._stock) // BLOCK + 8)
            self._ranges.extend(range(block * BLOCK, (block + 1) * BLOCK) for block in blocks)
            self._stock += BLOCK * len(blocks)

    async def fresh(self, count: int) -> list[int]:
        """`count` ids nobody else has, ascending within a block."""
        await self.ensure(count)
        return self.take(count)

    def take(self, count: int) -> list[int]:
        """`count` ids from the stock; `ensure` was awaited just before."""
        assert self._stock >= count, "ensure() before take()"
        taken: list[int] = []
        while len(taken) < count:
            part = self._ranges[0][: count - len(taken)]
            taken.extend(part)
            rest = self._ranges[0][len(part) :]
            if rest:
                self._ranges[0] = rest
            else:
                self._ranges.pop(0)
        self._stock -= count
        return taken
