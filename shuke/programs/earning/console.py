"""Earning rules on the console: list, draft, publish, pause, and what an order would earn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, delete, get, post, put

from shuke.ground import access, tenancy
from shuke.kit import clock, http, paging
from shuke.kit.db import Database, Tx
from shuke.kit.kinds import Sentence
from shuke.programs.earning import actions, policy, queries
from shuke.programs.earning.conditions import CONDITIONS
from shuke.programs.earning.effects import EFFECTS

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
    terms: dict[str, Any] | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None


class TriedDraft(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A wording to try out without keeping it."""

    kind: str
    params: dict[str, Any] = {}
    conditions: list[dict[str, Any]] = []
    terms: dict[str, Any] = {}


class PreviewBody(queries.Trial, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order or event as it might be, by the published rules, by a draft alone, or by the draft among them (`with_rules`)."""

    draft: TriedDraft | None = None
    with_rules: bool = False


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What it would earn, and why each rule gives or does not; nothing was moved."""

    points: int
    why: list[Sentence]
    given: list[queries.Given]
    silent: list[queries.Silent]
    tier: dict[str, Any]
    occurred_at: datetime
    sentence: Sentence | None


class ExampleBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A receipt or event, and the points it must give."""

    name: str
    points: int
    trial: queries.Trial


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
    "/points/rules/{rule_id:int}/draft", guards=WRITE,
    responses=http.declares(actions.NoSuchRule, actions.WrongPeriod, policy.EndsBeforeUse, policy.NeverUsable),
)  # fmt: skip
async def save_draft(request: Request, database: Database, rule_id: int, data: DraftBody) -> queries.RuleShape:
    """Keep a draft of the next version; what is published goes on as it is."""
    caller = http.caller_of(request)
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        merchant = await tenancy.get_merchant(tx)
        draft = actions.Draft(
            name=data.name, params=data.params, conditions=data.conditions, terms=data.terms,
            valid_from=_aware(data.valid_from, merchant.zone), valid_to=_aware(data.valid_to, merchant.zone),
        )  # fmt: skip
        await actions.save_draft(tx, rule_id, draft, at)
        return await _recorded(tx, caller, "rule.drafted", rule_id, at)


@post(
    "/points/rules/{rule_id:int}/publish", guards=WRITE, status_code=200,
    responses=http.declares(actions.NoSuchRule, actions.NothingToPublish, actions.StartsInThePast, actions.WrongPeriod,
        actions.ExamplesBroken),
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
    """The kinds of rules and of conditions, with the JSON Schema of their parameters and an example in words; and that of
    the terms on which rules live together."""
    return {
        "items": _described(EFFECTS), "conditions": _described(CONDITIONS), "terms": msgspec.json.schema(policy.Terms),
    }  # fmt: skip


@post("/points/preview", guards=READ, status_code=200)
async def preview(request: Request, database: Database, data: PreviewBody) -> Preview:
    """What an order or event would earn, now or at an instant, by the published rules or a draft; nothing is booked."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        rules = await queries.live_rules(tx) if data.draft is None or data.with_rules else []
        if data.draft:
            rules = sorted([*rules, _tried(data.draft)], key=lambda rule: (rule.priority, rule.rule_id))
        outcome = await queries.try_out(tx, rules, data, clock.now())
    draft = data.draft
    return Preview(
        points=outcome.points, why=[given.why for given in outcome.given], given=outcome.given, silent=outcome.silent,
        tier=outcome.tier, occurred_at=outcome.occurred_at,
        sentence=queries.sentence(draft.kind, draft.params, draft.conditions, draft.terms) if draft else None,
    )  # fmt: skip


@get("/points/examples", guards=READ)
async def list_examples(request: Request, database: Database) -> paging.Page:
    """The examples, and whether they are true now."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        found = await queries.list_examples(tx, await queries.live_rules(tx), clock.now())
    return paging.Page(items=found, total=len(found))


@post("/points/examples", guards=WRITE, responses=http.declares(actions.ExampleNameMissing, actions.TooManyExamples))
async def save_example(request: Request, database: Database, data: ExampleBody) -> paging.Page:
    """Write down what a receipt or event must give; every later publication keeps it true. Answers with all examples."""
    return await _examples(request, database, None, data)


@put("/points/examples/{example_id:int}", guards=WRITE, responses=http.declares(actions.NoSuchExample))
async def change_example(request: Request, database: Database, example_id: int, data: ExampleBody) -> paging.Page:
    """Change an example. Answers with all examples."""
    return await _examples(request, database, example_id, data)


@delete(
    "/points/examples/{example_id:int}", guards=WRITE, status_code=200, responses=http.declares(actions.NoSuchExample)
)
async def drop_example(request: Request, database: Database, example_id: int) -> paging.Page:
    """Forget an example. Answers with those that are left."""
    return await _examples(request, database, example_id, None)


async def _examples(
    request: Request, database: Database, example_id: int | None, data: ExampleBody | None
) -> paging.Page:
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        if data is None:
            assert example_id is not None
            await actions.drop_example(tx, example_id)
        else:
            example_id = await actions.save_example(tx, data.name, data.trial, data.points, at, example_id)
        after = {"example_id": example_id, "points": data.points if data else None}
        action = "rule_example.dropped" if data is None else "rule_example.saved"
        await access.record(tx, caller, action, ("rule_example", data.name if data else ""), after=after, at=at)
        found = await queries.list_examples(tx, await queries.live_rules(tx), at)
    return paging.Page(items=found, total=len(found))


def _tried(draft: TriedDraft) -> policy.LiveRule:
    terms = queries.terms_of(draft.terms)
    return queries.compiled((0, 0, draft.kind, "草稿 draft"), draft.params, draft.conditions, terms)


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
    list_examples, save_example, change_example, drop_example,
]  # fmt: skip
