"""Facts in memory, as the plain Python reference sees them: what the SQL must agree with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shuke.ground.mirror import ALWAYS
from shuke.insight.grammar.policy.population import FLIPS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from shuke.ground.mirror import Moment


@dataclass(frozen=True, slots=True)
class Happening:
    """One event as it stood at some instant."""

    member: int
    at: datetime
    day: date
    seq: int
    idx: int
    properties: Mapping[str, Any]

    @property
    def order(self) -> tuple[datetime, int, int]:
        """Its place in time."""
        return self.at, self.seq, self.idx


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a member did, and what became of it: (from when, properties, or None once it is undone)."""

    event: str
    member: int
    at: datetime
    day: date
    seq: int
    idx: int
    versions: tuple[tuple[datetime, Mapping[str, Any] | None], ...]


@dataclass(slots=True)
class World:
    """All facts of one merchant: members with joined_at, deeds, attribute values (member, name, at, seq, value), rows."""

    members: dict[int, datetime | None] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)
    attributes: list[tuple[int, str, datetime | None, int, Any]] = field(default_factory=list)
    tables: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    segments: dict[str, set[int]] = field(default_factory=dict)
    lists: dict[str, set[int]] = field(default_factory=dict)

    def population(self, moment: Moment) -> set[int]:
        """Members whose joined_at, else first event (flips are none), else nothing, is not after the moment."""
        first: dict[int, datetime] = {}
        for deed in self.deeds:
            if deed.event not in FLIPS:
                first[deed.member] = min(deed.at, first.get(deed.member, deed.at))
        return {
            member
            for member, joined_at in self.members.items()
            if (joined_at or first.get(member) or ALWAYS) <= moment.as_of
        }

    def happenings(self, event: str, moment: Moment) -> dict[int, list[Happening]]:
        """The events of that name as they stand at the moment, by member, oldest first."""
        found: dict[int, list[Happening]] = {}
        for deed in self.deeds:
            known = [version for version in deed.versions if version[0] <= moment.as_of]
            if deed.event != event or deed.at > moment.as_of or not known or known[-1][1] is None:
                continue
            found.setdefault(deed.member, []).append(
                Happening(deed.member, deed.at, deed.day, deed.seq, deed.idx, known[-1][1])
            )
        for happenings in found.values():
            happenings.sort(key=lambda happening: happening.order)
        return found

    def attribute(self, name: str, moment: Moment) -> dict[int, Any]:
        """Each member's value of a dated attribute at the moment; the latest change counts, undated ones hold always."""
        latest: dict[int, tuple[tuple[datetime, int], Any]] = {}
        for member, known, at, seq, value in self.attributes:
            place = (at or ALWAYS, seq)
            if known != name or place[0] > moment.as_of:
                continue
            if member not in latest or place >= latest[member][0]:
                latest[member] = (place, value)
        return {member: value for member, (_, value) in latest.items() if value is not None}
