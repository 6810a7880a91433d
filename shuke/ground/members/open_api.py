"""Members by API key: sent many at once; and their attributes: which there are, what asks for them, giving one up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, delete, get, post
from msgspec import Meta

from shuke.ground import access
from shuke.ground.members import actions, policy, queries
from shuke.kit import clock, errors, http
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller

MOST = 1_000
OWN = frozenset({"name", "gender", "birthday", "joined_at"})
AHEAD = timedelta(minutes=10)
Instant = Annotated[datetime, Meta(tz=True, description="With its offset: 2026-11-21T10:00:00+08:00")]


class MemberIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One member: who it is, by any identities, and what is known of them; what is left out stays as it is.

    An attribute is a plain value (null takes it off), or dated: {"value": "杭州", "since": "2026-03-01T00:00:00+08:00"}.
    Without `joined_at` a new member joins now, and is welcomed as one who signs up.
    """

    member: Annotated[dict[str, str], Meta(min_length=1, max_length=9)]
    name: Annotated[str, Meta(max_length=100)] | None = None
    gender: Literal["female", "male", "other"] | None = None
    birthday: date | None = None
    joined_at: Instant | None = None
    attributes: dict[str, Any] = {}
    consent: dict[str, bool] = {}


class DatedValue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value that holds from an instant on."""

    value: str | int | float | bool | list[str] | None
    since: Instant


class MemberAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one member: created, changed, unchanged, or refused with the reason."""

    status: Literal["created", "changed", "unchanged", "refused"]
    member_id: int | None = None
    error: dict[str, Any] | None = None


class MemberAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """One answer per member, in their order."""

    results: list[MemberAnswer]


_one = msgspec.json.Decoder(MemberIn).decode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_EXAMPLE = {
    "member": {"phone": "13800138000", "external": "crm-7781"}, "name": "林晓芙", "joined_at": "2025-03-08T10:00:00+08:00",
    "attributes": {"肤质": "干性", "city": {"value": "杭州", "since": "2026-03-01T00:00:00+08:00"}}, "consent": {"sms": True},
}  # fmt: skip


@post(
    "/members",
    guards=[http.requires("members.write")],
    status_code=200,
    responses=http.declares(
        policy.UnknownIdentity, policy.BadIdentity, policy.NoIdentity, policy.BadAttribute, policy.AheadOfClock,
        actions.UnknownChannel, errors.TooMany,
    ),
    body=MemberIn | list[MemberIn],
    example=_EXAMPLE,
)  # fmt: skip
async def send_members(
    request: Request[Any, Any, Any], database: Database, caller: Caller
) -> MemberAnswer | MemberAnswers:
    """写入会员：身份、姓名、入会时间、属性、授权，一次最多 1000 位，每位各有结果，可以放心重发。

    Send members, one or a list of up to 1,000, each with its own answer; a bad one spoils no other. Repeatable: what is already
    so changes nothing. An attribute without a date holds for all time where nothing was known, else from now on.
    """
    now, body = clock.now(), await request.body()
    single = body.lstrip()[:1] != b"["
    parts: Sequence[Any] = [body] if single else _parts(body)
    sent = [_sent(bytes(part), row, now) for row, part in enumerate(parts, 1)]
    good = [one for one in sent if isinstance(one, actions.Sent)]

    async def verb(tx: Tx) -> list[actions.Became]:
        became = await actions.send_members(tx, good, now, f"api:{caller.name}")
        counts = {word: sum(one.status == word for one in became) for word in ("created", "changed")}
        if any(counts.values()):
            await access.record(tx, caller, "members.sent", ("members", ""), after=counts, at=now)
        return became

    found = iter(await database.attempt(caller.merchant_id, verb) if good else [])
    if single and isinstance(sent[0], errors.Refused):
        sent[0].row = None
        raise sent[0]
    results = [_answer(one if isinstance(one, errors.Refused) else next(found)) for one in sent]
    return results[0] if single else MemberAnswers(results=results)


def _parts(body: bytes) -> list[Any]:
    try:
        parts = _items(body)
    except msgspec.DecodeError as error:
        raise http.malformed(str(error)) from error
    if len(parts) > MOST:
        raise errors.TooMany(most=MOST, count=len(parts))
    return parts


def _sent(part: bytes, row: int, now: datetime) -> actions.Sent | errors.Refused:
    """One row, read and checked, or why it is refused."""
    try:
        return _checked(_one(part), now)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        refusal: errors.Refused = http.malformed(str(error))
    except errors.Refused as refused:
        refusal = refused
    refusal.row = row
    return refusal


def _checked(one: MemberIn, now: datetime) -> actions.Sent:
    dated: dict[str, tuple[Any, datetime]] = {}
    plain = {name: value for name, value in one.attributes.items() if not isinstance(value, dict)}
    for name in sorted(one.attributes.keys() & OWN):
        raise policy.BadAttribute(
            field=f"attributes.{name}",
            name=name,
            reason="it is a field of its own",
            reason_zh="它是单独的一项，请写在外层",
        )
    for name in one.attributes.keys() - plain.keys():
        held = _dated(name, one.attributes[name])
        _not_ahead(held.since, f"attributes.{name}.since", now)
        dated[name] = (held.value, held.since)
    policy.checked_attributes(plain | {name: value for name, (value, _) in dated.items()})
    for channel in one.consent:
        if channel not in policy.CHANNELS:
            raise actions.UnknownChannel(field="consent", channel=channel, known=", ".join(policy.CHANNELS))
    if one.joined_at is not None:
        _not_ahead(one.joined_at, "joined_at", now)
    return actions.Sent(
        person=policy.identities_of(one.member), name=None if one.name is None else one.name.strip(), gender=one.gender,
        birthday=one.birthday, joined_at=one.joined_at, plain=plain, dated=dated, consent=one.consent,
    )  # fmt: skip


def _dated(name: str, written: dict[str, Any]) -> DatedValue:
    try:
        return msgspec.convert(written, DatedValue)
    except msgspec.ValidationError as error:
        refusal = http.malformed(str(error))
        refusal.field = f"attributes.{name}" + (f".{refusal.field}" if refusal.field else "")
        raise refusal from error


def _not_ahead(at: datetime, field: str, now: datetime) -> None:
    if at > now + AHEAD:
        raise policy.AheadOfClock(field=field, at=at.isoformat())


def _answer(one: actions.Became | errors.Refused) -> MemberAnswer:
    if isinstance(one, errors.Refused):
        return MemberAnswer(status="refused", error=one.body())
    return MemberAnswer(status=one.status, member_id=one.member_id)


@get("/attributes", guards=[http.requires("members.read")])
async def list_attributes(database: Database, caller: Caller) -> queries.Attributes:
    """会员属性：名称、多少会员有、被谁用着。 Every attribute that members have, how many have it, and what asks for it."""
    async with database.read(caller.merchant_id) as tx:
        return queries.Attributes(await queries.attributes(tx))


@delete(
    "/attributes",
    guards=[http.requires("attributes.write")],
    status_code=200,
    responses=http.declares(actions.NoSuchAttribute, actions.AttributeInUse),
)
async def remove_attribute(database: Database, caller: Caller, name: str) -> queries.AttributeShown:
    """删除一个会员属性，所有会员一起；还被分群、规则或自动化用着时拒绝，并列出用它的地方。

    Take an attribute off all members, within seconds; refused with the list of what asks for it. A repeat while that goes on
    answers the same; after that there is no such attribute.
    """
    now = clock.now()
    async with database.write(caller.merchant_id) as tx:
        found = await actions.delete_attribute(tx, name, by=caller.name, at=now)
        before = {"members": found.members}
        await access.record(tx, caller, "attribute.deleted", ("attribute", name), before=before, at=now)
    return found


routes = [send_members, list_attributes, remove_attribute]
