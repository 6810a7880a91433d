"""Gifts that levels bring: on birthdays and for a rise, each decided once for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from shuke.assets import points, rewards
from shuke.ground import members, tenancy
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence
from shuke.programs.tiers import models, policy
from shuke.programs.tiers.benefits import BirthdayGift, UpgradeGift, brought
from shuke.programs.tiers.policy import Ladder, in_force, level_of
from shuke.programs.tiers.queries import ladders, standings

LOOK_BACK_DAYS = 7
"""How many days a birthday gift may come late, when nothing ran on its day."""
LONGEST = timedelta(days=90)
"""A rise older than this, as imports may bring, is no longer rewarded."""
BATCH = 500


@dataclass(frozen=True, slots=True)
class _Due:
    """One gift that is to be decided: whose, for which level of which ladder, under which permanent key."""

    member_id: int
    of: Ladder
    level: int
    kind: str
    key: str
    rewards: Sequence[rewards.Reward]
    at: datetime
    deserved: bool = True


async def pay_birthdays(tx: Tx, at: datetime) -> int:
    """Give the birthday gifts that fell due in the last days and were not given, by the level held then; how many.

    One a year, ladder and member, whatever becomes of the birthday meanwhile; the year of a birthday is its own, also where
    its week begins in December. Repeatable.
    """
    merchant = await tenancy.get_merchant(tx)
    today = standings.day_of(at, merchant)
    due = []
    for held in (await ladders.versions(tx)).values():
        for back in range(LOOK_BACK_DAYS):
            due += await _born(tx, held, today - timedelta(days=back), merchant)
    return await _decide(tx, due, at)


async def _born(tx: Tx, versions: Sequence[Ladder], day: date, merchant: Any) -> list[_Due]:
    begins = clock.day_starts(day, merchant.zone, merchant.day_start_minutes)
    of = in_force(versions, begins)
    if of is None:
        return []
    gifts = {rung.level: brought(rung, BirthdayGift.code) for rung in of.levels}
    found = []
    for when in sorted({one.when for given in gifts.values() for one in given}):
        days = policy.celebrated(when, day)
        born = await members.born_on(tx, sorted({key for one in days for key in _keys(one)}))
        levels = await standings.levels_at(tx, [(row.member_id, begins) for row in born], of.ladder_id)
        for row, level in zip(born, levels, strict=True):
            here = level_of(of.levels, of.levels[0].level if level is None else level)
            year = policy.year_of(row.birthday, days)
            given = next((one for one in gifts[here.level] if one.when == when), None)
            if given is not None and year is not None:
                key = f"tier_birthday:{of.ladder_id}:{year}"
                found.append(_Due(row.member_id, of, here.level, "birthday_gift", key, given.rewards, begins))
    return found


def _keys(day: date) -> list[str]:
    """Which birthdays fall on that day: those of 29 February on the 28th of a common year."""
    leap = day.month == 2 and day.day == 28 and (day + timedelta(days=1)).month == 3
    return [f"{day:%m-%d}", "02-29"] if leap else [f"{day:%m-%d}"]


_RISEN = """
select c.change_id, c.member_id, c.to_level, c.at from tier_change c
where c.merchant_id = %(merchant_id)s and c.ladder_id = %(ladder_id)s and c.at > %(since)s and c.at <= %(until)s
    and c.reason in ('reached', 'changed') and c.to_level = any(%(levels)s::bigint[])
    and not exists (
        select from tier_gift g where g.merchant_id = c.merchant_id and g.member_id = c.member_id
            and g.key in ('tier_up:' || c.ladder_id || ':' || c.to_level,
                'tier_up:' || c.ladder_id || ':' || c.to_level || ':lapsed:' || c.change_id)
    )
order by c.at, c.change_id limit %(limit)s
"""


async def pay_upgrades(tx: Tx, at: datetime, limit: int = BATCH) -> int:
    """Decide up to `limit` upgrade gifts of each ladder that have fallen due; how many.

    A gift is what the ladder promised when the member rose; a level brings it once for ever. Whoever no longer has what
    the level asks for when it falls due (the goods came back) gets nothing for this rise.
    """
    merchant = await tenancy.get_merchant(tx)
    day = standings.day_of(at, merchant)
    due: list[_Due] = []
    for versions in (await ladders.versions(tx)).values():
        due += await _risen(tx, versions, at, day, limit)
    return await _decide(tx, due, at)


async def _risen(tx: Tx, versions: Sequence[Ladder], at: datetime, day: date, limit: int) -> list[_Due]:
    now = versions[-1]
    waits = {
        rung.level: one.wait_days for of in versions for rung in of.levels for one in brought(rung, UpgradeGift.code)
    }
    if not waits:
        return []
    since, until = at - LONGEST, at - timedelta(days=min(waits.values()))
    rows = await tx.rows(_RISEN, ladder_id=now.ladder_id, since=since, until=until, levels=sorted(waits), limit=limit)
    held = await standings.stored(tx, {row.member_id for row in rows})
    found: dict[str, _Due] = {}
    for row in rows:
        of = in_force(versions, row.at)
        rung = next((one for one in of.levels if one.level == row.to_level), None) if of else None
        given = next(iter(brought(rung, UpgradeGift.code)), None) if rung else None
        if of is None or rung is None or given is None or row.at + timedelta(days=given.wait_days) > at:
            continue
        one = held.get((now.ladder_id, row.member_id))
        deserved = one is not None and one.worth(now, day) >= level_of(now.levels, row.to_level).threshold
        key = f"tier_up:{now.ladder_id}:{row.to_level}"
        named = f"{key}:lapsed:{row.change_id}" if not deserved else key
        found[f"{row.member_id}:{key}"] = _Due(
            row.member_id, of, row.to_level, "upgrade_gift", named, given.rewards, row.at, deserved
        )
    return list(found.values())


async def _decide(tx: Tx, due: Sequence[_Due], at: datetime) -> int:
    """Give what is deserved and was not decided before, and write every decision down."""
    if not due:
        return 0
    rows = await tx.rows(
        "select g.member_id, g.key from tier_gift g join unnest(%(members)s::bigint[], %(keys)s::text[]) as w(member_id, key) "
        "on g.merchant_id = %(merchant_id)s and g.member_id = w.member_id and g.key = w.key",
        members=[one.member_id for one in due], keys=[one.key for one in due],
    )  # fmt: skip
    decided = {(row.member_id, row.key) for row in rows}
    fresh = {(one.member_id, one.key): one for one in due if (one.member_id, one.key) not in decided}
    if not fresh:
        return 0
    gifts = [
        (one, rewards.Gift(member_id=one.member_id, reward=reward, key=_key_of(one, place), why=_why(one), at=at))
        for one in fresh.values()
        if one.deserved
        for place, reward in enumerate(one.rewards)
    ]
    given = await rewards.give(tx, [gift for _, gift in gifts])
    told: dict[tuple[int, str], list[dict[str, Any]]] = {key: [] for key in fresh}
    for (one, gift), what in zip(gifts, given, strict=True):
        words = what.detail.get("words") or msgspec.to_builtins(rewards.sentence([gift.reward]))
        told[one.member_id, one.key].append(
            {"state": what.state, "kind": what.kind, "words": words, "detail": what.detail}
        )
    await tx.insert(models.TierGift, [_row(one, told[key], at) for key, one in fresh.items()], conflict="ignore")
    return len(fresh)


def _key_of(one: _Due, place: int) -> str:
    return f"{one.key}:{one.member_id}:{place}"


def _row(one: _Due, given: list[dict[str, Any]], at: datetime) -> dict[str, Any]:
    fine = [what for what in given if what["state"] != "refused"]
    return {
        "member_id": one.member_id, "key": one.key, "ladder_id": one.of.ladder_id, "level": one.level, "kind": one.kind,
        "state": "lapsed" if not one.deserved else "given" if fine else "refused", "given": given, "at": at,
    }  # fmt: skip


def _why(one: _Due) -> dict[str, Any]:
    return {"kind": f"tier_{one.kind}", "ladder": one.of.name, "tier": level_of(one.of.levels, one.level).name}


def _birthday(why: dict[str, Any]) -> Sentence:
    return Sentence(f"「{why['tier']}」的生日礼", f"Birthday gift of “{why['tier']}”")


def _upgrade(why: dict[str, Any]) -> Sentence:
    return Sentence(f"升级到「{why['tier']}」的礼物", f"Gift for reaching “{why['tier']}”")


points.explained_by({"tier_birthday_gift": _birthday, "tier_upgrade_gift": _upgrade})
