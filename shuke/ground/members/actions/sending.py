"""Many members as another system knows them: created or brought up to date, each with what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from shuke.ground.members import queries
from shuke.ground.members.actions.joining import ensure_members
from shuke.ground.members.actions.profiles import note_attributes, set_consents, write_profiles
from shuke.kit.db import Tx

COLUMNS = ("name", "gender", "birthday", "joined_at")
_NOW = """
select member_id, name, gender, birthday, joined_at, attributes from member
where merchant_id = %(merchant_id)s and member_id = any(%(ids)s::bigint[]) order by member_id for no key update
"""
_DATES = """
select member_id, name, since, value from member_attribute_date
where merchant_id = %(merchant_id)s and member_id = any(%(ids)s::bigint[]) and name = any(%(names)s::text[])
"""
_CONSENTS = """
select member_id, channel, given from consent
where merchant_id = %(merchant_id)s and member_id = any(%(ids)s::bigint[])
"""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One member as told, checked and in normal form; None of a column says nothing. `dated` holds value and since when."""

    person: dict[str, str]
    name: str | None = None
    gender: str | None = None
    birthday: date | None = None
    joined_at: datetime | None = None
    plain: dict[str, Any] = {}
    dated: dict[str, tuple[Any, datetime]] = {}
    consent: dict[str, bool] = {}


class Became(msgspec.Struct, frozen=True):
    """What became of one: the member's number, and whether it is new, has changed, or was so already."""

    status: Literal["created", "changed", "unchanged"]
    member_id: int


async def send_members(tx: Tx, sent: Sequence[Sent], at: datetime, source: str) -> list[Became]:
    """Create whoever is unknown and bring the others up to date, in the order given; a constant number of statements.

    Repeatable: what is already so changes nothing and is not announced. A dated value holds from its date, and is the present
    one if none is later, in whatever order they come. One without a date holds for all time where nothing was known, and from
    `at` where it changes what was. A new member joined at `at` unless told otherwise. What somebody already agreed to or
    declined is not said again.
    """
    people = [one.person for one in sent]
    rows = await tx.rows(queries.RESOLVE, wanted=queries.wanted(people)) if people else []
    pairs, before = {(row.kind, row.value) for row in rows}, queries.matched(people, rows)
    numbers = await ensure_members(tx, people, at, [one.joined_at or at for one in sent])
    draft = await _read(tx, sorted(set(numbers)), {name for one in sent for name in (*one.plain, *one.dated)}, at)
    known = {number for number in before if number is not None}
    became: list[Became] = []
    for one, number in zip(sent, numbers, strict=True):
        added = not pairs.issuperset(one.person.items())
        pairs |= set(one.person.items())
        changed = draft.take(number, one) or added
        status: Literal["created", "changed", "unchanged"] = "changed" if changed else "unchanged"
        became.append(Became(status if number in known else "created", number))
        known.add(number)
    await write_profiles(tx, list(draft.changes.items()), at)
    await note_attributes(tx, draft.earlier())
    if draft.answers:
        await set_consents(tx, [(*key, given) for key, given in draft.answers.items()], at, source)
    return became


async def _read(tx: Tx, ids: list[int], names: set[str], at: datetime) -> _Draft:
    rows = await tx.rows(_NOW, ids=ids)
    dates = await tx.rows(_DATES, ids=ids, names=sorted(names)) if names else []
    consents = await tx.rows(_CONSENTS, ids=ids)
    return _Draft(rows, dates, consents, at)


class _Draft:
    """What is known of some members, and what is to be written of what they were told to be."""

    def __init__(self, rows: Sequence[Any], dates: Sequence[Any], consents: Sequence[Any], at: datetime) -> None:
        self.at = at
        self.columns = {row.member_id: {name: getattr(row, name) for name in COLUMNS} for row in rows}
        self.stored: dict[int, dict[str, Any]] = {row.member_id: row.attributes for row in rows}
        self.attributes = {number: dict(known) for number, known in self.stored.items()}
        self.dates: dict[tuple[int, str], dict[datetime, Any]] = {}
        for row in dates:
            self.dates.setdefault((row.member_id, row.name), {})[row.since] = row.value
        self.consents = {(row.member_id, row.channel): row.given for row in consents}
        self.changes: dict[int, dict[str, Any]] = {}
        self.answers: dict[tuple[int, str], bool] = {}
        self._fresh: dict[tuple[int, str, datetime | None], Any] = {}

    def take(self, number: int, one: Sent) -> bool:
        """Fold one row in; whether it changed anything."""
        told = {name: value for name in COLUMNS if (value := getattr(one, name)) is not None}
        told = {name: value for name, value in told.items() if value != self.columns[number][name]}
        if told:
            change = self._change(number)
            change |= told
            change["since"] |= {name: self.at if self.columns[number][name] else None for name in told}
        self.columns[number] |= told
        plain = [self._plain(number, name, value) for name, value in one.plain.items()]
        dated = [self._dated(number, name, *held) for name, held in one.dated.items()]
        said = {channel: yes for channel, yes in one.consent.items() if self.consents.get((number, channel)) != yes}
        for channel, yes in said.items():
            self.consents[number, channel] = self.answers[number, channel] = yes
        return bool(told or said) or any(plain) or any(dated)

    def earlier(self) -> list[tuple[int, str, datetime | None, Any]]:
        """The values, each with its date, that are not told with the present one."""
        return [(*key, value) for key, value in self._fresh.items() if not self._told(*key)]

    def _told(self, number: int, name: str, since: datetime | None) -> bool:
        change = self._change(number)
        present = name in change["attributes"] and change["since"][name] == since
        return present and self.stored[number].get(name) != change["attributes"][name]

    def _plain(self, number: int, name: str, value: Any) -> bool:
        known = self.attributes[number].get(name)
        if known == value:
            return False
        dates = self.dates.setdefault((number, name), {})
        since = None if self.stored[number].get(name) is None and not dates else self.at
        if since is not None:
            dates[since] = value
        self._fresh[number, name, since] = value
        self._set(number, name, value, since)
        return True

    def _dated(self, number: int, name: str, value: Any, since: datetime) -> bool:
        dates = self.dates.setdefault((number, name), {})
        if since in dates and dates[since] == value:
            return False
        dates[since] = self._fresh[number, name, since] = value
        if since >= max(dates):
            self._set(number, name, value, since)
        return True

    def _set(self, number: int, name: str, value: Any, since: datetime | None) -> None:
        change = self._change(number)
        change["attributes"][name], change["since"][name] = value, since
        self.attributes[number][name] = value

    def _change(self, number: int) -> dict[str, Any]:
        return self.changes.setdefault(number, {"attributes": {}, "since": {}})
