"""Members come into being: resolved by their identities, created when nobody has them yet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from shuke.ground.members import models, queries
from shuke.ground.members.events import MemberChanged
from shuke.kit.db import Tx

LOCK_COUNT = """
insert into member_count as c (merchant_id, last_number) values (%(merchant_id)s, 0)
on conflict (merchant_id) do update set last_number = c.last_number returning c.last_number
"""


async def ensure_members(
    tx: Tx, people: Sequence[Mapping[str, str]], at: datetime, joined: Sequence[datetime | None] | None = None
) -> list[int]:
    """The member of each person (identities in normal form, see `identities_of`), creating whoever is unknown.

    One statement when all are known, seven at most otherwise, for any number of people; repeatable. Identities of a known
    member that nobody has yet are added. `joined` says when a new member joined (None: not known, e.g. from history);
    by default `at`. Announces `MemberChanged` for new members.
    """
    if not people:
        return []
    rows = await tx.rows(queries.RESOLVE, wanted=queries.wanted(people))
    known = {(row.kind, row.value): row.member_id for row in rows}
    if all(pair in known for person in people for pair in person.items()):
        return [member for member in queries.matched(people, rows) if member is not None]
    last_number = await tx.value(LOCK_COUNT)
    rows = await tx.rows(queries.RESOLVE, wanted=queries.wanted(people))
    draft = _Draft({(row.kind, row.value): row.member_id for row in rows}, last_number)
    numbers = [draft.place(person, joined[i] if joined else at) for i, person in enumerate(people)]
    await _store(tx, draft, last_number, at)
    return numbers


class _Draft:
    """Who gets which number; people of one batch may be the same person, known by different identities."""

    def __init__(self, known: dict[tuple[str, str], int], last_number: int) -> None:
        self.known = known
        self.last_number = last_number
        self.fresh: dict[int, dict[str, Any]] = {}
        self.identities: dict[tuple[str, str], int] = {}

    def place(self, person: Mapping[str, str], joined_at: datetime | None) -> int:
        number = queries.best_of(
            {kind: self.known[kind, value] for kind, value in person.items() if (kind, value) in self.known}
        )
        if number is None:
            self.last_number += 1
            number = self.last_number
            self.fresh[number] = {"joined_at": joined_at, "phone": None}
        for pair in person.items():
            if pair not in self.known:
                self.known[pair] = self.identities[pair] = number
                if pair[0] == "phone" and number in self.fresh:
                    self.fresh[number]["phone"] = pair[1]
        return number


async def _store(tx: Tx, draft: _Draft, last_number: int, at: datetime) -> None:
    rows = [
        {"member_id": number, "phone": fresh["phone"], "phone_tail": tail_of(fresh["phone"]),
         "joined_at": fresh["joined_at"], "created_at": at}
        for number, fresh in draft.fresh.items()
    ]  # fmt: skip
    await tx.insert(models.Member, rows)
    identities = [
        {"kind": kind, "value": value, "member_id": number, "since": at}
        for (kind, value), number in draft.identities.items()
    ]
    await tx.insert(models.Identity, identities)
    await _fill_phones(
        tx, {number: value for (kind, value), number in draft.identities.items() if kind == "phone"}, draft
    )
    if draft.last_number > last_number:
        await tx.run(
            "update member_count c set last_number = %(last)s where c.merchant_id = %(merchant_id)s",
            last=draft.last_number,
        )
    tx.announce(
        *(
            MemberChanged(member_id=number, attributes=_joined(fresh["joined_at"]), new=True)
            for number, fresh in draft.fresh.items()
        )
    )


def _joined(joined_at: datetime | None) -> dict[str, Any]:
    return {} if joined_at is None else {"joined_at": joined_at.isoformat()}


async def _fill_phones(tx: Tx, phones: dict[int, str], draft: _Draft) -> None:
    """A phone learned later becomes the phone of a known member who had none."""
    late = [
        {"member_id": number, "phone": phone, "tail": tail_of(phone)}
        for number, phone in phones.items()
        if number not in draft.fresh
    ]
    if late:
        await tx.run(
            "update member m set phone = r.phone, phone_tail = r.tail "
            "from json_to_recordset(%(late)s::json) as r(member_id bigint, phone text, tail text) "
            "where m.merchant_id = %(merchant_id)s and m.member_id = r.member_id and m.phone is null",
            late=msgspec.json.encode(late).decode(),
        )


def tail_of(phone: str | None) -> str | None:
    """The last four digits, by which a phone is asked for at a till."""
    return phone[-4:] if phone else None
