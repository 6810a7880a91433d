"""What rules can come to: the worst case of one order, and the attacks on them, for a merchant as it is now."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec

from shuke.ground import tenancy
from shuke.kit import clock
from shuke.kit.kinds import Sentence
from shuke.programs import earning, referrals, tiers
from shuke.programs.foresight.policy import attacks, searching, words
from shuke.programs.foresight.policy.world import World
from shuke.programs.foresight.queries import backtests

if TYPE_CHECKING:
    from shuke.kit.db import Database, Tx

ALL_DRAFTS = backtests.Chosen()


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule gives in the worst case, and why."""

    rule_id: int
    rule: str
    points: int
    why: Sentence


class WorstCase(msgspec.Struct, frozen=True, kw_only=True):
    """The most that one order of an amount can earn within a year, and how. `exact`: nothing else could earn more; otherwise
    so much was searched that it can be said of what was looked at only."""

    amount_fen: int
    points: int
    worth_fen: int | None
    share_percent: float | None
    sentence: Sentence
    situation: list[Sentence]
    on: date
    rules: list[Part]
    exact: bool


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One attack: its steps and its loss in points and fen; no steps where the rules withstand it."""

    code: str
    name: Sentence
    found: bool
    points: int
    worth_fen: int | None
    steps: list[Sentence]
    rules: list[str]


class SelfTest(msgspec.Struct, frozen=True, kw_only=True):
    """Every attack that was tried, the costliest first. `worth_known`: whether the merchant says what points are worth."""

    amount_fen: int
    share_percent: int
    worth_known: bool
    findings: list[Finding]
    tested_at: datetime


async def _world(tx: Tx, drafts: bool, pieces: int) -> tuple[World, tenancy.MerchantSettings]:
    """The merchant now, with the rules that are or will be live, or as though all drafts were published."""
    at = clock.now()
    merchant = await tenancy.get_merchant(tx)
    rules = backtests.rule_set(await backtests.wordings(tx, ALL_DRAFTS, at)) if drafts else await earning.live_rules(tx)
    used = {(rule_id, 0, "b"): (points, 1) for rule_id, points in (await earning.budgets_used(tx)).items()}
    today = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
    return World(
        rules, await tiers.ladder(tx), earning.multiplying(merchant.settings), merchant.zone, merchant.day_start_minutes,
        today, at, used, pieces,
    ), merchant  # fmt: skip


def _worth(merchant: tenancy.MerchantSettings) -> int | None:
    worth = merchant.settings.get("points", {}).get("value_fen_per_100")
    return None if worth is None else int(worth)


async def worst_case(
    database: Database, merchant_id: int, amount_fen: int, *, drafts: bool = False, pieces: int = 5
) -> WorstCase:
    """The most that a member can get from one order of an amount, with at most so many pieces, and by which rules.

    Searches with the policy that books orders, beside the event loop; reads a constant number of rows and moves nothing.
    """
    async with database.read(merchant_id) as tx:
        world, merchant = await _world(tx, drafts, pieces)
    found = await asyncio.to_thread(searching.worst, world, amount_fen)
    worth = _worth(merchant)
    fen = None if worth is None else found.points * worth // 100
    return WorstCase(
        amount_fen=amount_fen, points=found.points, worth_fen=fen,
        share_percent=None if fen is None else round(fen * 100 / amount_fen, 2),
        sentence=words.most_words(found.situation, world, found.points, fen),
        situation=words.described(found.situation, world), on=world.business_date(found.situation.at),
        rules=[
            Part(
                rule_id=award.rule.rule_id, rule=award.rule.name, points=award.points,
                why=Sentence(**earning.explain(award.why)),
            )
            for award in sorted(found.awards, key=lambda award: -award.points)
        ],
        exact=found.exact,
    )  # fmt: skip


async def self_test(
    database: Database, merchant_id: int, amount_fen: int, *, share_percent: int = 20, drafts: bool = False
) -> SelfTest:
    """Attack the rules with the policy that books orders; what each attack costs, and its steps. Moves nothing."""
    async with database.read(merchant_id) as tx:
        world, merchant = await _world(tx, drafts, 5)
        plan = await referrals.plan_open(tx, world.now)
    worth = _worth(merchant)
    tried = await asyncio.to_thread(
        attacks.survey, world, amount_fen, worth=worth, share_percent=share_percent,
        lateness_days=int(merchant.settings.get("lateness_days", 30)), plan=plan,
    )  # fmt: skip
    names = {rule.rule_id: rule.name for rule in world.rules}
    return SelfTest(
        amount_fen=amount_fen, share_percent=share_percent, worth_known=worth is not None,
        findings=[
            Finding(
                code=one.code, name=one.name, found=one.points > 0, points=one.points,
                worth_fen=None if worth is None else one.points * worth // 100, steps=list(one.steps),
                rules=[names[rule_id] for rule_id in sorted(one.rules)],
            )
            for one in tried
        ],
        tested_at=world.now,
    )  # fmt: skip
