"""Questions about rules."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.assets import points
from shuke.kit.kinds import Sentence
from shuke.programs.earning.conditions import CONDITIONS
from shuke.programs.earning.effects import EFFECTS
from shuke.programs.earning.policy import LiveRule

if TYPE_CHECKING:
    from shuke.kit.db import Tx

_LIVE = """
select * from (
  select r.rule_id, r.kind, coalesce(nullif(v.name, ''), r.name) as name, r.priority, v.version, v.params, v.conditions,
    v.valid_from, v.valid_to, v.pause, lead(v.version) over w as next_version, lead(v.valid_from) over w as replaced_at
  from earning_rule r join earning_rule_version v on v.merchant_id = r.merchant_id and v.rule_id = r.rule_id
  where r.merchant_id = %(merchant_id)s and v.merchant_id = %(merchant_id)s and v.published_at is not null
  window w as (partition by v.rule_id order by v.version)
) v where not v.pause and (v.next_version is null or v.replaced_at is not null)
order by v.priority, v.rule_id, v.version
"""


async def live_rules(tx: Tx) -> list[LiveRule]:
    """Every published version, sorted as they apply, with the period in which it was, is or will be live.

    A version ends where the next one of its rule begins, be it a wording or a pause.
    """
    return [_compiled(row) for row in await tx.rows(_LIVE)]


def _compiled(row: Any) -> LiveRule:
    ends = [instant for instant in (row.valid_to, row.replaced_at) if instant is not None]
    return LiveRule(
        rule_id=row.rule_id, version=row.version, kind=row.kind, name=row.name, priority=row.priority,
        params=EFFECTS.parameters(row.kind, row.params), conditions=compiled_conditions(row.conditions),
        live_from=row.valid_from, live_to=min(ends) if ends else None,
    )  # fmt: skip


def compiled_conditions(conditions: list[dict[str, Any]]) -> tuple[tuple[Any, Any], ...]:
    """Stored conditions as pairs of kind and typed parameters; refuses what does not fit."""
    return tuple(
        (CONDITIONS.get(item.get("kind", "")), CONDITIONS.parameters(item.get("kind", ""), item.get("params", {})))
        for item in conditions
    )


def explain(why: dict[str, Any]) -> dict[str, str]:
    """The sentence of an award's stored reason, in both languages."""
    return msgspec.to_builtins(EFFECTS.get(why["kind"]).explain(why))


def keeps(why: dict[str, Any], remaining_fen: int) -> int:
    """What an award would have been for what is left of its order, under its original rule version."""
    return EFFECTS.get(why["kind"]).keeps(why, remaining_fen)


def sentence(kind: str, params: dict[str, Any], conditions: list[dict[str, Any]] | None = None) -> Sentence:
    """A wording in words: what it gives, then when."""
    parts = [EFFECTS.get(kind).sentence(EFFECTS.parameters(kind, params))]
    parts += [condition.sentence(values) for condition, values in compiled_conditions(conditions or [])]
    return Sentence("，".join(part.zh for part in parts), ", ".join(part.en for part in parts))


class VersionShape(msgspec.Struct, frozen=True, kw_only=True):
    """One published version of a rule, or a pause."""

    version: int
    name: str
    params: dict[str, Any]
    conditions: list[dict[str, Any]]
    sentence: Sentence
    state: str
    valid_from: datetime | None
    valid_to: datetime | None
    published_at: datetime
    published_by: str


class DraftShape(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be published next."""

    name: str
    params: dict[str, Any]
    conditions: list[dict[str, Any]]
    sentence: Sentence
    valid_from: datetime | None
    valid_to: datetime | None
    saved_at: datetime


class RuleShape(msgspec.Struct, frozen=True, kw_only=True):
    """One rule as the console shows it: the newest published wording, or the draft where there is none yet."""

    rule_id: int
    kind: str
    name: str
    state: str
    priority: int
    version: int
    params: dict[str, Any]
    conditions: list[dict[str, Any]]
    sentence: Sentence
    valid_from: datetime | None
    valid_to: datetime | None
    published_at: datetime | None
    draft: DraftShape | None
    versions: list[VersionShape]


_RULES = """
select rule_id, kind, name, state, priority from earning_rule
where merchant_id = %(merchant_id)s and (%(rule_id)s::bigint is null or rule_id = %(rule_id)s) order by priority, rule_id
"""
_VERSIONS = """
select rule_id, version, name, pause, params, conditions, valid_from, valid_to, published_at, published_by, created_at
from earning_rule_version
where merchant_id = %(merchant_id)s and (%(rule_id)s::bigint is null or rule_id = %(rule_id)s) order by rule_id, version desc
"""


async def list_rules(tx: Tx, at: datetime, rule_id: int | None = None) -> list[RuleShape]:
    """All rules (or the one) in the order in which they apply, with drafts and versions; `at` says which have ended."""
    versions: dict[int, list[Any]] = {}
    for row in await tx.rows(_VERSIONS, rule_id=rule_id):
        versions.setdefault(row.rule_id, []).append(row)
    return [_rule(row, versions.get(row.rule_id, []), at) for row in await tx.rows(_RULES, rule_id=rule_id)]


def _rule(rule: Any, versions: list[Any], at: datetime) -> RuleShape:
    published = [row for row in versions if row.published_at is not None]
    drafts = [row for row in versions if row.published_at is None]
    shown = next((row for row in published if not row.pause), drafts[0] if drafts else None)
    assert shown is not None, "a rule has a draft or a version"
    ended = shown.valid_to is not None and shown.valid_to <= at and rule.state == "published"
    return RuleShape(
        rule_id=rule.rule_id, kind=rule.kind, name=rule.name, state="ended" if ended else rule.state,
        priority=rule.priority, version=shown.version, params=shown.params, conditions=shown.conditions,
        sentence=sentence(rule.kind, shown.params, shown.conditions), valid_from=shown.valid_from,
        valid_to=shown.valid_to, published_at=shown.published_at,
        draft=_draft(rule.kind, drafts[0]) if drafts else None,
        versions=[_version(rule, row, published, at) for row in published],
    )  # fmt: skip


def _draft(kind: str, row: Any) -> DraftShape:
    return DraftShape(
        name=row.name, params=row.params, conditions=row.conditions, sentence=sentence(kind, row.params, row.conditions),
        valid_from=row.valid_from, valid_to=row.valid_to, saved_at=row.created_at,
    )  # fmt: skip


def _version(rule: Any, row: Any, published: list[Any], at: datetime) -> VersionShape:
    newer = next((other for other in reversed(published) if other.version > row.version), None)
    ends = [end for end in (row.valid_to, newer and newer.valid_from) if end is not None]
    end = min(ends) if ends else None
    replaced = (newer is not None and newer.valid_from is None) or (end is not None and end <= at)
    waiting = row.valid_from is not None and row.valid_from > at
    state = "ended" if replaced else "waiting" if waiting else "live"
    return VersionShape(
        version=row.version, name=row.name or rule.name, params=row.params, conditions=row.conditions,
        sentence=_PAUSED if row.pause else sentence(rule.kind, row.params, row.conditions),
        state="paused" if row.pause else state, valid_from=row.valid_from, valid_to=end,
        published_at=row.published_at, published_by=row.published_by,
    )  # fmt: skip


_PAUSED = Sentence("暂停，不送积分", "Paused: gives nothing")


def _explained(kind: str) -> points.Explains:
    return EFFECTS.get(kind).explain


points.explained_by({kind.code: _explained(kind.code) for kind in EFFECTS})
