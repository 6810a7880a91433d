"""Verbs on playbooks: install what is missing, remove what is unused."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shuke.kit.db import Tx
from shuke.outreach.playbooks import models, queries
from shuke.outreach.playbooks.actions import audience
from shuke.outreach.playbooks.policy import Book, MissionIn, RuleIn
from shuke.programs import earning, missions, referrals, tiers

PLAIN = tiers.Level(0, "普通会员", 0, 100, "Member")


async def install(tx: Tx, code: str, at: datetime, by: str) -> list[queries.PartShape]:
    """Create and publish what the playbook has and the merchant has not; answers all of it as it stands now.

    Repeatable: what stands already is left alone, and so is what the merchant has of their own. The
    examples come along where the merchant has no rules but the first: their figures are those of the playbook alone.
    """
    book = queries.get_book(code)
    before = await queries.preview(tx, book)
    fresh = [one for one in before if one.state == "new"]
    alone = len(await earning.list_rules(tx, at)) <= 1
    rows = []
    for one in fresh:
        number = await _create(tx, book, one, at, by)
        rows.append({"book": code, "part": one.part, "ref_id": number, "state": "installed", "at": at, "by": by})
    if alone and any(one.what == "rule" for one in fresh):
        for example in book.examples:
            trial = msgspec.convert(example.trial, earning.Trial)
            await earning.save_example(tx, example.name, trial, example.points, at)
    await tx.insert(models.PlaybookPart, rows, conflict="update:ref_id,state,at,by")
    return await queries.preview(tx, book)


async def _create(tx: Tx, book: Book, one: queries.PartShape, at: datetime, by: str) -> int:
    key = one.part.partition(":")[2]
    if one.what in queries.AUDIENCE:
        return await audience.create(tx, book, one.part, at, by)
    if one.what == "rule":
        return await _rule(tx, next(rule for rule in book.rules if rule.key == key), at, by)
    if one.what == "mission":
        return await _mission(tx, next(mission for mission in book.missions if mission.key == key), at)
    if one.what == "check_in":
        return (await missions.publish(tx, book.check_in, "live", by, at)).version
    if one.what == "referral":
        return (await referrals.publish(tx, book.referral, "live", by, at)).version
    draft = tiers.LadderDraft(name="会员等级", name_en="Member tiers", terms=book.terms, levels=book.levels)
    return (await tiers.publish(tx, draft, tiers.MAIN, at, by)).version


async def _rule(tx: Tx, rule: RuleIn, at: datetime, by: str) -> int:
    draft = earning.Draft(name=rule.name.zh, params=rule.params, conditions=rule.conditions)
    number = await earning.create_rule(tx, rule.kind, draft, at)
    await earning.publish(tx, number, at, by)
    return number


async def _mission(tx: Tx, mission: MissionIn, at: datetime) -> int:
    draft = missions.MissionDraft(name=mission.name.zh, period=mission.period, plan=mission.plan)
    made = await missions.create_mission(tx, draft, at)
    await missions.move_mission(tx, made.mission_id, "publish", at)
    return made.mission_id


async def remove(tx: Tx, code: str, at: datetime, by: str) -> list[queries.PartShape]:
    """Take away what the playbook made and nobody has used; what is in use stays. Answers all of it as it stands now.

    Rules and missions end, check-in and referrals close, tiers go back to one plain level, the stages of life to their
    ordinary limits; segments, tags and drafts are deleted. Repeatable.
    """
    book = queries.get_book(code)
    gone = [one for one in await queries.preview(tx, book) if one.state == "installed"]
    for one in reversed(gone):  # who speaks of another goes before it
        assert one.ref_id is not None
        await _take_away(tx, book, one, at, by)
    await tx.run(
        "update playbook_part p set state = 'removed', at = %(at)s, by = %(by)s where p.merchant_id = %(merchant_id)s "
        "and p.book = %(book)s and p.part = any(%(parts)s::text[])",
        book=code, parts=[one.part for one in gone], at=at, by=by,
    )  # fmt: skip
    return await queries.preview(tx, book)


async def _take_away(tx: Tx, book: Book, one: queries.PartShape, at: datetime, by: str) -> None:
    assert one.ref_id is not None
    if one.what in queries.AUDIENCE:
        await audience.take_away(tx, book, one.part, one.ref_id, at, by)
    elif one.what == "rule":
        await _end_rule(tx, one.ref_id, at, by)
    elif one.what == "mission":
        if (await missions.get_mission(tx, one.ref_id)).state in ("live", "paused"):
            await missions.move_mission(tx, one.ref_id, "end", at)
    elif one.what == "check_in":
        await missions.publish(tx, book.check_in, "paused", by, at)
    elif one.what == "referral":
        await referrals.publish(tx, book.referral, "paused", by, at)
    else:
        await tiers.change_ladder(tx, [PLAIN])


async def _end_rule(tx: Tx, rule_id: int, at: datetime, by: str) -> None:
    for rule in await earning.list_rules(tx, at):
        if rule.rule_id == rule_id and rule.state in ("published", "paused"):
            await earning.end(tx, rule_id, at, by)
