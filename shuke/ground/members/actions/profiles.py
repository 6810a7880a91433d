"""What is known about members changes: names, dates, attributes, consent."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import msgspec

from shuke.ground.members import models, policy, queries
from shuke.ground.members.actions.joining import LOCK_COUNT, tail_of
from shuke.ground.members.actions.retiring import bring_back
from shuke.ground.members.events import ConsentChanged, MemberChanged
from shuke.kit import errors
from shuke.kit.db import Tx

Dated = tuple[int, str, datetime | None, Any]
FACTS = ("gender", "birthday", "joined_at")
_WRITE = """
update member m set name = r.name, name_sort = r.name_sort, gender = r.gender, birthday = r.birthday,
    joined_at = r.joined_at, attributes = r.attributes
from json_to_recordset(%(rows)s::json) as r(member_id bigint, name text, name_sort text, gender text, birthday date,
    joined_at timestamptz, attributes jsonb)
where m.merchant_id = %(merchant_id)s and m.member_id = r.member_id
"""


class UnknownChannel(errors.Refused):
    """There is no channel "{channel}"; known are: {known}."""

    code = "unknown_channel"
    http_status = 422
    zh = "没有「{channel}」这个触达渠道，可用的有：{known}。"
    cure = "Use one of the known channels."
    cure_zh = "请改用列出的渠道。"


class PhoneTaken(errors.Refused):
    """This phone number already belongs to member {owner}."""

    code = "phone_taken"
    zh = "这个手机号已经属于会员 {owner}。"
    cure = "Open that member, or merge the two."
    cure_zh = "请打开那位会员，或把两位会员合并。"


async def write_profiles(
    tx: Tx, changes: Sequence[tuple[int, Mapping[str, Any]]], at: datetime | None = None
) -> list[int]:
    """Set name, gender, birthday, joined_at and attributes (merged by name, None removes) of many members at once.

    Only keys that are given change. Facts hold from `at`, or for all time when it is None; `since` of a change gives single
    attributes a date of their own. Five statements for any number; repeatable: what is already so is not announced. An
    attribute that had been given up is one again. Returns the members that changed.
    """
    wanted: dict[int, dict[str, Any]] = {}
    for member_id, change in changes:
        merged = wanted.setdefault(member_id, {})
        attributes = {**merged.get("attributes", {}), **policy.checked_attributes(change.get("attributes", {}))}
        merged.update(change, attributes=attributes, since={**merged.get("since", {}), **change.get("since", {})})
    given = (change["attributes"].items() for change in wanted.values())
    await bring_back(tx, {name for one in given for name, value in one if value is not None})
    rows = await tx.rows(
        "select member_id, name, gender, birthday, joined_at, attributes from member "
        "where merchant_id = %(merchant_id)s and member_id = any(%(ids)s) order by member_id for no key update",
        ids=list(wanted),
    )
    written: list[dict[str, Any]] = []
    renamed: dict[int, str] = {}
    dated: list[Dated] = []
    for row in rows:
        change = wanted[row.member_id]
        after, facts = _changed(row, change)
        if after is None:
            continue
        written.append(after)
        if after["name"] != row.name:
            renamed[row.member_id] = after["name"]
        dated += [(row.member_id, name, change["since"].get(name, at), value) for name, value in facts.items()]
    if written:
        await tx.run(_WRITE, rows=msgspec.json.encode(written).decode())
        await index_names(tx, renamed)
    await note_attributes(tx, dated)
    return [row["member_id"] for row in written]


async def note_attributes(tx: Tx, dated: Sequence[Dated]) -> None:
    """Announce attributes as (member, name, since when or None for always, value) and keep those with a date; one statement.

    Whether one is the present value is not decided here. What has a column of its own is announced only.
    """
    told: dict[tuple[int, datetime | None], dict[str, Any]] = {}
    for member_id, name, since, value in dated:
        told.setdefault((member_id, since), {})[name] = value
    tx.announce(*(MemberChanged(member_id=who, attributes=facts, at=since) for (who, since), facts in told.items()))
    rows = [
        {"member_id": member_id, "name": name, "since": since, "value": value}
        for member_id, name, since, value in dated
        if since is not None and name not in FACTS
    ]
    await tx.insert(models.AttributeDate, rows, conflict="update:value")


def _changed(row: Any, change: Mapping[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The whole row as it will be, and the facts that differ; (None, {}) when nothing does."""
    attributes = {**row.attributes, **change["attributes"]}
    kept = {name: value for name, value in attributes.items() if value is not None}
    facts = {name: value for name, value in change["attributes"].items() if row.attributes.get(name) != value}
    after: dict[str, Any] = {"member_id": row.member_id, "attributes": kept}
    for column in FACTS:
        old = getattr(row, column)
        after[column] = change.get(column, old)
        if after[column] != old:
            facts[column] = _plain(after[column])
    after["name"] = str(change.get("name", row.name) or "").strip()
    after["name_sort"] = sort_key(after["name"])
    if not facts and after["name"] == row.name:
        return None, {}
    return after, facts


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


async def index_names(tx: Tx, renamed: Mapping[int, str]) -> None:
    """Make these members, by number, be found by their names and by no others."""
    if not renamed:
        return
    await tx.run(
        "delete from member_name_part where merchant_id = %(merchant_id)s and member_id = any(%(ids)s)",
        ids=list(renamed),
    )
    parts = [
        {"part": part, "member_id": number} for number, name in renamed.items() for part in policy.name_parts(name)
    ]
    await tx.insert(models.NamePart, parts, conflict="ignore")


@lru_cache(maxsize=4096)
def sort_key(name: str) -> str:
    """How a name sorts: pinyin of each character, everything in lower case."""
    from pypinyin import lazy_pinyin

    return " ".join(lazy_pinyin(name)).lower()[:200]


async def set_phone(tx: Tx, member_id: int, phone: str, at: datetime) -> None:
    """Give a member this phone (in normal form), which becomes an identity too; the old one stays an identity.

    Refuses `PhoneTaken`. Repeatable.
    """
    await tx.value(LOCK_COUNT)
    await tx.insert(
        models.Identity, [{"kind": "phone", "value": phone, "member_id": member_id, "since": at}], conflict="ignore"
    )
    [owner] = await queries.resolve(tx, [{"phone": phone}])
    if owner != member_id:
        raise PhoneTaken(field="phone", owner=owner)
    await tx.run(
        "update member m set phone = %(phone)s, phone_tail = %(tail)s "
        "where m.merchant_id = %(merchant_id)s and m.member_id = %(member_id)s",
        member_id=member_id, phone=phone, tail=tail_of(phone),
    )  # fmt: skip


async def set_consents(tx: Tx, answers: Sequence[tuple[int, str, bool]], at: datetime, source: str) -> None:
    """Note who may be reached how, as (member, channel, yes or no); the last word counts. Refuses unknown channels."""
    last = {(member_id, channel): given for member_id, channel, given in answers}
    for _, channel in last:
        if channel not in policy.CHANNELS:
            raise UnknownChannel(field="consent", channel=channel, known=", ".join(policy.CHANNELS))
    rows = [
        {"member_id": member_id, "channel": channel, "given": given, "at": at, "source": source}
        for (member_id, channel), given in last.items()
    ]
    await tx.insert(models.Consent, rows, conflict="update:given,at,source")
    tx.announce(
        *(
            ConsentChanged(member_id=member_id, channel=channel, given=given, at=at)
            for (member_id, channel), given in last.items()
        )
    )
