"""Routes of members for staff: add, change, reveal. Pages made of several rooms are in doors/screens."""

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from litestar import delete, get, patch, post
from msgspec import UNSET, Meta, UnsetType

from shuke.ground import access
from shuke.ground.members import actions, policy, queries
from shuke.kit import clock, errors, http
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller, requires

Name = Annotated[str, Meta(max_length=100)]
Gender = Literal["female", "male", "other"]


class NewMember(msgspec.Struct, forbid_unknown_fields=True):
    """A member added by hand; the phone is how they are found again."""

    phone: str
    name: Name = ""
    gender: Gender | None = None
    birthday: date | None = None
    attributes: dict[str, Any] = {}


class MemberChange(msgspec.Struct, forbid_unknown_fields=True):
    """What to change; an attribute given as null is removed."""

    name: Name | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    gender: Gender | None | UnsetType = UNSET
    birthday: date | None | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    consent: dict[str, bool] | UnsetType = UNSET


class MergeInto(msgspec.Struct, forbid_unknown_fields=True):
    """The member who stays."""

    into: int


class MemberExists(errors.Refused):
    """This phone number already belongs to member {owner}."""

    code = "member_exists"
    http_status = 409
    zh = "这个手机号已经是会员 {owner}。"
    cure = "Open that member instead."
    cure_zh = "请直接打开那位会员。"


def _shown(profile: queries.Profile) -> dict[str, Any]:
    """What the trail keeps of a profile: no name, no phone."""
    return {
        "attributes": profile.attributes, "gender": profile.gender,
        "birthday": profile.birthday.isoformat() if profile.birthday else None, "consent": profile.consent,
    }  # fmt: skip


@post(
    "/members",
    guards=[requires("members.write")],
    responses=http.declares(policy.BadIdentity, policy.BadAttribute, MemberExists),
)
async def create_member(data: NewMember, database: Database, caller: Caller) -> queries.Profile:
    """Add a member by phone number."""
    person = policy.identities_of({"phone": data.phone})
    now = clock.now()
    async with database.write(caller.merchant_id) as tx:
        [owner] = await queries.resolve(tx, [person])
        if owner is not None:
            raise MemberExists(field="phone", owner=owner)
        [member_id] = await actions.ensure_members(tx, [person], now)
        change = {"name": data.name, "attributes": data.attributes}
        change |= {name: value for name in ("gender", "birthday") if (value := getattr(data, name)) is not None}
        await actions.write_profiles(tx, [(member_id, change)])
        profile = await queries.get_member(tx, member_id)
        await access.record(tx, caller, "member.created", ("member", member_id), after=_shown(profile), at=now)
    return profile


@patch(
    "/members/{member_id:int}",
    guards=[requires("members.write")],
    responses=http.declares(
        queries.NoSuchMember, policy.BadIdentity, policy.BadAttribute, actions.PhoneTaken, actions.UnknownChannel
    ),
)
async def change_member(member_id: int, data: MemberChange, database: Database, caller: Caller) -> queries.Profile:
    """Change a member's profile or consents; attributes hold from now on."""
    now = clock.now()
    async with database.write(caller.merchant_id) as tx:
        before = await queries.get_member(tx, member_id)
        await _apply(tx, member_id, data, caller)
        after = await queries.get_member(tx, member_id)
        await access.record(
            tx, caller, "member.changed", ("member", member_id), before=_shown(before), after=_shown(after), at=now
        )
    return after


async def _apply(tx: Tx, member_id: int, data: MemberChange, caller: Caller) -> None:
    now = clock.now()
    given = {name: getattr(data, name) for name in ("name", "gender", "birthday", "attributes")}
    change = {name: value for name, value in given.items() if value is not UNSET}
    if change:
        await actions.write_profiles(tx, [(member_id, change)], at=now)
    if data.phone is not UNSET:
        await actions.set_phone(tx, member_id, policy.normal("phone", data.phone), now)
    if data.consent is not UNSET:
        answers = [(member_id, channel, given) for channel, given in data.consent.items()]
        await actions.set_consents(tx, answers, now, f"console:{caller.staff_id}")


@post(
    "/members/{member_id:int}/reveal",
    status_code=200,
    guards=[requires("members.reveal")],
    responses=http.declares(queries.NoSuchMember),
)
async def reveal_phone(member_id: int, database: Database, caller: Caller) -> dict[str, str | None]:
    """The full phone number, noted in the audit trail."""
    async with database.write(caller.merchant_id) as tx:
        phone = await queries.get_phone(tx, member_id)
        await access.record(tx, caller, "member.revealed", ("member", member_id), at=clock.now())
    return {"phone": phone}


@post(
    "/members/{member_id:int}/merge",
    status_code=200,
    guards=[requires("members.write")],
    responses=http.declares(queries.NoSuchMember, actions.CannotMerge),
)
async def merge_members(member_id: int, data: MergeInto, database: Database, caller: Caller) -> queries.Profile:
    """Make this member part of another one: identities at once; points, orders and offers follow within a second."""
    now = clock.now()
    async with database.write(caller.merchant_id) as tx:
        await actions.merge(tx, member_id, data.into, by=caller.name, at=now)
        after = {"into": data.into}
        await access.record(tx, caller, "member.merged", ("member", member_id), after=after, at=now)
        heir = await queries.get_member(tx, data.into)
    return heir


@get("/attributes", guards=[requires("members.read")])
async def list_attributes(database: Database, caller: Caller) -> queries.Attributes:
    """Every attribute that members have, how many have it, and what asks for it."""
    async with database.read(caller.merchant_id) as tx:
        return queries.Attributes(await queries.attributes(tx))


@delete(
    "/attributes",
    guards=[requires("attributes.write")],
    status_code=200,
    responses=http.declares(actions.NoSuchAttribute, actions.AttributeInUse),
)
async def remove_attribute(database: Database, caller: Caller, name: str) -> queries.AttributeShown:
    """Take an attribute off all members; refused with the list while a segment, a rule or a journey asks for it."""
    now = clock.now()
    async with database.write(caller.merchant_id) as tx:
        found = await actions.delete_attribute(tx, name, by=caller.name, at=now)
        before = {"members": found.members}
        await access.record(tx, caller, "attribute.deleted", ("attribute", name), before=before, at=now)
    return found


routes = [create_member, change_member, reveal_phone, merge_members, list_attributes, remove_attribute]
