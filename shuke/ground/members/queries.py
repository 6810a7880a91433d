"""Questions about members."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from shuke.ground import mirror
from shuke.ground.members import policy
from shuke.kit import errors, paging, references
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence

RESOLVE = """
select i.kind, i.value, i.member_id from json_to_recordset(%(wanted)s::json) as w(kind text, value text)
cross join lateral (
    select f.kind, f.value, f.member_id from identity f
    where f.merchant_id = %(merchant_id)s and f.kind = w.kind and f.value = w.value offset 0
) i
"""


MERGED = """
select member_id from member
where merchant_id = %(merchant_id)s and member_id = any(%(members)s::bigint[]) and merged_into is not null
"""


LIVES = """
select member_id, birthday, coalesce(joined_at, created_at) as joined_at from member
where merchant_id = %(merchant_id)s and member_id = any(%(members)s::bigint[]) and merged_into is null
"""
"""When members were born and when they joined, for those who judge them: `members`."""


class NoSuchMember(errors.NotFound):
    """There is no member {member_id}."""

    code = "no_such_member"
    zh = "没有编号为 {member_id} 的会员。"

    def __init__(self, member_id: int, **facts: Any) -> None:
        errors.Refused.__init__(self, member_id=member_id, **facts)


class MemberName(msgspec.Struct, frozen=True):
    """A member as other pages mention them."""

    member_id: int
    name: str
    phone_masked: str | None


class IdentityShown(msgspec.Struct, frozen=True):
    """One identity as a page may show it."""

    kind: str
    value_masked: str
    since: datetime


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Who a member is, without the full phone number."""

    member_id: int
    name: str
    phone_masked: str | None
    gender: str | None
    birthday: date | None
    joined_at: datetime | None
    created_at: datetime
    merged_into: int | None
    attributes: dict[str, Any]
    consent: dict[str, bool]
    identities: list[IdentityShown]


def wanted(people: Iterable[Mapping[str, str]]) -> str:
    """The parameter of `RESOLVE` for people given by their identities in normal form."""
    distinct = dict.fromkeys(pair for person in people for pair in person.items())
    return msgspec.json.encode([{"kind": kind, "value": value} for kind, value in distinct]).decode()


def all_known(people: Iterable[Mapping[str, str]], rows: Iterable[Any]) -> bool:
    """From the answer of `RESOLVE`: whether every identity of these people is known, so that there is nothing to add."""
    pairs = {(row.kind, row.value) for row in rows}
    return all(pair in pairs for person in people for pair in person.items())


def matched(people: Sequence[Mapping[str, str]], rows: Iterable[Any]) -> list[int | None]:
    """From the answer of `RESOLVE`: the member of each person, by the strongest identity known; None for strangers."""
    known = {(row.kind, row.value): row.member_id for row in rows}
    return [
        best_of({kind: known[pair] for kind in person if (pair := (kind, person[kind])) in known}) for person in people
    ]


def best_of(found: Mapping[str, int]) -> int | None:
    """The member that the strongest known identity (kind → member) names."""
    return policy.strongest(found) if found else None


async def resolve(tx: Tx, people: Sequence[Mapping[str, str]]) -> list[int | None]:
    """The members of these people (identities in normal form), None for strangers; one statement for all.

    Merged members never appear: their identities moved to the heir.
    """
    if not people:
        return []
    return matched(people, await tx.rows(RESOLVE, wanted=wanted(people)))


async def names(tx: Tx, member_ids: Iterable[int]) -> dict[int, MemberName]:
    """Names and masked phones by number, for pages that list other things."""
    rows = await tx.rows(
        "select member_id, name, phone from member where merchant_id = %(merchant_id)s and member_id = any(%(ids)s)",
        ids=list(member_ids),
    )
    return {row.member_id: MemberName(row.member_id, row.name, policy.masked_phone(row.phone)) for row in rows}


async def outside_ids(tx: Tx, member_ids: Iterable[int]) -> dict[int, list[str]]:
    """The ids other systems gave these members (identity kind `external`), sorted as text; by member number."""
    rows = await tx.rows(
        "select member_id, value from identity where merchant_id = %(merchant_id)s and kind = 'external' "
        "and member_id = any(%(ids)s) order by member_id, value",
        ids=list(member_ids),
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row.member_id, []).append(row.value)
    return found


async def get_member(tx: Tx, member_id: int) -> Profile:
    """One member with identities and consents; refuses `NoSuchMember`. A merged one tells its heir in `merged_into`."""
    row = await tx.one(
        "select member_id, name, phone, gender, birthday, joined_at, created_at, merged_into, attributes "
        "from member where merchant_id = %(merchant_id)s and member_id = %(member_id)s",
        member_id=member_id,
    )
    if row is None:
        raise NoSuchMember(member_id)
    identities = await tx.rows(
        "select kind, value, since from identity where merchant_id = %(merchant_id)s and member_id = %(member_id)s "
        "order by since, kind, value",
        member_id=member_id,
    )
    consents = await tx.rows(
        "select channel, given from consent where merchant_id = %(merchant_id)s and member_id = %(member_id)s",
        member_id=member_id,
    )
    return Profile(
        member_id=row.member_id, name=row.name, phone_masked=policy.masked_phone(row.phone), gender=row.gender,
        birthday=row.birthday, joined_at=row.joined_at, created_at=row.created_at, merged_into=row.merged_into,
        attributes=row.attributes, consent={one.channel: one.given for one in consents},
        identities=[IdentityShown(one.kind, policy.masked(one.kind, one.value), one.since) for one in identities],
    )  # fmt: skip


async def require(tx: Tx, member_id: int) -> None:
    """Refuses `NoSuchMember` unless the member exists."""
    if await tx.value(
        "select 1 from member where merchant_id = %(merchant_id)s and member_id = %(member_id)s", member_id=member_id
    ) is None:  # fmt: skip
        raise NoSuchMember(member_id)


async def get_phone(tx: Tx, member_id: int) -> str | None:
    """The full phone number; whoever asks writes it into the audit trail."""
    await require(tx, member_id)
    return await tx.value(
        "select phone from member where merchant_id = %(merchant_id)s and member_id = %(member_id)s",
        member_id=member_id,
    )


async def phones(tx: Tx, member_ids: Iterable[int]) -> dict[int, str]:
    """Full phone numbers by member, for sending and for exports that are allowed to show them."""
    rows = await tx.rows(
        "select member_id, phone from member where merchant_id = %(merchant_id)s and member_id = any(%(ids)s) "
        "and phone is not null",
        ids=list(member_ids),
    )
    return {row.member_id: row.phone for row in rows}


async def consents(tx: Tx, member_ids: Iterable[int], channel: str) -> dict[int, bool]:
    """Who said yes or no to this channel; members who never said anything are missing."""
    rows = await tx.rows(
        "select member_id, given from consent where merchant_id = %(merchant_id)s and channel = %(channel)s "
        "and member_id = any(%(ids)s)",
        channel=channel, ids=list(member_ids),
    )  # fmt: skip
    return {row.member_id: row.given for row in rows}


class Contact(msgspec.Struct, frozen=True):
    """How a member can be reached: what they said per channel, and their addresses by kind of identity."""

    member_id: int
    name: str
    consents: dict[str, bool]
    addresses: dict[str, str]


async def contacts(tx: Tx, member_ids: Iterable[int]) -> list[Contact]:
    """How these members can be reached, in one statement; merged and unknown ones are left out."""
    rows = await tx.rows(
        "select m.member_id, m.name, m.phone, "
        "(select jsonb_object_agg(c.channel, c.given) from consent c "
        " where c.merchant_id = %(merchant_id)s and c.member_id = m.member_id) as consents, "
        "(select i.value from identity i where i.merchant_id = %(merchant_id)s and i.member_id = m.member_id "
        " and i.kind = 'wechat_openid' order by i.since desc, i.value limit 1) as openid "
        "from member m where m.merchant_id = %(merchant_id)s and m.member_id = any(%(ids)s) and m.merged_into is null",
        ids=list(member_ids),
    )
    return [
        Contact(row.member_id, row.name, row.consents or {}, _addresses(phone=row.phone, wechat_openid=row.openid))
        for row in rows
    ]


def _addresses(**found: str | None) -> dict[str, str]:
    return {kind: value for kind, value in found.items() if value}


async def list_numbers(tx: Tx, after: int, limit: int) -> list[int]:
    """Member numbers below `after`, the newest first, merged ones left out."""
    rows = await tx.rows(
        "select member_id from member where merchant_id = %(merchant_id)s and member_id < %(after)s "
        "and merged_into is null order by member_id desc limit %(limit)s",
        after=after, limit=limit,
    )  # fmt: skip
    return [row.member_id for row in rows]


async def numbers_of(tx: Tx, member_id: int) -> list[int]:
    """This member's number and those of all who were merged into them."""
    rows = await tx.rows(
        "select member_id from member where merchant_id = %(merchant_id)s and merged_into = %(member_id)s "
        "order by member_id",
        member_id=member_id,
    )
    return [member_id, *(row.member_id for row in rows)]


async def absorbed(tx: Tx, member_ids: Iterable[int]) -> dict[int, int]:
    """Everybody who was merged into one of these members: old number → heir."""
    rows = await tx.rows(
        "select member_id, merged_into from member where merchant_id = %(merchant_id)s and merged_into = any(%(ids)s)",
        ids=list(member_ids),
    )
    return {row.member_id: row.merged_into for row in rows}


async def count_members(tx: Tx, joined_since: datetime | None = None) -> int:
    """How many members there are (merged ones not counted), or joined since then, as far as that is known."""
    return await tx.value(
        "select count(*) from member where merchant_id = %(merchant_id)s and merged_into is null "
        "and (%(since)s::timestamptz is null or joined_at >= %(since)s)",
        since=joined_since,
    )


class Found(msgspec.Struct, frozen=True):
    """A member in a list: what this room knows for one line.

    `joined_at` is None where nobody told us (a member whom only an imported order named); `known_since` is then the
    instant we first heard of them, and it decides the place in the list.
    """

    member_id: int
    name: str
    phone_masked: str | None
    joined_at: datetime | None
    known_since: datetime
    merged_into: int | None


_FOUND = (
    "select m.member_id, m.name, m.phone, m.joined_at, m.created_at, m.merged_into from member m "
    "where m.merchant_id = %(merchant_id)s"
)


def _found(row: Any) -> Found:
    phone, since = policy.masked_phone(row.phone), row.joined_at or row.created_at
    return Found(row.member_id, row.name, phone, row.joined_at, since, row.merged_into)


async def in_order(tx: Tx, *, newest_first: bool, after: Sequence[int] | None, limit: int) -> list[tuple[int, int]]:
    """(microseconds since 1970 of joining, member) pairs in the order of joining, after such a pair; merged ones left out."""
    order, sign = ("desc", "<") if newest_first else ("asc", ">")
    rows = await tx.rows(
        "select (extract(epoch from coalesce(joined_at, created_at)) * 1000000)::bigint as key, member_id from member "
        "where merchant_id = %(merchant_id)s and merged_into is null and (%(key)s::bigint is null or "
        f"(coalesce(joined_at, created_at), member_id) {sign} "
        "('epoch'::timestamptz + %(key)s::bigint * interval '1 microsecond', %(member_id)s)) "
        f"order by coalesce(joined_at, created_at) {order}, member_id {order} limit %(limit)s",
        key=after[0] if after else None, member_id=after[1] if after else 0, limit=limit,
    )  # fmt: skip
    return [(row.key, row.member_id) for row in rows]


async def members_of(tx: Tx, member_ids: Iterable[int]) -> dict[int, Found]:
    """The lines of these members, by number."""
    rows = await tx.rows(f"{_FOUND} and m.member_id = any(%(ids)s)", ids=list(member_ids))
    return {row.member_id: _found(row) for row in rows}


async def is_identity(tx: Tx, words: str) -> bool:
    """Whether what somebody typed is a whole identity of one member: a full phone number, a card, an outside id, an e-mail."""
    text = words.strip()
    digits = "".join(character for character in text if character.isdigit())
    return bool(
        await tx.value(
            "select 1 from identity where merchant_id = %(merchant_id)s and "
            "((kind = any(%(kinds)s) and value = %(text)s) or (kind = 'phone' and value = %(phone)s)) limit 1",
            kinds=["external", "card", "email"], text=text, phone=digits if len(digits) >= 7 else "",
        )
    )  # fmt: skip


async def search(tx: Tx, words: str, limit: int = 50) -> list[int]:
    """Member numbers that fit what somebody typed: the last four digits of a phone, a phone, a card or outside id, a member
    number, an e-mail, or a part of the name. The newest member first.
    """
    text = words.strip()
    if not text:
        return []
    found: dict[int, None] = {}
    for statement, params in _ways(text):
        rows = await tx.rows(f"{statement} limit {int(limit)}", **params)
        found.update(dict.fromkeys(row.member_id for row in rows))
    live = await tx.rows(
        "select member_id from member where merchant_id = %(merchant_id)s and merged_into is null "
        "and member_id = any(%(ids)s) order by member_id desc",
        ids=list(found),
    )
    return [row.member_id for row in live][:limit]


def _ways(text: str) -> Iterable[tuple[str, dict[str, Any]]]:
    """Every way to look for the text, each by an index."""
    member = "select member_id from member where merchant_id = %(merchant_id)s and "
    yield (
        "select member_id from identity where merchant_id = %(merchant_id)s and kind = any(%(kinds)s) and value = %(text)s",
        {"kinds": ["external", "card", "email"], "text": text},
    )
    digits = text.replace(" ", "").replace("-", "")
    if digits.isascii() and digits.isdigit():
        if len(digits) <= 9 and not digits.startswith("0"):
            yield f"{member} member_id = %(number)s", {"number": int(digits)}
        if len(digits) == 4:
            yield f"{member} phone_tail = %(tail)s order by member_id desc", {"tail": digits}
        if len(digits) >= 7:
            yield f"{member} phone ^@ %(start)s order by phone", {"start": digits}
    parts = policy.search_parts(text)
    if parts:
        yield (
            "select p.member_id from member_name_part p where p.merchant_id = %(merchant_id)s and p.part = any(%(parts)s) "
            "group by p.member_id having count(*) = %(needed)s order by p.member_id desc",
            {"parts": parts, "needed": len(parts)},
        )


async def filled(tx: Tx, member_ids: Iterable[int]) -> dict[int, set[str]]:
    """Which of name, phone, gender and birthday are filled, by member, in one statement."""
    rows = await tx.rows(
        "select member_id, name <> '' as name, phone is not null as phone, gender is not null as gender, "
        "birthday is not null as birthday from member where merchant_id = %(merchant_id)s and member_id = any(%(ids)s)",
        ids=list(member_ids),
    )
    return {
        row.member_id: {part for part in ("name", "phone", "gender", "birthday") if getattr(row, part)} for row in rows
    }


class Born(msgspec.Struct, frozen=True):
    """A member whose birthday is known."""

    member_id: int
    birthday: date


async def born_on(tx: Tx, days: Sequence[str]) -> list[Born]:
    """Members born on one of these days of the year (`02-29`), merged ones left out."""
    if not days:
        return []
    rows = await tx.rows(
        "select member_id, birthday from member where merchant_id = %(merchant_id)s and merged_into is null "
        "and to_char(birthday, 'MM-DD') = any(%(days)s::text[]) order by member_id",
        days=list(days),
    )
    return [Born(*row) for row in rows]


class MergeShape(msgspec.Struct, frozen=True, kw_only=True):
    """One merge, and whether it can be undone: not yet, recorded in full, and its survivor still stands."""

    merge_id: int
    member_id: int
    into_id: int
    at: datetime
    by: str
    undone_at: datetime | None
    undone_by: str | None
    undoable: bool


_MERGES = """
select g.merge_id, g.member_id, g.into_id, g.at, g.by, g.undone_at, g.undone_by,
  g.undone_at is null and g.moved ? 'profile' and m.merged_into is not distinct from g.into_id as undoable
from member_merge g join member m on m.merchant_id = g.merchant_id and m.member_id = g.member_id
where g.merchant_id = %(merchant_id)s and (%(before)s::bigint is null or g.merge_id < %(before)s)
  and (%(member)s::bigint is null or %(member)s in (g.member_id, g.into_id))
order by g.merge_id desc limit %(limit)s
"""


async def merges(tx: Tx, member_id: int | None = None, cursor: str | None = None) -> paging.Page:
    """Merges, the latest first; `member_id` shows those of one member, on either side."""
    size = paging.limited(None)
    before = paging.decode(cursor, 1)
    rows = await tx.rows(_MERGES, member=member_id, before=before[0] if before else None, limit=size + 1)
    return paging.page([MergeShape(**row._asdict()) for row in rows], size, lambda one: [one.merge_id])


async def moved_by(tx: Tx, room: str, merge_ids: Iterable[int]) -> dict[int, Any]:
    """What a room kept with these merges when it moved things because of them; those without are left out."""
    rows = await tx.rows(
        "select merge_id, moved -> %(room)s as moved from member_merge where merchant_id = %(merchant_id)s "
        "and merge_id = any(%(ids)s::bigint[]) and moved ? %(room)s",
        room=room, ids=sorted(set(merge_ids)),
    )  # fmt: skip
    return {row.merge_id: row.moved for row in rows}


class AttributeShown(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute that members have: what people call it, how many have it, and what asks for it.

    `deleting`: it was given up and is being taken off them.
    """

    name: str
    title: Sentence
    members: int
    used_by: list[references.Use]
    deleting: bool


class Attributes(msgspec.Struct, frozen=True):
    """All attributes that members have."""

    items: list[AttributeShown]


_ATTRIBUTES = """
select a.name, count(*) as members, d.name is not null as deleting
from member m cross join lateral jsonb_object_keys(m.attributes) as a(name)
left join attribute_deletion d on d.merchant_id = %(merchant_id)s and d.name = a.name
where m.merchant_id = %(merchant_id)s and m.merged_into is null
    and (%(only)s::text is null or (m.attributes ? %(only)s::text and a.name = %(only)s::text))
    and a.name not in ('gender', 'birthday', 'joined_at')
group by a.name, d.name order by members desc, a.name
"""


async def attributes(tx: Tx, only: str | None = None) -> list[AttributeShown]:
    """Every attribute that members have, or one of them, the most frequent first; what the profile itself holds is none. Reads all
    members once and asks each room once: for a page."""
    declared, rows = mirror.declared().attributes, await tx.rows(_ATTRIBUTES, only=only)
    asking = await _asking(tx, [row.name for row in rows])
    titled = {row.name: declared[row.name].title if row.name in declared else (row.name, row.name) for row in rows}
    return [
        AttributeShown(title=Sentence(*titled[row.name]), used_by=asking[row.name], **row._asdict()) for row in rows
    ]


async def _asking(tx: Tx, names: list[str]) -> dict[str, list[references.Use]]:
    """What asks for each attribute, and, where that is a segment, what hangs on the segment: journeys, rules, tags."""
    asking = await references.uses_of(tx, "attribute", names)
    hung = {name: [use.id for use in uses if use.kind == "segment"] for name, uses in asking.items()}
    hanging = await references.uses_of(tx, "segment", {slug for slugs in hung.values() for slug in slugs})
    return {
        name: list(dict.fromkeys([*uses, *(use for slug in hung[name] for use in hanging[slug])]))
        for name, uses in asking.items()
    }


async def given_up(tx: Tx) -> set[str]:
    """The names of attributes that were deleted and not written since."""
    return {
        row.name for row in await tx.rows("select name from attribute_deletion where merchant_id = %(merchant_id)s")
    }
