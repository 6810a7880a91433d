"""Verbs that make ladders: the first one, a new version, a further one, its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from shuke.assets import rewards
from shuke.ground import members
from shuke.kit import clock, errors
from shuke.kit.db import Tx
from shuke.kit.jobs import wake
from shuke.programs.tiers import models, policy
from shuke.programs.tiers.benefits import Multiplier, benefits
from shuke.programs.tiers.policy import MAIN, BadLadder, Benefit, Ladder, Level, Terms
from shuke.programs.tiers.queries import ladders as queries

COUNT = "tiers_count"
"""The work that counts standings again."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
MOST_LADDERS = 5


class LevelInUse(errors.Refused):
    """{members} members stand on "{name}"; it cannot be removed."""

    code = "level_in_use"
    zh = "还有 {members} 位会员是「{name}」，不能删除这一级。"
    cure = "Rename it or change its threshold instead; nobody is demoted silently."
    cure_zh = "可以改名或改门槛；系统不会悄悄给会员降级。"


class MainLadderStays(errors.Refused):
    """The main ladder cannot be ended."""

    code = "main_ladder_stays"
    zh = "主等级不能结束。"
    cure = "Remove its higher levels instead, once nobody stands on them."
    cure_zh = "可以在没有会员后删除较高的等级。"


class LadderDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A ladder as it is written: name, terms, rungs from the lowest up."""

    name: str
    name_en: str = ""
    terms: Terms = policy.DEFAULT
    levels: Sequence[Level]


async def install_first_ladder(tx: Tx) -> None:
    """A new merchant's ladder: one plain level for everybody."""
    draft = LadderDraft(name="会员等级", name_en="Member tiers", levels=[Level(0, "普通会员", 0, 100, "Member")])
    await _write(tx, draft, (MAIN, 1), clock.now(), "")


async def change_ladder(tx: Tx, levels: Sequence[Level]) -> None:
    """Replace the rungs of the main ladder, by the terms it has; see `publish`."""
    now = await queries.main(tx)
    draft = LadderDraft(name=now.name, name_en=now.name_en, terms=now.terms, levels=levels)
    await publish(tx, draft, MAIN, clock.now())


async def publish(tx: Tx, draft: LadderDraft, ladder_id: int | None, at: datetime, by: str = "") -> Ladder:
    """Make a draft the next version of a ladder, or (None) a further ladder; answers it as it is now.

    Members keep the level they have to the end of its period, and whoever reaches a higher one by the new version rises
    shortly after. Levels are known by their number; one that members stand on cannot be removed. A further ladder is
    played from the beginning of the members' history. Late orders earn by the multipliers of today.
    """
    draft = tidy(draft)
    check_draft(draft, ladder_id)
    await rewards.check(tx, [one for rung in draft.levels for kind in rung.benefits for one in _promised(kind)])
    if ladder_id is None:
        live = await queries.ladders(tx)
        if len(live) >= MOST_LADDERS:
            raise BadLadder(
                field="name", reason=f"at most {MOST_LADDERS} ladders", reason_zh=f"最多 {MOST_LADDERS} 个等级阶梯"
            )
        [number] = await tx.fresh_ids(1)
        place = (number, 1)
    else:
        now = await queries.get_ladder(tx, ladder_id)
        await _nobody_left_behind(tx, now, draft.levels)
        place = (ladder_id, now.version + 1)
    await _write(tx, draft, place, at, by)
    await everybody_again(tx, at)
    return await queries.get_ladder(tx, place[0])


def check_draft(draft: LadderDraft, ladder_id: int | None) -> None:
    """Refuse what is not a ladder, benefits with unfit parameters, and a multiplier on a further ladder."""
    policy.check(draft.name.strip(), draft.terms, draft.levels)
    for rung in draft.levels:
        for one in rung.benefits:
            benefits.parameters(one.kind, one.params)
        kinds = [one.kind for one in rung.benefits]
        if len(set(kinds)) < len(kinds):
            raise BadLadder(
                field="levels", reason=f"“{rung.name}” has a benefit twice", reason_zh=f"「{rung.name}」有重复的权益"
            )
        if ladder_id != MAIN and rung.multiplier_percent != 100:
            raise BadLadder(
                field="levels",
                reason="points are multiplied by the main ladder alone",
                reason_zh="积分倍数只能放在主等级上",
            )


def tidy(draft: LadderDraft) -> LadderDraft:
    """A multiplier among the benefits is the level's own."""
    levels = []
    for rung in draft.levels:
        faster = [benefits.parameters(one.kind, one.params) for one in rung.benefits if one.kind == Multiplier.code]
        others = tuple(one for one in rung.benefits if one.kind != Multiplier.code)
        percent = faster[0].percent if faster else rung.multiplier_percent
        levels.append(replace(rung, benefits=others, multiplier_percent=percent))
    return msgspec.structs.replace(draft, levels=levels)


def _promised(one: Benefit) -> Sequence[rewards.Reward]:
    return benefits.get(one.kind).promises(benefits.parameters(one.kind, one.params))


async def _nobody_left_behind(tx: Tx, now: Ladder, levels: Sequence[Level]) -> None:
    counts = await queries.members_by_level(tx, now.ladder_id)
    kept = {rung.level for rung in levels}
    for rung in now.levels:
        if rung.level not in kept and counts.get(rung.level):
            raise LevelInUse(field="levels", members=counts[rung.level], name=rung.name)


async def _write(tx: Tx, draft: LadderDraft, place: tuple[int, int], at: datetime, by: str) -> None:
    ladder_id, version = place
    row: dict[str, Any] = {
        "ladder_id": ladder_id, "version": version, "name": draft.name.strip(), "name_en": draft.name_en.strip(),
        "terms": msgspec.to_builtins(draft.terms), "levels": msgspec.to_builtins(list(draft.levels)), "state": "live",
        "from_at": BEGINNING if version == 1 else at, "published_at": at, "published_by": by,
    }  # fmt: skip
    await tx.insert(models.TierLadder, [row])
    await tx.run("update merchant_head h set rules_version = h.rules_version + 1 where h.merchant_id = %(merchant_id)s")


async def end_ladder(tx: Tx, ladder_id: int, at: datetime, by: str) -> None:
    """End a further ladder: its levels are shown no more and bring nothing; what was given stays. Refuses the main one."""
    if ladder_id == MAIN:
        raise MainLadderStays
    now = await queries.get_ladder(tx, ladder_id)
    await tx.run(
        "insert into tier_ladder (merchant_id, ladder_id, version, name, name_en, terms, levels, state, from_at, published_at, "
        "published_by) select merchant_id, ladder_id, version + 1, name, name_en, terms, levels, 'ended', %(at)s, %(at)s, %(by)s "
        "from tier_ladder where merchant_id = %(merchant_id)s and ladder_id = %(ladder_id)s and version = %(version)s",
        ladder_id=ladder_id, version=now.version, at=at, by=by,
    )  # fmt: skip
    await tx.run(
        "delete from member_tier where merchant_id = %(merchant_id)s and ladder_id = %(ladder_id)s", ladder_id=ladder_id
    )


async def again(tx: Tx, member_ids: Sequence[int], at: datetime) -> None:
    """These members are to be counted again, soon; repeatable, and nothing to do where one level is all there is."""
    if not member_ids or not await queries.any_rung(tx):
        return
    await tx.run(
        "insert into tier_recount (merchant_id, member_id) select %(merchant_id)s, m from unnest(%(members)s::bigint[]) as m "
        "order by m on conflict do nothing",
        members=sorted(set(member_ids)),
    )
    await wake(tx, COUNT, at)


async def everybody_again(tx: Tx, at: datetime) -> None:
    """All members who may stand anywhere are to be counted again: a ladder has changed."""
    live = await queries.ladders(tx)
    if any(one.terms.by != "amount" for one in live):
        await again(tx, await members.list_numbers(tx, 2**31, 2**31), at)
    elif len(live) > 1 or len(live[0].levels) > 1:
        await tx.run(
            "insert into tier_recount (merchant_id, member_id) select merchant_id, member_id from member_tier "
            "where merchant_id = %(merchant_id)s and ladder_id = 0 order by member_id on conflict do nothing"
        )
        await wake(tx, COUNT, at)
