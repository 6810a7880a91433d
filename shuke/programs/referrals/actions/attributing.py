"""The verb that notes who brought whom: many at once, each with its own verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from shuke.assets import points
from shuke.ground import ingestion, members, orders, tenancy
from shuke.kit import clock, errors
from shuke.kit.db import Tx
from shuke.programs.referrals import models
from shuke.programs.referrals.actions import settling, shaping
from shuke.programs.referrals.events import MembersReferred
from shuke.programs.referrals.policy import plan as plan_policy
from shuke.programs.referrals.policy import relation as policy
from shuke.programs.referrals.policy.plan import Version
from shuke.programs.referrals.policy.relation import How, Relation
from shuke.programs.referrals.queries import plans, relations

SOURCE = "shuke"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """This friend was brought by whoever holds the code; without one, by whose link was opened last on the device."""

    friend_id: int
    occurred_at: datetime
    code: str = ""
    device: str = ""
    how: How = "code"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it: noted (perhaps it waits for a person), already (the same before), or refused with the reason."""

    state: Literal["noted", "already", "refused"]
    relation: Relation | None = None
    refusal: errors.Refused | None = None


@dataclass(slots=True)
class _Known:
    """All that the verdicts of one call are made of, read under the locks; noted friends are added as they come."""

    versions: Sequence[Version]
    codes: dict[str, int]
    touched: dict[int, str]
    before: dict[int, Relation]
    parents: dict[int, int]
    people: dict[int, members.Found]
    seen: dict[str, set[int]]
    bought: dict[int, list[orders.Settled]]
    today: Counter[tuple[int, date]] = field(default_factory=Counter)
    zone: str = ""
    day_start: int = 0
    noted: list[Relation] = field(default_factory=list)
    devices: list[tuple[str, int]] = field(default_factory=list)


async def attribute(tx: Tx, asked: Sequence[Asked], at: datetime) -> list[Verdict]:
    """Note who brought whom, for ever; each with its own verdict, in order; repeatable.

    A friend has one referrer: the first. Refused are oneself, rings, members who are not new or have bought before, and
    devices of others where the plan says so; what looks strange waits for a person. The members' accounts are locked in
    order, then the plan, so that no ring is made by halves at the same time. The number of statements does not depend on
    the number of friends.
    """
    if not asked:
        return []
    asked = [msgspec.structs.replace(one, occurred_at=min(one.occurred_at, at)) for one in asked]
    known = await _read(tx, asked, at)
    verdicts = []
    for (place, one), number in zip(enumerate(asked), await tx.fresh_ids(len(asked)), strict=True):
        try:
            verdicts.append(_judge(known, place, one, number, at))
        except errors.Refused as refusal:
            verdicts.append(Verdict(state="refused", refusal=refusal))
    now = await _write(tx, known, at)
    return [_fresh(verdict, now) for verdict in verdicts]


def _fresh(verdict: Verdict, now: dict[int, Relation]) -> Verdict:
    if verdict.relation is None or verdict.relation.referral_id not in now:
        return verdict
    return msgspec.structs.replace(verdict, relation=now[verdict.relation.referral_id])


async def _read(tx: Tx, asked: Sequence[Asked], at: datetime) -> _Known:
    """Find the referrers, lock everybody, then read again what the verdicts rest on."""
    merchant = await tenancy.get_merchant(tx)
    versions = await plans.versions(tx)
    sought = {place: one for place, one in enumerate(asked) if not one.code and policy.device_key(one.device)}
    windows = {place: plan_policy.in_force(versions, one.occurred_at) for place, one in sought.items()}
    opened = [
        (policy.device_key(one.device), one.occurred_at, one.occurred_at - timedelta(days=found.plan.window_days))
        for place, one in sought.items()
        if (found := windows[place]) is not None
    ]
    places = [place for place in sought if windows[place] is not None]
    touched = {places[index]: code for index, code in (await plans.touched(tx, opened)).items()}
    codes = await plans.owners(tx, {policy.normal(one.code) for one in asked if one.code} | set(touched.values()))
    friends = {one.friend_id for one in asked}
    await points.open_book(tx, friends | set(codes.values()), at=at)
    await settling.queue(tx)
    before = {one.friend_id: one for one in await relations.of_friends(tx, friends) if one.state != "void"}
    everybody = friends | set(codes.values())
    numbers = await members.absorbed(tx, friends)
    net: dict[int, list[orders.Settled]] = {}
    longest = max((version.plan.return_days for version in versions), default=0)
    for order in await orders.standing(tx, {*friends, *numbers}, least_fen=1, return_days=longest):
        net.setdefault(numbers.get(order.member_id, order.member_id), []).append(order)
    first = min(one.occurred_at for one in asked)
    known = _Known(
        versions=versions, codes=codes, touched=touched, before=before, bought=net,
        parents=await relations.parents(tx, everybody), people=await members.members_of(tx, everybody),
        seen=await plans.seen_with(tx, {policy.device_key(one.device) for one in asked}),
        zone=merchant.zone, day_start=merchant.day_start_minutes,
    )  # fmt: skip
    for referrer_id, when in await relations.referred_since(tx, codes.values(), first - timedelta(days=1)):
        known.today[referrer_id, _day(known, when)] += 1
    return known


def _day(known: _Known, at: datetime) -> date:
    return clock.business_date(at, known.zone, known.day_start)


def _judge(known: _Known, place: int, one: Asked, number: int, at: datetime) -> Verdict:
    """One verdict; what is noted is known to the ones after it."""
    version = plan_policy.open_at(known.versions, one.occurred_at)
    code, how = _code_of(known, place, one)
    referrer_id = known.codes[code]
    before = known.before.get(one.friend_id)
    if before is not None and before.referrer_id == referrer_id:
        return Verdict(state="already", relation=before)
    _refuse(known, version, one, referrer_id)
    flags = _flags(known, version, one, referrer_id)
    noted = Relation(
        referral_id=number, friend_id=one.friend_id, referrer_id=referrer_id, how=how, code=code,
        version=version.version, flags=flags, review="waiting" if flags else "none", state="waiting", reason="",
        order_id=None, order_at=None, due_at=None, settled_at=None, capped=False, occurred_at=one.occurred_at,
        recorded_at=at,
    )  # fmt: skip
    known.noted.append(noted)
    known.before[one.friend_id] = noted
    known.parents[one.friend_id] = referrer_id
    known.today[referrer_id, _day(known, one.occurred_at)] += 1
    device = policy.device_key(one.device)
    known.seen.setdefault(device, set()).add(one.friend_id)
    known.devices.append((device, one.friend_id))
    return Verdict(state="noted", relation=noted)


def _code_of(known: _Known, place: int, one: Asked) -> tuple[str, How]:
    """The code by which the friend came, and how it was found; refuses one that is nobody's, and a device without any."""
    code = policy.normal(one.code)
    if code and code not in known.codes:
        raise policy.NoSuchCode(field="code", code=one.code.strip()[:40])
    if code:
        return code, one.how
    found = known.touched.get(place)
    if found is None or found not in known.codes:
        raise policy.refusal("nobody")
    return found, "device"


def _refuse(known: _Known, version: Version, one: Asked, referrer_id: int) -> None:
    """Refuse oneself, a second referrer, a ring, somebody who is not new, and devices of others where the plan says so."""
    friend = known.people.get(one.friend_id)
    window = timedelta(days=version.plan.window_days)
    bought = known.bought.get(one.friend_id, ())
    device = policy.device_key(one.device)
    why = ""
    if referrer_id == one.friend_id:
        why = "self"
    elif policy.is_ring(one.friend_id, referrer_id, known.parents):
        why = "ring"
    elif one.friend_id in known.before:
        why = "referred_before"
    elif friend is None or friend.known_since < one.occurred_at - window:
        why = "not_new"
    elif any(order.occurred_at < one.occurred_at for order in bought):
        why = "bought_before"
    elif version.plan.same_device == "refuse" and device and known.seen.get(device, set()) - {one.friend_id}:
        why = "same_device"
    if why:
        raise policy.refusal(why)


def _flags(known: _Known, version: Version, one: Asked, referrer_id: int) -> list[str]:
    """What a person should look at: the referrer's own device, one shared with others, too many friends in one day."""
    others = known.seen.get(policy.device_key(one.device), set()) - {one.friend_id} if one.device else set()
    flags = []
    if referrer_id in others:
        flags.append("referrers_device")
    elif others:
        flags.append("shared_device")
    alarm = version.plan.day_alarm
    if alarm is not None and known.today[referrer_id, _day(known, one.occurred_at)] >= alarm:
        flags.append("many_in_a_day")
    return flags


async def _write(tx: Tx, known: _Known, at: datetime) -> dict[int, Relation]:
    """Write what was noted and announce it; those whose friends have ordered since, as they are now, by number."""
    await shaping.note_devices(tx, known.devices, at)
    if not known.noted:
        return {}
    rows = [
        msgspec.structs.asdict(one) | {"friend_was": one.friend_id, "referrer_was": one.referrer_id}
        for one in known.noted
    ]
    await tx.insert(models.Referral, rows)
    tx.announce(
        MembersReferred(pairs=[(one.friend_id, one.referrer_id) for one in known.noted]),
        ingestion.EventsRecorded(events=[_invited(known, one) for one in known.noted]),
    )
    ordered = [one.referral_id for one in known.noted if known.bought.get(one.friend_id)]
    return {one.referral_id: one for one in await settling.consider(tx, ordered, at)}


def _invited(known: _Known, one: Relation) -> ingestion.Behaviour:
    return ingestion.Behaviour(
        event="invite", member_id=one.referrer_id, occurred_at=one.occurred_at, day=_day(known, one.occurred_at),
        event_id=f"referral:{one.referral_id}", source=SOURCE, properties={"how": one.how},
    )  # fmt: skip
