"""`attr`: what is known of a member: an attribute, or any fact a room declares (points, tier, consent)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shuke.ground.mirror import Attribute, list_item, quote
from shuke.insight.grammar.policy import comparing, windows
from shuke.insight.grammar.policy.comparing import Comparison, Subject
from shuke.insight.grammar.policy.plans import ORDER, Part, Plan, Scan
from shuke.insight.grammar.policy.rules import BadRule, Leaf, fields, leaf

if TYPE_CHECKING:
    from collections.abc import Callable

    from shuke.ground.mirror import Moment, Registry
    from shuke.insight.grammar.policy.world import World

CODE = "attr"
TAG, TAG_GROUP = (
    "tag:",
    "tag_group:",
)  # since when a member wears a tag, or any of a group; there are as many as the merchant makes
LADDER = "tier.level:"  # the level on a further ladder, by its number
NAME = ("会员资料", "Member fact")
NAMED = {"number", "offer"}  # arguments that stand in the title
FORMS = {"missing": 0, "text": 1, "number": 2, "list": 3, "flag": 4}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["attr", "op"],
    "properties": {
        "attr": {"type": "string", "title": "Fact", "x-zh": "资料", "x-source": "attributes"},
        "args": {"type": "object", "title": "Arguments", "x-zh": "参数", "x-form": "arguments"},
        "op": {"type": "string", "title": "Comparison", "x-zh": "比较", "enum": sorted(comparing.WORDS)},
        "value": {"title": "Value", "x-zh": "值"},
    },
}


@dataclass(frozen=True, slots=True)
class Attr:
    """A fact with its arguments, compared."""

    fact: Attribute
    arguments: dict[str, Any]
    comparison: Comparison
    dynamic: bool  # not declared: the literal tells the type


def parse(node: dict[str, Any], path: str, registry: Registry) -> Leaf:
    """A condition from JSON, or a refusal with its path."""
    fields(node, path, {"attr", "op"}, {"value", "args"})
    name = node["attr"]
    if not isinstance(name, str) or not name:
        raise BadRule(f"{path}.attr", "要写资料的名字。", "The name of a fact is expected.", "wrong_type")
    declared = registry.attributes.get(name) or of_made(name)
    fact = _asked_with(declared or Attribute(name, "any", (name, name)), node.get("args"))
    arguments = _arguments(fact, node.get("args"), path)
    comparison = comparing.parse(node["op"], node.get("value"), fact.type, path)
    raw = {key: value for key, value in node.items() if value is not None}
    return leaf(CODE, raw, Attr(fact, arguments, comparison, declared is None), path)


def of_made(name: str) -> Attribute | None:
    """The fact behind a tag or a group of tags (an instant), or behind a further ladder (the level, 0 for everybody else)."""
    if name.startswith(LADDER):
        called = name.removeprefix(LADDER)
        return Attribute(name, "number", (f"「{called}」的等级", f'the level on "{called}"'), none=0)
    for prefix, zh, en in ((TAG, "打上标签", "wears the tag"), (TAG_GROUP, "打上标签组", "wears a tag of the group")):
        if name.startswith(prefix):
            slug = name.removeprefix(prefix)
            return Attribute(name, "instant", (f"{zh}「{slug}」的时间", f'the time since which one {en} "{slug}"'))
    return None


def _asked_with(fact: Attribute, raw: Any) -> Attribute:
    """A fact that may be asked with one of two sets of arguments, as it is asked here."""
    other = fact.other
    return other if other is not None and isinstance(raw, dict) and not other.arguments.keys().isdisjoint(raw) else fact


def _arguments(fact: Attribute, raw: Any, path: str) -> dict[str, Any]:
    given = raw if isinstance(raw, dict) else {}
    place = f"{path}.args"
    if raw is not None and not isinstance(raw, dict):
        raise BadRule(place, "参数写得不对。", "The arguments are not right.", "wrong_type")
    fields(given, place, set(fact.arguments), set())
    made: dict[str, Any] = {}
    for name, form in fact.arguments.items():
        if form == "duration":
            made[name] = windows.duration(given[name], f"{place}.{name}")
        elif form == "number":
            made[name] = _whole(given[name], f"{place}.{name}")
        elif isinstance(given[name], str):
            made[name] = given[name]
        else:
            raise BadRule(f"{place}.{name}", "这里要写文字。", "A text is expected here.", "wrong_type")
    return made


def _whole(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**12:
        raise BadRule(path, "这里要写一个大于 0 的整数。", "A whole number above 0 is expected here.", "wrong_type")
    return value


def plan(leaf_: Leaf, moment: Moment, registry: Registry) -> Plan:
    """How the engine answers it."""
    attr: Attr = leaf_.params
    inverted = attr.comparison.holds(attr.fact.none, moment)
    scan, rows, aggregate, subject = (_computed if attr.fact.table else _looked_up)(attr, moment, registry)
    test = attr.comparison.sql(subject, moment).replace("{", "{{").replace("}", "}}").replace("{{0}}", "{0}")
    return Plan((Part(scan, rows, (aggregate,)),), f"NOT ({test})" if inverted else test, inverted)


def _looked_up(attr: Attr, moment: Moment, _: Registry) -> tuple[Scan, tuple[str, ...], Callable, Subject]:
    """The latest row of that name by the moment: one column of it, in the type that is asked for."""
    name = quote(attr.fact.name)
    by_then = () if moment.complete else (f"at <= {moment.instant_sql}",)
    scan = Scan("attributes", (f"merchant = {moment.merchant_id}", f"name = {name}", *by_then))
    type_ = attr.comparison.type
    if attr.comparison.op in ("exists", "missing"):
        return scan, (), _latest("form", plain=True), _with_default(Subject("{0}", "text", "{0} != 0"), attr)
    if type_ == "number":
        return scan, (), _latest("if(form = 2, number, NULL)"), _with_default(_nullable("number"), attr)
    if type_ == "flag":
        return scan, (), _latest("if(form = 4, text = 'true', NULL)"), _with_default(_nullable("flag"), attr)
    if type_ == "instant":
        shown = "if(form = 1 AND substring(text, 11, 1) = 'T', parseDateTime64BestEffortOrNull(text, 6, 'UTC'), NULL)"
        return scan, (), _latest(shown), _nullable("instant")
    return scan, (), _latest("text", plain=True), Subject("{0}", type_, "{0} != ''", listed=True, absent="")


def _nullable(type_: str) -> Subject:
    return Subject("{0}", type_, "isNotNull({0})")


def _with_default(subject: Subject, attr: Attr) -> Subject:
    """A declared fact that has a value for everyone."""
    none = attr.fact.none
    if none is None:
        return subject
    if attr.comparison.op in ("exists", "missing"):
        return Subject("{0}", "text", "1")
    literal = str(none).lower() if isinstance(none, bool) else comparing.number_literal(none)
    return Subject(f"ifNull({subject.sql}, {literal})", subject.type)


def _latest(shown: str, plain: bool = False) -> Callable[[str | None], str]:
    """The newest row counts, also where its value is NULL: hence the tuple, unless the value is `plain` (never NULL)."""

    def made(rows: str | None) -> str:
        inside = f"{shown if plain else f'tuple({shown})'}, {ORDER}"
        chosen = f"argMaxIf({inside}, {rows})" if rows else f"argMax({inside})"
        return chosen if plain else f"tupleElement({chosen}, 1)"

    return made


def _computed(attr: Attr, moment: Moment, registry: Registry) -> tuple[Scan, tuple[str, ...], Callable, Subject]:
    """An aggregate over the rows of the table that the owning room declared."""
    fact = attr.fact
    assert fact.value is not None, f"{fact.name} declares a table and no value"
    table = registry.tables[fact.table]
    conditions = [f"merchant = {moment.merchant_id}"]
    columns = {column.name for column in table.columns}
    if not moment.complete and (until := next((name for name in ("effective_at", "at") if name in columns), None)):
        conditions.append(f"{until} <= {moment.instant_sql}")
    rows = (fact.filter(moment, attr.arguments),) if fact.filter else ()
    value = fact.value(moment, attr.arguments)
    subject = _nullable(fact.type) if fact.none is None else Subject(f"ifNull({{0}}, {_literal(fact.none)})", fact.type)
    return Scan(table.name, tuple(conditions)), rows, _if_rows(value), subject


def _if_rows(value: str) -> Callable[[str | None], str]:
    """The declared aggregate, written with «if» where a row condition of its own may come."""

    def made(rows: str | None) -> str:
        return value.replace("«rows»", rows or "1")

    return made


def _literal(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else comparing.number_literal(value)


def holding(leaf_: Leaf, moment: Moment, _: Registry, world: World) -> set[int]:
    """The same in plain Python."""
    attr: Attr = leaf_.params
    known = values(attr, moment, world)
    return {
        member
        for member in world.population(moment)
        if attr.comparison.holds(_typed(known.get(member, attr.fact.none), attr), moment)
    }


def values(attr: Attr, moment: Moment, world: World) -> dict[int, Any]:
    """Each member's value of the fact in plain Python."""
    fact = attr.fact
    if not fact.table:
        return world.attribute(fact.name, moment)
    assert fact.fold is not None, f"{fact.name} declares a table and no fold"
    by_member: dict[int, list[Any]] = {}
    for row in world.tables.get(fact.table, []):
        by_member.setdefault(row["member"], []).append(row)
    return {member: fact.fold(rows, moment, attr.arguments) for member, rows in by_member.items()}


def _typed(value: Any, attr: Attr) -> Any:
    """A value as the comparison sees it: one of another type is no value."""
    comparison = attr.comparison
    if isinstance(value, list):
        value = tuple(list_item(item) for item in value) or None
    if value is None or value == "" or comparison.op in ("exists", "missing"):
        return None if value == "" else value
    if isinstance(value, bool):
        return (
            value
            if comparison.type == "flag"
            else ("true" if value else "false")
            if comparison.type == "text"
            else None
        )
    if comparison.type == "day":
        return value if comparing.is_day(value) else None
    wanted = {"text": (str, tuple), "number": (int, float, Decimal), "instant": (datetime,)}.get(
        comparison.type, (object,)
    )
    return value if isinstance(value, wanted) else None


def sentence(leaf_: Leaf) -> tuple[str, str]:
    """As an operator would say it."""
    attr: Attr = leaf_.params
    title_zh, title_en = attr.fact.title
    if NAMED.intersection(attr.fact.arguments.values()):
        return _said_with_numbers(attr)
    inside = [(length.words() if hasattr(length, "words") else (length, length)) for length in attr.arguments.values()]
    if inside:
        title_zh += f"({'、'.join(zh for zh, _ in inside)})"
        title_en += f" ({', '.join(en for _, en in inside)})"
    zh, en = attr.comparison.words(called=attr.fact.words)
    return f"{title_zh}{zh}", f"{title_en} {en}"


def _said_with_numbers(attr: Attr) -> tuple[str, str]:
    """Facts that ask about a number or a thing with a name have its place in their title."""
    told = {name: f"{value:,}" if isinstance(value, int) else value for name, value in attr.arguments.items()}
    zh, en = (title.format(**told) for title in attr.fact.title)
    said_zh, said_en = attr.comparison.words()
    if attr.comparison.type == "flag" and attr.comparison.op in ("eq", "ne"):
        yes = attr.comparison.value == (attr.comparison.op == "eq")
        said_zh, said_en = ("：是", ": yes") if yes else ("：否", ": no")
        return zh + said_zh, en + said_en
    return f"{zh}{said_zh}", f"{en} {said_en}"


def threshold(leaf_: Leaf) -> Any:
    """What is asked for, as the rule writes it."""
    attr: Attr = leaf_.params
    return attr.comparison.value


def offer_of(leaf_: Leaf) -> tuple[str, str] | None:
    """The argument that names an offer, and the offer; None where there is none."""
    attr: Attr = leaf_.params
    return next(((name, attr.arguments[name]) for name, form in attr.fact.arguments.items() if form == "offer"), None)


def nothing(leaf_: Leaf) -> Any:
    """What a member of whom nothing is known has."""
    attr: Attr = leaf_.params
    return attr.fact.none
