"""What an order or event would earn, at any instant, with everything said; and the examples an operator wrote down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from shuke.ground import tenancy
from shuke.kit import clock
from shuke.kit.kinds import Sentence
from shuke.programs import tiers
from shuke.programs.earning import policy
from shuke.programs.earning.effects import BY_CODE
from shuke.programs.earning.queries import knowing
from shuke.programs.earning.queries.rules import in_words

if TYPE_CHECKING:
    from shuke.kit.db import Tx

Fen = Annotated[int, Meta(ge=0, le=100_000_000_00)]
Word = Annotated[str, Meta(max_length=200)]


class TrialLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of an order as it might be."""

    sku: Word = ""
    quantity: Annotated[int, Meta(ge=0, le=1_000_000)] = 1
    amount_fen: Fen = 0
    category: Word = ""
    brand: Word = ""


class Supposed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member as they might be, for trying without a real one."""

    tier_level: Annotated[int, Meta(ge=0, le=100)] = 0
    birthday: date | None = None
    joined_on: date | None = None
    orders: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    month_fen: Fen = 0
    segments: Annotated[list[Word], Meta(max_length=50)] = []


class Trial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order (an amount or lines), an event, or joining (`event` is `sign_up`), as it might be; money in fen.

    With `member_id` the member as they are; with `supposed` one as described. Without an instant: now.
    """

    amount_fen: Fen = 0
    lines: Annotated[list[TrialLine], Meta(max_length=200)] = []
    event: Annotated[str, Meta(pattern="^([a-z][a-z0-9_]{1,63})?$")] = ""
    properties: Annotated[dict[str, str | int | float | bool | None], Meta(max_length=50)] = {}
    store_id: Word = ""
    channel: Word = ""
    payments: Annotated[list[Word], Meta(max_length=20)] = []
    member_id: int | None = None
    supposed: Supposed | None = None
    occurred_at: datetime | None = None


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that gives: how much, how much it would have without caps, and why."""

    rule_id: int
    rule: str
    version: int
    points: int
    desired: int
    why: Sentence


class Silent(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of this sort that gives nothing here, and why."""

    rule_id: int
    rule: str
    why: Sentence


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What would be earned, and why each rule gives or does not. Nothing was moved."""

    points: int
    given: list[Given]
    silent: list[Silent]
    tier: dict[str, Any]
    occurred_at: datetime


async def try_out(tx: Tx, rules: Sequence[policy.LiveRule], trial: Trial, at: datetime) -> Outcome:
    """Judge an order or event by these rules as of its instant, with the member's caps as they stand; moves nothing."""
    merchant = await tenancy.get_merchant(tx)
    instant = trial.occurred_at or at
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=clock.zone(merchant.zone))
    day = clock.business_date(instant, merchant.zone, merchant.day_start_minutes)
    level, known = await _member(tx, rules, trial, instant, day)
    basis = policy.Basis(
        occurred_at=instant, amount_fen=sum(line.amount_fen for line in trial.lines) or trial.amount_fen,
        lines=[policy.Line(one.sku, one.quantity, one.amount_fen, one.category, one.brand) for one in trial.lines],
        store=trial.store_id, channel=trial.channel, tier_level=level.level, tier_name=level.name,
        multiplier_percent=level.multiplier_percent, payments=trial.payments, event=trial.event,
        properties=trial.properties, trigger=_trigger(trial), known=known, zone=clock.zone(merchant.zone), day=day,
    )  # fmt: skip
    member = trial.member_id or -1
    counters = await knowing.given_so_far(tx, policy.wanted_counters(rules, [(member, basis)]))
    awards = policy.evaluate(
        rules, BY_CODE, basis, member_id=member, counters=counters,
        multiplier_policy=policy.multiplying(merchant.settings),
    )  # fmt: skip
    giving = {(award.rule.rule_id, award.rule.version) for award in awards}
    return Outcome(
        points=sum(award.points for award in awards), given=[_given(award, instant, merchant.zone) for award in awards],
        silent=[_silent(rule, basis) for rule in rules if _concerns(rule, basis, giving)],
        tier={"level": level.level, "name": level.name}, occurred_at=instant,
    )  # fmt: skip


def _trigger(trial: Trial) -> str:
    return "sign_up" if trial.event == "sign_up" else "event" if trial.event else "order"


async def _member(
    tx: Tx, rules: Sequence[policy.LiveRule], trial: Trial, instant: datetime, day: date
) -> tuple[tiers.Level, policy.Known]:
    if trial.supposed is not None:
        some = trial.supposed
        joined = None if some.joined_on is None else instant - timedelta(days=(day - some.joined_on).days)
        months = {f"{day.year}-{day.month:02d}": some.month_fen}
        known = policy.Known(some.birthday, joined, some.orders, frozenset(some.segments), (), months)
        return tiers.level_of(await tiers.ladder(tx), some.tier_level), known
    level = await tiers.level_now(tx, trial.member_id)
    if trial.member_id is None:
        return level, policy.Known()
    needs = frozenset[str]().union(*(rule.needs for rule in rules))
    known = (await knowing.know(tx, needs, [trial.member_id], instant))[trial.member_id]
    rows = tiers.standings_of(
        await tx.rows(tiers.STANDINGS, members=[trial.member_id]), [trial.member_id], level, instant
    )
    known.months = rows[trial.member_id].months
    return level, known


def _given(award: policy.Award, at: datetime, zone: str) -> Given:
    waits = policy.life(award.rule.terms.use, award.validity, at, zone).waits
    return Given(
        rule_id=award.rule.rule_id, rule=award.rule.name, version=award.rule.version, points=award.points,
        desired=award.why.get("desired", award.points), why=in_words(award.why | ({"waits": waits} if waits else {})),
    )  # fmt: skip


def _concerns(rule: policy.LiveRule, basis: policy.Basis, giving: set[tuple[int, int]]) -> bool:
    """Whether the rule is about such a thing, was live then, and gives nothing."""
    return rule.answers(basis) and (rule.rule_id, rule.version) not in giving


def _silent(rule: policy.LiveRule, basis: policy.Basis) -> Silent:
    for kind, params in rule.conditions:
        if not kind.holds(params, basis):
            said = kind.sentence(params)
            why = Sentence(f"不符合条件：{said.zh}", f"Does not fit: {said.en}")
            break
    else:
        why = Sentence(
            "算下来没有积分：没到门槛、被同组规则取代，或已到上限",
            "Comes to nothing: below its threshold, replaced by another of its group, or at its cap",
        )
    return Silent(rule_id=rule.rule_id, rule=rule.name, why=why)


class ExampleShape(msgspec.Struct, frozen=True, kw_only=True):
    """An example, the points it must give, and what it gives now."""

    example_id: int
    name: str
    trial: Trial
    points: int
    gives: int
    holds: bool
    given: list[Given]


_EXAMPLES = """
select example_id, name, body, points from earning_example where merchant_id = %(merchant_id)s order by example_id
"""


async def list_examples(tx: Tx, rules: Sequence[policy.LiveRule], at: datetime) -> list[ExampleShape]:
    """All examples in the order in which they were written: each on its own day, by the wordings live at `at`, or then if
    its day is still to come."""
    shapes = []
    for row in await tx.rows(_EXAMPLES):
        trial = msgspec.convert(row.body, Trial, strict=False)
        moment = max(at, trial.occurred_at) if trial.occurred_at and trial.occurred_at.tzinfo else at
        then = [replace(rule, live_from=None, live_to=None) for rule in rules if rule.holds_at(moment)]
        outcome = await try_out(tx, then, trial, at)
        shapes.append(
            ExampleShape(
                example_id=row.example_id, name=row.name, trial=trial, points=row.points, gives=outcome.points,
                holds=outcome.points == row.points, given=outcome.given,
            )
        )  # fmt: skip
    return shapes
