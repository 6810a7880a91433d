"""Questions about rules."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.assets import points
from shuke.kit import kinds
from shuke.kit.kinds import Sentence
from shuke.programs.earning.conditions import CONDITIONS
from shuke.programs.earning.effects import BY_CODE, EFFECTS
from shuke.programs.earning.policy import NOTHING, LiveRule, RuleSet, Terms, kept, use_words, waits_words
from shuke.programs.earning.queries import knowing

if TYPE_CHECKING:
    from shuke.kit.db import Tx

_LIVE = """
select * from (
  select r.rule_id, r.kind, coalesce(nullif(v.name, ''), r.name) as name, r.priority, v.version, v.params, v.conditions, v.terms,
    v.valid_from, v.valid_to, v.pause, lead(v.version) over w as next_version, lead(v.valid_from) over w as replaced_at
  from earning_rule r join earning_rule_version v on v.merchant_id = r.merchant_id and v.rule_id = r.rule_id
  where r.merchant_id = %(merchant_id)s and v.merchant_id = %(merchant_id)s and v.published_at is not null
  window w as (partition by v.rule_id order by v.version)
) v where not v.pause and (v.next_version is null or v.replaced_at is not null)
"""


async def live_rules(tx: Tx) -> RuleSet:
    """Every published version, sorted as they apply, with the period in which it was, is or will be live.

    A version ends where the next one of its rule begins, be it a wording or a pause.
    """
    rules = [_compiled(row) for row in await tx.rows(_LIVE)]
    return RuleSet(sorted(rules, key=lambda rule: (rule.priority, rule.rule_id, rule.version)))


def _compiled(row: Any) -> LiveRule:
    ends = [instant for instant in (row.valid_to, row.replaced_at) if instant is not None]
    return compiled(
        (row.rule_id, row.version, row.kind, row.name), row.params, row.conditions, terms_of(row.terms, row.priority),
        (row.valid_from, min(ends) if ends else None),
    )  # fmt: skip


def terms_of(stored: dict[str, Any], priority: int = 100) -> Terms:
    """Stored terms, typed; wordings from before there were terms have the rule's own priority. Refuses what does not fit."""
    try:
        return msgspec.convert({"priority": priority} | stored, Terms)
    except msgspec.ValidationError as error:
        raise kinds.BadParameters(field="terms", kind="叠加与上限", reason=str(error)) from error


def compiled(
    named: tuple[int, int, str, str], params: dict[str, Any], conditions: list[dict[str, Any]], terms: Terms,
    live: tuple[datetime | None, datetime | None] = (None, None),
) -> LiveRule:  # fmt: skip
    """A wording ready to be applied: typed parameters, what it answers and what it needs to know. `named` is rule id,
    version, kind and name. Refuses what does not fit its kinds."""
    rule_id, version, code, name = named
    kind, typed = EFFECTS.get(code), EFFECTS.parameters(code, params)
    when = compiled_conditions(conditions)
    needs = frozenset().union(*(getattr(one, "needs", NOTHING) for one in (kind, *(one for one, _ in when))))
    return LiveRule(
        rule_id=rule_id, version=version, kind=code, name=name, priority=terms.priority, params=typed, conditions=when,
        live_from=live[0], live_to=live[1], terms=terms, trigger=getattr(kind, "trigger", "order"), needs=needs,
        events=kind.events(typed) if hasattr(kind, "events") else NOTHING,
        once_per=kind.once_per(typed) if hasattr(kind, "once_per") else "",
        monthly=kind.monthly(typed) if hasattr(kind, "monthly") else False,
        worked_out=kind.worked_out(typed) if hasattr(kind, "worked_out") else None,
    )  # fmt: skip


def compiled_conditions(conditions: list[dict[str, Any]]) -> tuple[tuple[Any, Any], ...]:
    """Stored conditions as pairs of kind and typed parameters; refuses what does not fit."""
    return tuple(
        (CONDITIONS.get(item.get("kind", "")), CONDITIONS.parameters(item.get("kind", ""), item.get("params", {})))
        for item in conditions
    )


def explain(why: dict[str, Any]) -> dict[str, str]:
    """The sentence of an award's stored reason, in both languages."""
    said = in_words(why)
    return {"zh": said.zh, "en": said.en}


def in_words(why: dict[str, Any]) -> Sentence:
    """The reason of an award in both languages, with what made it smaller."""
    said: Sentence = BY_CODE[why["kind"]].explain(why)
    if "limit" in why:
        zh, en = limit_words(why["limit"])
        said = Sentence(
            f"{said.zh}；本应送 {why['desired']} 分，{zh}，实送 {why['given']} 分",
            f"{said.en}; {why['desired']} desired, {en}, {why['given']} given",
        )
    if "waits" in why:
        zh, en = waits_words(why["waits"])
        said = Sentence(f"{said.zh}；{zh}", f"{said.en}; {en}")
    return said


_PERIODS = {
    "order": ("每单", "per order"), "day": ("每天", "a day"), "week": ("每周", "a week"), "month": ("每月", "a month"),
    "year": ("每年", "a year"), "ever": ("每人总共", "altogether"),
}  # fmt: skip


def limit_words(limit: dict[str, Any]) -> tuple[str, str]:
    """What made an award smaller, in Chinese and English."""
    if limit["per"] == "budget":
        return f"预算 {limit['points']:,} 分已不够", f"the budget of {limit['points']:,} is used up"
    if limit["per"] == "multiplier":
        return f"总倍数最多 {limit['percent'] / 100:g} 倍", f"multipliers reach {limit['percent'] / 100:g} × at most"
    if limit["per"] == "ladder":
        return "这个月已经送过这一档", "the month has given this step already"
    if limit["per"] == "once":
        return "同一内容只送一次", "the same content earns once"
    zh, en = _PERIODS[limit["per"]]
    most = [(f"{limit['points']:,} 分", f"{limit['points']:,} points")] if limit.get("points") else []
    most += [(f"{limit['times']} 次", f"{limit['times']} times")] if limit.get("times") else []
    return f"{zh}最多 {'、'.join(m[0] for m in most)}", f"at most {', '.join(m[1] for m in most)} {en}"


def keeps(why: dict[str, Any], remaining_fen: int) -> int:
    """What an award would have been for what is left of its order, under its original rule version."""
    return kept(why, remaining_fen, EFFECTS.get(why["kind"]).keeps(why, remaining_fen))


def sentence(
    kind: str,
    params: dict[str, Any],
    conditions: list[dict[str, Any]] | None = None,
    terms: dict[str, Any] | None = None,
) -> Sentence:
    """A wording in words: what it gives, then when, then within which caps."""
    parts = _parts(kind, params, conditions or [], terms or {})
    return Sentence("，".join(part.zh for part in parts), ", ".join(part.en for part in parts))


def _parts(
    kind: str, params: dict[str, Any], conditions: list[dict[str, Any]], terms: dict[str, Any]
) -> list[Sentence]:  # fmt: skip
    parts = [EFFECTS.get(kind).sentence(EFFECTS.parameters(kind, params))]
    parts += [condition.sentence(values) for condition, values in compiled_conditions(conditions)]
    return parts + _terms_words(terms_of(terms))


def _terms_words(terms: Terms) -> list[Sentence]:
    said = [Sentence(*limit_words({"per": cap.per, "points": cap.points, "times": cap.times})) for cap in terms.caps]
    if terms.budget_points is not None:
        said.append(Sentence(f"总预算 {terms.budget_points:,} 分", f"a budget of {terms.budget_points:,} points"))
    if terms.group:
        zh = {"sum": "相加", "max": "取最高", "first": "取第一条"}[terms.stacking]
        en = {"sum": "adds up", "max": "the highest counts", "first": "the first counts"}[terms.stacking]
        said.append(Sentence(f"叠加组「{terms.group}」内{zh}", f"in the group “{terms.group}” {en}"))
    waiting = use_words(terms.use)
    return said if waiting is None else [*said, waiting]


class VersionShape(msgspec.Struct, frozen=True, kw_only=True):
    """One published version of a rule, or a pause; what it says that the wording before did not, and the reverse."""

    version: int
    name: str
    params: dict[str, Any]
    conditions: list[dict[str, Any]]
    terms: dict[str, Any]
    sentence: Sentence
    state: str
    valid_from: datetime | None
    valid_to: datetime | None
    published_at: datetime
    published_by: str
    added: list[Sentence]
    removed: list[Sentence]


class DraftShape(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be published next."""

    name: str
    params: dict[str, Any]
    conditions: list[dict[str, Any]]
    terms: dict[str, Any]
    sentence: Sentence
    valid_from: datetime | None
    valid_to: datetime | None
    saved_at: datetime


class RuleShape(msgspec.Struct, frozen=True, kw_only=True):
    """One rule as the console shows it: the newest published wording, or the draft where there is none yet. `budget_used`
    are the points given of its budget, null without one."""

    rule_id: int
    kind: str
    name: str
    state: str
    priority: int
    version: int
    params: dict[str, Any]
    conditions: list[dict[str, Any]]
    terms: dict[str, Any]
    sentence: Sentence
    valid_from: datetime | None
    valid_to: datetime | None
    published_at: datetime | None
    budget_used: int | None
    draft: DraftShape | None
    versions: list[VersionShape]


_RULES = """
select rule_id, kind, name, state, priority from earning_rule
where merchant_id = %(merchant_id)s and (%(rule_id)s::bigint is null or rule_id = %(rule_id)s) order by priority, rule_id
"""
_VERSIONS = """
select rule_id, version, name, pause, params, conditions, terms, valid_from, valid_to, published_at, published_by, created_at
from earning_rule_version
where merchant_id = %(merchant_id)s and (%(rule_id)s::bigint is null or rule_id = %(rule_id)s) order by rule_id, version desc
"""


async def list_rules(tx: Tx, at: datetime, rule_id: int | None = None) -> list[RuleShape]:
    """All rules (or the one) in the order in which they apply, with drafts and versions; `at` says which have ended."""
    versions: dict[int, list[Any]] = {}
    for row in await tx.rows(_VERSIONS, rule_id=rule_id):
        versions.setdefault(row.rule_id, []).append(row)
    used = await knowing.budgets_used(tx)
    rules = [_rule(row, versions.get(row.rule_id, []), at, used) for row in await tx.rows(_RULES, rule_id=rule_id)]
    return sorted(rules, key=lambda rule: (rule.priority, rule.rule_id))


def _rule(rule: Any, versions: list[Any], at: datetime, used: dict[int, int]) -> RuleShape:
    published = [row for row in versions if row.published_at is not None]
    drafts = [row for row in versions if row.published_at is None]
    shown = next((row for row in published if not row.pause), drafts[0] if drafts else None)
    assert shown is not None, "a rule has a draft or a version"
    terms = terms_of(shown.terms, rule.priority)
    ended = shown.valid_to is not None and shown.valid_to <= at and rule.state == "published"
    return RuleShape(
        rule_id=rule.rule_id, kind=rule.kind, name=rule.name, state="ended" if ended else rule.state,
        priority=terms.priority, version=shown.version, params=shown.params,
        conditions=shown.conditions, terms=shown.terms,
        sentence=sentence(rule.kind, shown.params, shown.conditions, shown.terms), valid_from=shown.valid_from,
        valid_to=shown.valid_to, published_at=shown.published_at,
        budget_used=None if terms.budget_points is None else used.get(rule.rule_id, 0),
        draft=_draft(rule.kind, drafts[0]) if drafts else None,
        versions=[_version(rule, row, published, at) for row in published],
    )  # fmt: skip


def _draft(kind: str, row: Any) -> DraftShape:
    return DraftShape(
        name=row.name, params=row.params, conditions=row.conditions, terms=row.terms,
        sentence=sentence(kind, row.params, row.conditions, row.terms),
        valid_from=row.valid_from, valid_to=row.valid_to, saved_at=row.created_at,
    )  # fmt: skip


def _version(rule: Any, row: Any, published: list[Any], at: datetime) -> VersionShape:
    newer = next((other for other in reversed(published) if other.version > row.version), None)
    ends = [end for end in (row.valid_to, newer and newer.valid_from) if end is not None]
    end = min(ends) if ends else None
    replaced = (newer is not None and newer.valid_from is None) or (end is not None and end <= at)
    waiting = row.valid_from is not None and row.valid_from > at
    state = "ended" if replaced else "waiting" if waiting else "live"
    added, removed = _changes(rule, row, published)
    return VersionShape(
        version=row.version, name=row.name or rule.name, params=row.params, conditions=row.conditions, terms=row.terms,
        sentence=_PAUSED if row.pause else sentence(rule.kind, row.params, row.conditions, row.terms),
        state="paused" if row.pause else state, valid_from=row.valid_from, valid_to=end,
        published_at=row.published_at, published_by=row.published_by, added=added, removed=removed,
    )  # fmt: skip


def _changes(rule: Any, row: Any, published: list[Any]) -> tuple[list[Sentence], list[Sentence]]:
    """What a wording says that the one before it did not, and the reverse; nothing for the first and for pauses."""
    before = next((other for other in published if other.version < row.version and not other.pause), None)
    if before is None or row.pause:
        return [], []
    now, then = (_parts(rule.kind, one.params, one.conditions, one.terms) for one in (row, before))
    if row.name != before.name:
        now.append(Sentence(f"名称「{row.name}」", f"the name “{row.name}”"))
        then.append(Sentence(f"名称「{before.name}」", f"the name “{before.name}”"))
    return [part for part in now if part not in then], [part for part in then if part not in now]


_PAUSED = Sentence("暂停，不送积分", "Paused: gives nothing")


points.explained_by({kind.code: in_words for kind in EFFECTS})
