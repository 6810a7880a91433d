"""Verbs on earning rules: draft, publish, pause, resume, end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from shuke.assets import points
from shuke.ground import tenancy
from shuke.kit import errors
from shuke.kit.db import Tx
from shuke.programs.earning import models, policy, queries
from shuke.programs.earning.actions.examples import keep_examples
from shuke.programs.earning.conditions import CONDITIONS
from shuke.programs.earning.effects import EFFECTS

DRAFT = 0
"""The version number under which a draft waits."""
LONGEST_NAME = 60


class NoSuchRule(errors.NotFound):
    """There is no rule {rule_id}."""

    code = "no_such_rule"
    zh = "没有编号为 {rule_id} 的积分规则。"

    def __init__(self, rule_id: int, **facts: Any) -> None:
        errors.Refused.__init__(self, rule_id=rule_id, **facts)


class NameMissing(errors.Refused):
    """A rule needs a name of 1 to {longest} characters."""

    code = "name_missing"
    http_status = 422
    zh = "规则要有名字，1 到 {longest} 个字。"
    cure = "Give it a name that says what members get."
    cure_zh = "起一个能看出送什么的名字。"


class NothingToPublish(errors.Refused):
    """This rule has no draft."""

    code = "nothing_to_publish"
    zh = "这条规则没有待发布的草稿。"
    cure = "Edit the rule first."
    cure_zh = "请先修改规则再发布。"


class WrongPeriod(errors.Refused):
    """The rule would end before it begins."""

    code = "wrong_period"
    http_status = 422
    zh = "结束时间要晚于开始时间。"
    cure = "Choose a later end, or none."
    cure_zh = "请选更晚的结束时间，或留空。"


class StartsInThePast(errors.Refused):
    """The rule would begin in the past, and what was earned since then would change."""

    code = "starts_in_the_past"
    http_status = 422
    zh = "开始时间不能早于现在，否则已经发生的积分会跟着变。"
    cure = "Leave the beginning empty to start now."
    cure_zh = "开始时间留空即从现在起。"


class WrongState(errors.Refused):
    """The rule is {state}; this cannot be done now."""

    code = "wrong_state"
    zh = "规则现在是「{state_zh}」状态，不能这样操作。"
    cure = "Load the page again to see how it stands."
    cure_zh = "请刷新页面看看它现在的状态。"

    def __init__(self, state: str) -> None:
        names = {"draft": "草稿", "published": "生效", "paused": "暂停", "ended": "结束"}
        super().__init__(state=state, state_zh=names[state])


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A wording to be published: parameters of the kind, conditions, and the period it is meant for."""

    name: str
    params: dict[str, Any]
    conditions: list[dict[str, Any]] | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    terms: dict[str, Any] | None = None


_LATEST = """
select v.version, v.name, v.params, v.conditions, v.terms, v.valid_from, v.valid_to, v.pause from earning_rule_version v
where v.merchant_id = %(merchant_id)s and v.rule_id = %(rule_id)s and v.version > 0 order by v.version desc limit 2
"""
_DRAFT_COLUMNS = "name,params,conditions,terms,valid_from,valid_to,created_at"


async def install_first_rule(tx: Tx, at: datetime) -> int:
    """A new merchant's first rule: 1 point per net yuan, from the beginning of time. Returns its id."""
    rule_id = await create_rule(tx, "spend_rate", Draft(name="消费送积分", params={"points": 1, "per_fen": 100}), at)
    await publish(tx, rule_id, at)
    return rule_id


async def create_rule(tx: Tx, kind: str, draft: Draft, at: datetime, priority: int = 100) -> int:
    """A new rule as a draft, which gives nothing until it is published. Returns its id. Refuses unfit parameters."""
    EFFECTS.get(kind)
    (rule_id,) = await tx.fresh_ids(1)
    row = {
        "rule_id": rule_id, "kind": kind, "name": _named(draft.name), "state": "draft", "priority": priority, "created_at": at,
    }  # fmt: skip
    await tx.insert(models.Rule, [row])
    await save_draft(tx, rule_id, draft, at)
    return rule_id


async def save_draft(tx: Tx, rule_id: int, draft: Draft, at: datetime) -> None:
    """Keep a draft of the rule's next version, in place of the one before; what is published goes on as it is.

    Conditions left out stay as they are. Refuses parameters and conditions that do not fit their kinds, and points that
    would run out before they can be used.
    """
    rule = await _lock(tx, rule_id)
    if rule.state == "ended":
        raise WrongState(rule.state)
    params = msgspec.to_builtins(EFFECTS.parameters(rule.kind, draft.params))
    before = await _wording(tx, rule_id)
    conditions = draft.conditions if draft.conditions is not None else before[0]
    for condition in conditions:
        CONDITIONS.parameters(condition.get("kind", ""), condition.get("params", {}))
    terms = queries.terms_of(before[1] if draft.terms is None else draft.terms, rule.priority)
    policy.check_use(terms.use, params["validity"], at, (await tenancy.get_merchant(tx)).zone)
    if draft.valid_from and draft.valid_to and draft.valid_to <= draft.valid_from:
        raise WrongPeriod(field="valid_to")
    row = {
        "rule_id": rule_id, "version": DRAFT, "name": _named(draft.name), "params": params, "conditions": conditions,
        "terms": msgspec.to_builtins(terms), "valid_from": draft.valid_from, "valid_to": draft.valid_to, "created_at": at,
    }  # fmt: skip
    await tx.insert(models.RuleVersion, [row], conflict=f"update:{_DRAFT_COLUMNS}")


async def publish(tx: Tx, rule_id: int, at: datetime, by: str = "") -> int:
    """Make the draft the live version, from its own beginning or from now; returns the version's number.

    Until the merchant's first points are booked, a rule without a beginning holds from the beginning of time, so that
    history earns. Refuses without a draft, a beginning in the past, and what makes an example untrue.
    """
    await _lock(tx, rule_id)
    draft = await tx.one(
        "select name, params, conditions, terms, valid_from, valid_to from earning_rule_version "
        "where merchant_id = %(merchant_id)s and rule_id = %(rule_id)s and version = 0",
        rule_id=rule_id,
    )
    if draft is None:
        raise NothingToPublish
    begins = draft.valid_from
    if begins is not None and begins < at:
        raise StartsInThePast(field="valid_from")
    if begins is None and await points.has_entries(tx):
        begins = at
    if draft.valid_to is not None and draft.valid_to <= (begins or at):
        raise WrongPeriod(field="valid_to")
    before = await queries.list_examples(tx, await queries.live_rules(tx), begins or at)
    latest = await tx.rows(_LATEST, rule_id=rule_id)
    version = latest[0].version + 1 if latest else 1
    row = {
        "rule_id": rule_id, "version": version, "name": draft.name, "params": draft.params, "conditions": draft.conditions,
        "terms": draft.terms, "valid_from": begins, "valid_to": draft.valid_to, "published_at": at, "published_by": by,
        "created_at": at,
    }  # fmt: skip
    await tx.insert(models.RuleVersion, [row])
    await tx.run(
        "delete from earning_rule_version where merchant_id = %(merchant_id)s and rule_id = %(rule_id)s and version = 0",
        rule_id=rule_id,
    )
    await _set_state(tx, rule_id, "published", draft.name)
    await keep_examples(tx, before, begins or at)
    return version


async def pause(tx: Tx, rule_id: int, at: datetime, by: str = "") -> None:
    """Give nothing from `at` on; orders from before earn as they did, also when they arrive late. Undo: `resume`."""
    await _stop(tx, rule_id, at, by, "paused")


async def end(tx: Tx, rule_id: int, at: datetime, by: str = "") -> None:
    """Like `pause`, for good."""
    await _stop(tx, rule_id, at, by, "ended")


async def resume(tx: Tx, rule_id: int, at: datetime, by: str = "") -> int:
    """Give again from `at` on, by the wording that was paused, to the same end; returns the new version's number."""
    rule = await _lock(tx, rule_id)
    if rule.state != "paused":
        raise WrongState(rule.state)
    stop, before = await tx.rows(_LATEST, rule_id=rule_id)
    row = before._asdict() | {
        "rule_id": rule_id, "version": stop.version + 1, "valid_from": at, "published_at": at, "published_by": by,
        "created_at": at,
    }  # fmt: skip
    await tx.insert(models.RuleVersion, [row])
    await _set_state(tx, rule_id, "published")
    return int(row["version"])


async def mark_changed(tx: Tx) -> None:
    """Tell every process that the merchant's rules, tiers or stores changed: caches are read anew."""
    await tx.run("update merchant_head h set rules_version = h.rules_version + 1 where h.merchant_id = %(merchant_id)s")


async def _stop(tx: Tx, rule_id: int, at: datetime, by: str, state: str) -> None:
    rule = await _lock(tx, rule_id)
    if rule.state != "published" and (rule.state, state) != ("paused", "ended"):
        raise WrongState(rule.state)
    (latest, *_) = await tx.rows(_LATEST, rule_id=rule_id)
    row = latest._asdict() | {
        "rule_id": rule_id, "version": latest.version + 1, "pause": True, "valid_from": at, "published_at": at,
        "published_by": by, "created_at": at,
    }  # fmt: skip
    await tx.insert(models.RuleVersion, [row])
    await _set_state(tx, rule_id, state)


async def _lock(tx: Tx, rule_id: int) -> Any:
    rule = await tx.one(
        "select rule_id, kind, state, priority from earning_rule where merchant_id = %(merchant_id)s and rule_id = %(rule_id)s "
        "for no key update",
        rule_id=rule_id,
    )
    if rule is None:
        raise NoSuchRule(rule_id)
    return rule


async def _set_state(tx: Tx, rule_id: int, state: str, name: str | None = None) -> None:
    await tx.run(
        "update earning_rule r set state = %(state)s, name = coalesce(%(name)s::text, r.name) "
        "where r.merchant_id = %(merchant_id)s and r.rule_id = %(rule_id)s",
        rule_id=rule_id, state=state, name=name,
    )  # fmt: skip
    await mark_changed(tx)


async def _wording(tx: Tx, rule_id: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    found = await tx.one(
        "select conditions, terms from earning_rule_version where merchant_id = %(merchant_id)s and rule_id = %(rule_id)s "
        "order by (version = 0) desc, version desc limit 1",
        rule_id=rule_id,
    )
    return (found.conditions, found.terms) if found else ([], {})


def _named(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise NameMissing(field="name", longest=LONGEST_NAME)
    return name
