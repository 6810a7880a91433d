"""Verbs on standings: written down after payments, reviewed at ends of periods, merged, given by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from shuke.assets import points
from shuke.ground import tenancy
from shuke.kit import errors
from shuke.kit.db import Database, Tx
from shuke.programs.tiers import models, policy
from shuke.programs.tiers.actions.shaping import again
from shuke.programs.tiers.events import Change, TiersChanged
from shuke.programs.tiers.policy import MAIN, Ladder, Rise, Standing, level_of
from shuke.programs.tiers.queries import ladders, standings


class NotHigher(errors.Refused):
    """The member already stands on "{name}"; by hand a member can only be raised."""

    code = "tier_not_higher"
    http_status = 422
    zh = "会员现在已经是「{name}」，手工只能给更高的等级。"
    cure = "Choose a higher level; what was given by hand can be taken back."
    cure_zh = "请选择更高的等级；手工给的等级可以收回。"


class EndPassed(errors.Refused):
    """The end of a level given by hand lies in the past."""

    code = "tier_end_passed"
    http_status = 422
    zh = "手工等级的结束时间已经过去。"
    cure = "Choose an end in the future, or none."
    cure_zh = "请选择将来的时间，或不填。"


class NothingByHand(errors.Refused):
    """No level was given to the member by hand."""

    code = "tier_not_by_hand"
    zh = "这位会员没有手工给的等级。"
    cure = "What members earned themselves ends by itself."
    cure_zh = "会员自己达到的等级到期自动结束，不能收回。"


def storing(
    tx: Tx, changed: Iterable[Standing], rises: Sequence[tuple[int, Rise]], reason: str = "reached"
) -> list[tuple[str, dict[str, Any]]]:
    """The statements that store changed standings of the main ladder and rises or drops (with fresh ids); announces these."""
    rows = [_row(one, MAIN) | {"months": one.months} for one in _in_order(changed) if one.changed]
    statements = []
    if rows:
        statements.append(tx.insertion(models.MemberTier, rows, conflict="update:level,since,keep_until,months,under"))
    if rises:
        statements.append(noting(tx, MAIN, [(change_id, rise, reason) for change_id, rise in rises]))
    return statements


def storing_counts(tx: Tx, of: Ladder, found: Iterable[tuple[Standing, dict[str, int]]]) -> tuple[str, dict[str, Any]]:
    """The statement that stores standings of a ladder that is played from history, with what was counted."""
    rows = [
        _row(one, of.ladder_id) | {"counts": counts}
        for one, counts in sorted(found, key=lambda pair: pair[0].member_id)
    ]
    return tx.insertion(models.MemberTier, rows, conflict="update:level,since,keep_until,counts,under")


def _in_order(changed: Iterable[Standing]) -> list[Standing]:
    return sorted(changed, key=lambda standing: standing.member_id)


def _row(one: Standing, ladder_id: int) -> dict[str, Any]:
    return {
        "member_id": one.member_id, "ladder_id": ladder_id, "level": one.level, "since": one.since,
        "keep_until": one.keep_until, "under": one.under,
    }  # fmt: skip


def noting(tx: Tx, ladder_id: int, rises: Sequence[tuple[int, Rise, str]]) -> tuple[str, dict[str, Any]]:
    """The statement that notes rises and drops (with fresh ids and their reasons); announces them."""
    changes = [
        {"change_id": change_id, "ladder_id": ladder_id, "member_id": r.member_id, "from_level": r.from_level,
         "to_level": r.to_level, "reason": reason, "at": r.at}
        for change_id, r, reason in rises
    ]  # fmt: skip
    told = [Change(r.member_id, r.from_level, r.to_level, r.at, ladder_id) for _, r, _ in rises]
    tx.announce(TiersChanged(changes=told))
    return tx.insertion(models.TierChange, changes)


_ENDED = """
select member_id from member_tier where merchant_id = %(merchant_id)s and ladder_id = 0
and keep_until <= case when under is null then %(until)s::timestamptz else %(at)s::timestamptz end
order by member_id limit %(limit)s
"""
_ENDED_ELSEWHERE = """
select distinct member_id from member_tier where merchant_id = %(merchant_id)s and keep_until <= %(at)s
and ladder_id = any(%(ladders)s::bigint[])
"""


async def review(tx: Tx, at: datetime, limit: int = 500) -> int:
    """Look again at up to `limit` members whose period on the main ladder (and its grace) ended by `at`; how many.

    Who has enough in the window of the period keeps the level for another one, the others go down as the terms say, with
    the end of the period as the date. Repeatable; members are locked like by their orders.
    """
    merchant = await tenancy.get_merchant(tx)
    main = await ladders.main(tx)
    if main.terms.by != "amount":
        return 0
    grace = timedelta(days=main.terms.grace_days)
    ended = [row.member_id for row in await tx.rows(_ENDED, until=at - grace, at=at, limit=limit)]
    if not ended:
        return 0
    await points.open_book(tx, ended, at=at)
    held = standings.standings_of(await tx.rows(standings.STANDINGS, members=ended), (), main.levels[0], at)
    drops = []
    for one in held.values():
        if one.keep_until is None or one.keep_until + (grace if one.under is None else timedelta(0)) > at:
            continue
        by_hand = one.under is not None
        last = standings.day_of(one.keep_until - timedelta(seconds=1), merchant)
        reach = policy.worth(main.terms, one.months, last)
        drop = policy.review(one, main.levels, reach, merchant.zone, main.terms)
        if drop is not None:
            drops.append((drop, "ended" if by_hand else "dropped"))
    statements = storing(tx, held.values(), [])
    if drops:
        ids = await tx.fresh_ids(len(drops))
        named = [(number, drop, reason) for number, (drop, reason) in zip(ids, drops, strict=True)]
        statements.append(noting(tx, MAIN, named))
    if statements:
        await tx.together(*statements)
    await again(tx, [drop.member_id for drop, _ in drops], at)
    return len(ended)


async def review_merchant(database: Database, merchant_id: int, at: datetime, batch: int = 500) -> int:
    """Review everybody of one merchant whose period ended by `at`, in transactions of at most `batch`; how many.

    Further ladders are played again for whom a period ended there.
    """
    reviewed = 0
    while True:
        async with database.write(merchant_id) as tx:
            done = await review(tx, at, batch)
        reviewed += done
        if done < batch:
            break
    async with database.write(merchant_id) as tx:
        played = [one.ladder_id for one in await ladders.ladders(tx) if not one.on_payments]
        if played:
            rows = await tx.rows(_ENDED_ELSEWHERE, at=at, ladders=played)
            await again(tx, [row.member_id for row in rows], at)
    return reviewed


_GIFTS_MOVE = """
update tier_gift g set member_id = w.heir from unnest(%(losers)s::bigint[], %(heirs)s::bigint[]) as w(loser, heir)
where g.merchant_id = %(merchant_id)s and g.member_id = w.loser and not exists (
    select from tier_gift k where k.merchant_id = %(merchant_id)s and k.member_id = w.heir and k.key = g.key)
"""


async def merge_standings(tx: Tx, pairs: Sequence[tuple[int, int]], at: datetime) -> None:
    """Make each first member's standing part of the second's: payments add up, the higher level stays; repeatable.

    A level that changes by it is noted with the reason `merged`. Further ladders are played again with the history of
    both. A fixed number of statements for any number of pairs.
    """
    who = sorted({member for pair in pairs for member in pair})
    await points.open_book(tx, who, at=at)
    merchant = await tenancy.get_merchant(tx)
    main = await ladders.main(tx)
    held = standings.standings_of(await tx.rows(standings.STANDINGS, members=who), (), main.levels[0], at)
    day = standings.day_of(at, merchant)
    changes, gone = [], []
    for loser, heir in pairs:
        old = held.pop(loser, None)
        if old is None:
            continue
        gone.append(loser)
        kept = held.setdefault(heir, Standing(heir, main.levels[0].level, at, None, {}))
        changes.append(policy.merge(kept, old, main.levels, day, at, merchant.zone, main.terms))
    await tx.run(
        "delete from member_tier where merchant_id = %(merchant_id)s and member_id = any(%(gone)s::bigint[])",
        gone=[loser for loser, _ in pairs],
    )
    await tx.run(
        "update tier_by_hand h set member_id = w.heir from unnest(%(losers)s::bigint[], %(heirs)s::bigint[]) as w(loser, heir) "
        "where h.merchant_id = %(merchant_id)s and h.member_id = w.loser",
        losers=[loser for loser, _ in pairs], heirs=[heir for _, heir in pairs],
    )  # fmt: skip
    await tx.run(_GIFTS_MOVE, losers=[loser for loser, _ in pairs], heirs=[heir for _, heir in pairs])
    moved = [change for change in changes if change is not None]
    ids = await tx.fresh_ids(len(moved))
    statements = storing(tx, held.values(), list(zip(ids, moved, strict=True)), reason="merged")
    if statements:
        await tx.together(*statements)
    await again(tx, [heir for _, heir in pairs], at)


async def give_level(
    tx: Tx, member_id: int, place: tuple[int, int], until: datetime | None, at: datetime, *, note: str, by: str
) -> None:
    """Give a member a level by hand: `place` is (ladder, level), until an end or for good.

    What they earn goes on beneath it; at the end they are back there. Refuses a level that is not higher, and an end that
    has passed.
    """
    ladder_id, level = place
    if until is not None and until <= at:
        raise EndPassed(field="until")
    of = await ladders.get_ladder(tx, ladder_id)
    if all(rung.level != level for rung in of.levels):
        raise errors.NotFound(what="level", what_zh="等级", field="level")
    one = await _locked(tx, of, member_id, at)
    here = level_of(of.levels, one.level)
    again_the_same = one.under is not None and here.level == level
    if level_of(of.levels, level).threshold <= here.threshold and not again_the_same:
        raise NotHigher(field="level", name=here.name)
    rise = policy.grant(one, level, until, at)
    await _by_hand(tx, of, one, rise, {"level": level, "until": until, "note": note, "by": by, "at": at})


async def take_level_back(tx: Tx, member_id: int, ladder_id: int, at: datetime, *, by: str) -> None:
    """End what was given by hand now; the member is back where they came themselves. Refuses where nothing was given."""
    of = await ladders.get_ladder(tx, ladder_id)
    one = await _locked(tx, of, member_id, at)
    if one.under is None:
        raise NothingByHand
    drop = policy.lift(one, at)
    await _by_hand(tx, of, one, drop, {"level": None, "until": None, "note": "", "by": by, "at": at})


async def _locked(tx: Tx, of: Ladder, member_id: int, at: datetime) -> Standing:
    await points.open_book(tx, [member_id], at=at)
    held = (await standings.stored(tx, [member_id])).get((of.ladder_id, member_id))
    return held.standing if held is not None else Standing(member_id, of.levels[0].level, at, None, {})


async def _by_hand(tx: Tx, of: Ladder, one: Standing, change: Rise | None, act: dict[str, Any]) -> None:
    act_id, change_id = await tx.fresh_ids(2)
    row = {"member_id": one.member_id, "act_id": act_id, "ladder_id": of.ladder_id} | act
    await tx.insert(models.TierByHand, [row])
    await tx.insert(models.MemberTier, [_row(one, of.ladder_id)], conflict="update:level,since,keep_until,under")
    if change is not None:
        await tx.together(noting(tx, of.ladder_id, [(change_id, change, "manual")]))
    await again(tx, [one.member_id], act["at"])
