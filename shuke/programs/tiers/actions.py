"""Verbs of the ladder."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from shuke.assets import points
from shuke.ground import tenancy
from shuke.kit import clock, errors
from shuke.kit.db import Database, Tx
from shuke.programs.tiers import models, policy, queries
from shuke.programs.tiers.events import Change, TiersChanged
from shuke.programs.tiers.policy import Level, Rise, Standing

MOST_LEVELS = 12


class BadLadder(errors.Refused):
    """The ladder is not right: {reason}"""

    code = "bad_ladder"
    http_status = 422
    zh = "会员等级不对：{reason_zh}"
    cure = "The lowest level begins at 0, every next one costs more, and each has a name of its own."
    cure_zh = "最低一级从 0 开始，往上门槛递增，名字各不相同。"


class LevelInUse(errors.Refused):
    """{members} members stand on "{name}"; it cannot be removed."""

    code = "level_in_use"
    zh = "还有 {members} 位会员是「{name}」，不能删除这一级。"
    cure = "Rename it or change its threshold instead; nobody is demoted silently."
    cure_zh = "可以改名或改门槛；系统不会悄悄给会员降级。"


async def install_first_ladder(tx: Tx) -> None:
    """A new merchant's ladder: one plain level for everybody."""
    await tx.insert(models.TierLevel, [{"level": 0, "name": "普通会员", "name_en": "Member", "threshold_fen": 0}])


async def change_ladder(tx: Tx, rungs: Sequence[Level]) -> None:
    """Replace the ladder; members keep the level they have, and rise by their next payment where it now suffices.

    Levels are known by their number. Refuses to remove one that members stand on. Orders from before the change that
    arrive late earn by the multipliers of today.
    """
    _check(rungs)
    counts = await queries.members_by_level(tx)
    kept = {rung.level for rung in rungs}
    for rung in await queries.ladder(tx):
        if rung.level not in kept and counts.get(rung.level):
            raise LevelInUse(field="levels", members=counts[rung.level], name=rung.name)
    await tx.run(
        "delete from tier_level where merchant_id = %(merchant_id)s and not level = any(%(kept)s::bigint[])",
        kept=sorted(kept),
    )
    rows = [
        {"level": rung.level, "name": rung.name, "name_en": rung.name_en, "threshold_fen": rung.threshold_fen,
         "multiplier_percent": rung.multiplier_percent}
        for rung in rungs
    ]  # fmt: skip
    await tx.insert(models.TierLevel, rows, conflict="update:name,name_en,threshold_fen,multiplier_percent")
    await tx.run("update merchant_head h set rules_version = h.rules_version + 1 where h.merchant_id = %(merchant_id)s")


def _check(rungs: Sequence[Level]) -> None:
    reason: tuple[str, str] | None = None
    if not 1 <= len(rungs) <= MOST_LEVELS:
        reason = (f"1 to {MOST_LEVELS} levels", f"1 到 {MOST_LEVELS} 级")
    elif len({rung.level for rung in rungs}) < len(rungs) or any(rung.level < 0 for rung in rungs):
        reason = ("every level has a number of its own", "每级要有自己的编号")
    elif any(not 1 <= len(rung.name) <= 20 for rung in rungs) or len({rung.name for rung in rungs}) < len(rungs):
        reason = ("names have 1 to 20 characters, each once", "名字 1 到 20 个字，不能重复")
    elif rungs[0].threshold_fen != 0:
        reason = ("the lowest level begins at 0", "最低一级的门槛要是 0")
    elif any(above.threshold_fen <= below.threshold_fen for below, above in itertools.pairwise(rungs)):
        reason = ("thresholds must grow", "门槛要一级比一级高")
    elif any(not 1 <= rung.multiplier_percent <= 10_000 for rung in rungs):
        reason = ("multipliers lie between 0.01 and 100", "积分倍数在 0.01 到 100 之间")
    if reason is not None:
        raise BadLadder(field="levels", reason=reason[0], reason_zh=reason[1])


def storing(
    tx: Tx, standings: Iterable[Standing], rises: Sequence[tuple[int, Rise]], reason: str = "reached"
) -> list[tuple[str, dict[str, Any]]]:
    """The statements that store changed standings and rises or drops (with fresh ids); announces these."""
    rows = [
        {"member_id": s.member_id, "level": s.level, "since": s.since, "keep_until": s.keep_until, "months": s.months}
        for s in sorted(standings, key=lambda standing: standing.member_id)
        if s.changed
    ]
    statements = []
    if rows:
        statements.append(tx.insertion(models.MemberTier, rows, conflict="update:level,since,keep_until,months"))
    if rises:
        changes = [
            {"change_id": change_id, "member_id": r.member_id, "from_level": r.from_level, "to_level": r.to_level,
             "reason": reason, "at": r.at}
            for change_id, r in rises
        ]  # fmt: skip
        statements.append(tx.insertion(models.TierChange, changes))
        tx.announce(TiersChanged(changes=[Change(r.member_id, r.from_level, r.to_level, r.at) for _, r in rises]))
    return statements


_ENDED = """
select member_id from member_tier where merchant_id = %(merchant_id)s and keep_until <= %(until)s
order by member_id limit %(limit)s
"""


async def review(tx: Tx, at: datetime, limit: int = 500) -> int:
    """Look again at up to `limit` members whose period (and the merchant's grace) ended by `at`; returns how many.

    Who paid enough within the twelve months of the period keeps the level for another one, the others go down to what
    they paid for, with the end of the period as the date. Repeatable; members are locked like by their orders.
    """
    merchant = await tenancy.get_merchant(tx)
    grace = timedelta(days=int(merchant.settings.get("tier_grace_days", 0)))
    rungs = await queries.ladder(tx)
    ended = [row.member_id for row in await tx.rows(_ENDED, until=at - grace, limit=limit)]
    if not ended:
        return 0
    await points.open_book(tx, ended, at=at)
    standings = queries.standings_of(await tx.rows(queries.STANDINGS, members=ended), (), rungs[0], at)
    drops = []
    for standing in standings.values():
        if standing.keep_until is not None and standing.keep_until <= at - grace:
            last = standing.keep_until - timedelta(seconds=1)
            day = clock.business_date(last, merchant.zone, merchant.day_start_minutes)
            drops.append(policy.review(standing, rungs, merchant.zone, day, grace))
    down = [drop for drop in drops if drop is not None]
    ids = await tx.fresh_ids(len(down))
    statements = storing(tx, standings.values(), list(zip(ids, down, strict=True)), reason="dropped")
    if statements:
        await tx.together(*statements)
    return len(ended)


async def review_merchant(database: Database, merchant_id: int, at: datetime, batch: int = 500) -> int:
    """Review everybody whose period ended, in batches; how many were reviewed."""
    reviewed = 0
    while True:
        done = await database.attempt(merchant_id, review, at, batch)
        reviewed += done
        if done < batch:
            return reviewed


async def merge_standings(tx: Tx, pairs: Sequence[tuple[int, int]], at: datetime) -> None:
    """Make each first member's standing part of the second's: payments add up, the higher level stays; repeatable.

    A level that changes by it is noted with the reason `merged`. Five statements for any number of pairs.
    """
    members = sorted({member for pair in pairs for member in pair})
    await points.open_book(tx, members, at=at)
    merchant = await tenancy.get_merchant(tx)
    rungs = await queries.ladder(tx)
    rows = await tx.rows(queries.STANDINGS, members=members)
    standings = queries.standings_of(rows, (), rungs[0], at)
    day = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
    changes, gone = [], []
    for loser, heir in pairs:
        old = standings.pop(loser, None)
        if old is None:
            continue
        gone.append(loser)
        kept = standings.setdefault(heir, Standing(heir, rungs[0].level, at, None, {}))
        changes.append(policy.merge(kept, old, rungs, day, at, merchant.zone))
    await tx.run(
        "delete from member_tier where merchant_id = %(merchant_id)s and member_id = any(%(gone)s::bigint[])", gone=gone
    )
    moved = [change for change in changes if change is not None]
    ids = await tx.fresh_ids(len(moved))
    statements = storing(tx, standings.values(), list(zip(ids, moved, strict=True)), reason="merged")
    if statements:
        await tx.together(*statements)
