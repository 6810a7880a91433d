"""Who stands behind the counter of 芙颜: what the acts of people at work have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shuke.assets import points
from shuke.doors.demo import world
from shuke.ground import access
from shuke.kit.http import Caller

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shuke.doors.demo.people import Member
    from shuke.doors.demo.world import World
    from shuke.kit.db import Database, Tx

WINDOW = 60
"""So many members are looked through for some with points to spend."""
ENOUGH = 500


@dataclass(slots=True)
class Desk:
    """The shop at work: its members, who acts for it, and what one act leaves for a later one."""

    database: Database
    merchant_id: int
    made: World
    numbers: Sequence[int]
    staff: dict[str, int]
    home: Path
    last_day: date
    left: dict[str, Any] = field(default_factory=dict)

    @property
    def members(self) -> Sequence[Member]:
        """The members, in the order of their numbers."""
        return self.made.members

    @property
    def owner(self) -> Caller:
        """苏芙, whose shop it is."""
        return Caller(self.merchant_id, frozenset(), "苏芙", staff_id=self.staff["苏芙"])

    @property
    def clerk(self) -> Caller:
        """小满, who stands at the till in 静安."""
        return Caller(self.merchant_id, frozenset(), "小满", staff_id=self.staff["小满"])

    def rng(self, *what: int) -> np.random.Generator:
        """Chance that depends on the seed and on what it is for, and on nothing drawn before."""
        return np.random.default_rng([world.SEED, 31, *what])

    async def rich(self, tx: Tx, place: int, count: int, at: datetime) -> list[int]:
        """Some members with points to spend, by number; other ones for every `place`; in a small world perhaps fewer."""
        begins = place * WINDOW % max(len(self.numbers) - WINDOW, 1)
        asked = list(self.numbers[begins : begins + WINDOW])
        found = await points.balances(tx, asked, at)
        return [number for number in asked if found[number].available >= ENOUGH][:count]

    async def note(
        self, tx: Tx, caller: Caller, action: str, subject: tuple[str, Any], at: datetime, **after: Any
    ) -> None:
        """What the console notes in the trail when somebody does this."""
        await access.record(tx, caller, action, subject, after=after or None, at=at)


Verb = Callable[[Desk, datetime], Awaitable[None]]


class Act(NamedTuple):
    """Something that somebody does, so many days before the last one."""

    days_before: int
    at: time
    do: Verb
