"""Earning rules on the console: list, draft, publish, pause, and what an order would earn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, get, post, put

from shuke.ground import access, tenancy
from shuke.kit import clock, http, paging
from shuke.kit.db import Database, Tx
from shuke.kit.kinds import Sentence
from shuke.programs import tiers
from shuke.programs.earning import actions, policy, queries
from shuke.programs.earning.conditions import CONDITIONS
from shuke.programs.earning.effects import BY_CODE, EFFECTS

READ = [http.requires("points.read")]
WRITE = [http.requires("points.rules")]


class RuleBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A new rule: its kind and a first wording."""

    kind: str
    name: str
    params: dict[str, Any] = {}
    conditions: list[dict[str, Any]] | None = None


class DraftBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A wording to be published; a beginning left empty means from its publication."""

    name: str
    params: dict[str, Any]
    conditions: list[dict[str, Any]] | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None


class TriedDraft(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A wording to try out without keeping it."""

    kind: str
    params: dict[str, Any] = {}
    conditions: list[dict[str, Any]] = []


class PreviewBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An order as it might be; money in fen."""

    amount_fen: int
    member_id: int | None = None
    occurred_at: datetime | None = None
    store_id: str = ""
    channel: str = ""
    draft: TriedDraft | None = None


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What the order would earn, and why."""

    points: int
    why: list[Sentence]
    tier: dict[str, Any]
    sentence: Sentence | None


@get("/points/rules", guards=READ)
async def list_rules(request: Request, database: Database) -> paging.Page:
    """All earning rules in the order in which they apply."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        rules = await queries.list_rules(tx, clock.now())
    return paging.Page(items=rules, total=len(rules))


@get("/points/rules/{rule_id:int}", guards=READ, responses=http.declares(actions.NoSuchRule))
async def get_rule(request: Request, database: Database, rule_id: int) -> queries.RuleShape:
    """One rule with its draft and all its versions."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        return await _shown(tx, rule_id)


@post("/points/rules", guards=WRITE, responses=http.declares(actions.NameMissing))
async def create_rule(request: Request, database: Database, data: RuleBody) -> queries.RuleShape:
    """A new rule as a draft; it gives nothing until it is published."""
    caller = http.caller_of(request)
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        draft = actions.Draft(name=data.name, params=data.params, conditions=data.conditions)
        rule_id = await actions.create_rule(tx, data.kind, draft, at)
        return await _recorded(tx, caller, "rule.created", rule_id, at)


@put(
    "/points/rules/{rule_id:int}/draft", guards=WRITE, responses=http.declares(actions.NoSuchRule, actions.WrongPeriod)
)
async def save_draft(request: Request, database: Database, rule_id: int, data: DraftBody) -> queries.RuleShape:
    """Keep a draft of the next version; what is published goes on as it is."""
    caller = http.caller_of(request)
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        merchant = await tenancy.get_merchant(tx)
        draft = actions.Draft(
            name=data.name, params=data.params, conditions=data.conditions,
            valid_from=_aware(data.valid_from, merchant.zone), valid_to=_aware(data.valid_to, merchant.zone),
        )  # fmt: skip
        await actions.save_draft(tx, rule_id, draft, at)
        return await _recorded(tx, caller, "rule.drafted", rule_id, at)


@post(
    "/points/rules/{rule_id:int}/publish", guards=WRITE, status_code=200,
    responses=http.declares(actions.NoSuchRule, actions.NothingToPublish, actions.StartsInThePast, actions.WrongPeriod),
)  # fmt: skip
async def publish_rule(request: Request, database: Database, rule_id: int) -> queries.RuleShape:
    """Make the draft live, from its beginning or from now."""
    caller = http.caller_of(request)
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        await actions.publish(tx, rule_id, at, caller.name)
        return await _recorded(tx, caller, "rule.published", rule_id, at)


@post(
    "/points/rules/{rule_id:int}/pause", guards=WRITE, status_code=200,
    responses=http.declares(actions.NoSuchRule, actions.WrongState),
)  # fmt: skip
async def pause_rule(request: Request, database: Database, rule_id: int) -> queries.RuleShape:
    """Give nothing from now on."""
    caller = http.caller_of(request)
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        await actions.pause(tx, rule_id, at, caller.name)
        return await _recorded(tx, caller, "rule.paused", rule_id, at)


@post(
    "/points/rules/{rule_id:int}/resume", guards=WRITE, status_code=200,
    responses=http.declares(actions.NoSuchRule, actions.WrongState),
)  # fmt: skip
async def resume_rule(request: Request, database: Database, rule_id: int) -> queries.RuleShape:
    """Give again from now on, by the wording that was paused."""
    caller = http.caller_of(request)
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        await actions.resume(tx, rule_id, at, caller.name)
        return await _recorded(tx, caller, "rule.resumed", rule_id, at)


@post(
    "/points/rules/{rule_id:int}/end", guards=WRITE, status_code=200,
    responses=http.declares(actions.NoSuchRule, actions.WrongState),
)  # fmt: skip
async def end_rule(request: Request, database: Database, rule_id: int) -> queries.RuleShape:
    """Give nothing from now on, for good."""
    caller = http.caller_of(request)
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        await actions.end(tx, rule_id, at, caller.name)
        return await _recorded(tx, caller, "rule.ended", rule_id, at)


@get("/points/kinds", guards=READ)
async def list_kinds() -> dict[str, Any]:
    """The kinds of rules and of conditions, with the JSON Schema of their parameters and an example in words."""
    return {"items": _described(EFFECTS), "conditions": _described(CONDITIONS)}


@post("/points/preview", guards=READ, status_code=200)
async def preview(request: Request, database: Database, data: PreviewBody) -> Preview:
    """What an order would earn by the published rules, or by the draft alone; nothing is booked."""
    caller = http.caller_of(request)
    at = clock.now()
    async with database.read(caller.merchant_id) as tx:
        merchant = await tenancy.get_merchant(tx)
        occurred_at = _aware(data.occurred_at, merchant.zone) or at
        rules = [_tried(data.draft)] if data.draft else await queries.live_rules(tx)
        level = await tiers.level_now(tx, data.member_id)
    basis = policy.Basis(
        occurred_at=occurred_at, amount_fen=max(data.amount_fen, 0), store=data.store_id, channel=data.channel,
        tier_level=level.level, tier_name=level.name, multiplier_percent=level.multiplier_percent,
    )  # fmt: skip
    awards = policy.evaluate(rules, BY_CODE, basis)
    said = queries.sentence(data.draft.kind, data.draft.params, data.draft.conditions) if data.draft else None
    return Preview(
        points=sum(award.points for award in awards), why=[BY_CODE[award.rule.kind].explain(award.why) for award in awards],
        tier={"level": level.level, "name": level.name}, sentence=said,
    )  # fmt: skip


def _tried(draft: TriedDraft) -> policy.LiveRule:
    return policy.LiveRule(
        rule_id=0, version=0, kind=draft.kind, name="草稿 draft", priority=0, params=EFFECTS.parameters(draft.kind, draft.params),
        conditions=queries.compiled_conditions(draft.conditions), live_from=None, live_to=None,
    )  # fmt: skip


def _described(family: Any) -> list[dict[str, Any]]:
    described = family.describe()
    for entry in described:
        kind = family.get(entry["code"])
        try:
            entry["sentence"] = msgspec.to_builtins(kind.sentence(kind.Params()))
        except TypeError:  # parameters without defaults have no example
            entry["sentence"] = None
    return described


async def _shown(tx: Tx, rule_id: int) -> queries.RuleShape:
    found = await queries.list_rules(tx, clock.now(), rule_id)
    if not found:
        raise actions.NoSuchRule(rule_id)
    return found[0]


async def _recorded(tx: Tx, caller: http.Caller, action: str, rule_id: int, at: datetime) -> queries.RuleShape:
    rule = await _shown(tx, rule_id)
    wording = rule.draft.params if rule.draft else rule.params
    after = {"rule_id": rule_id, "version": rule.version, "state": rule.state, "params": wording}
    await access.record(tx, caller, action, ("rule", rule.draft.name if rule.draft else rule.name), after=after, at=at)
    return rule


def _aware(instant: datetime | None, zone: str) -> datetime | None:
    if instant is None or instant.tzinfo is not None:
        return instant
    return instant.replace(tzinfo=clock.zone(zone))


routes = [
    list_rules, get_rule, create_rule, save_draft, publish_rule, pause_rule, resume_rule, end_rule, list_kinds, preview,
]  # fmt: skip
