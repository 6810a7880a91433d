"""The condition itself: how it is read, answered by SQL and in plain Python, and said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shuke.ground.mirror import list_item, quote
from shuke.insight.grammar.conditions.did import measures
from shuke.insight.grammar.policy import comparing, windows
from shuke.insight.grammar.policy.comparing import Comparison, Subject
from shuke.insight.grammar.policy.plans import FEW, ORDER, SIGNED_ORDER, Part, Plan, Scan
from shuke.insight.grammar.policy.rules import BadRule, Leaf, fields, leaf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shuke.ground.mirror import Event, Moment, Registry
    from shuke.insight.grammar.conditions.did.measures import Measure
    from shuke.insight.grammar.policy.windows import Window
    from shuke.insight.grammar.policy.world import Happening, World

CODE = "did"
NAME = ("做过什么", "Did something")
MEASURED = {"eq", "ne", "ne_or_missing", "<", "<=", ">", ">="}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["did"],
    "properties": {
        "did": {"type": "string", "title": "Event", "x-zh": "行为", "x-source": "events"},
        "where": {
            "type": "array", "title": "Where", "x-zh": "并且满足",
            "items": {
                "type": "object", "required": ["prop", "op"],
                "properties": {
                    "prop": {"type": "string", "title": "Property", "x-zh": "属性", "x-source": "properties"},
                    "op": {"type": "string", "title": "Comparison", "x-zh": "比较", "enum": sorted(comparing.WORDS)},
                    "value": {"title": "Value", "x-zh": "值"},
                },
            },
        },
        "window": {"type": "object", "title": "When", "x-zh": "时间范围", "x-form": "window"},
        "measure": {"title": "Measure", "x-zh": "度量", "default": "count", "x-form": "measure",
                    "x-simple": sorted(measures.SIMPLE), "x-of-property": sorted(measures.OF_PROPERTY)},
        "op": {"type": "string", "title": "Comparison", "x-zh": "比较", "enum": sorted(comparing.PLAIN), "default": ">="},
        "value": {"title": "Value", "x-zh": "值", "default": 1},
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """One where-condition on a property."""

    prop: str
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Counted:
    """Events to measure: which, where, when, and what of them."""

    event: Event
    where: tuple[Filter, ...]
    window: Window
    measure: Measure
    type: str
    anchor: Event | None = None


@dataclass(frozen=True, slots=True)
class Did:
    """A measure compared with a value, or with `times` another measure."""

    counted: Counted
    comparison: Comparison
    other: Counted | None = None
    times: Decimal = Decimal(1)


def parse(node: dict[str, Any], path: str, registry: Registry) -> Leaf:
    """A condition from JSON, or a refusal with its path."""
    fields(node, path, {"did"}, {"where", "window", "measure", "op", "value"})
    raw = {name: value for name, value in node.items() if value is not None}
    if "op" not in raw and "value" not in raw:
        raw |= {"op": ">=", "value": 1, "measure": "count"}
    raw.setdefault("measure", "count")
    if "op" not in raw:
        raise BadRule(f"{path}.op", "缺少比较方式。", "The comparison is missing.", "missing_field")
    other, value = None, raw.get("value")
    if isinstance(value, dict) and "of" in value:
        return _of_another(raw, path, registry)
    counted = counted_of(raw, path, registry, value)
    return leaf(CODE, raw, Did(counted, comparing.parse(raw["op"], value, counted.type, path), other), path)


def _of_another(raw: dict[str, Any], path: str, registry: Registry) -> Leaf:
    value = raw["value"]
    place = f"{path}.value"
    fields(value, place, {"of"}, {"times"})
    times = value.get("times", 1)
    if isinstance(times, bool) or not isinstance(times, int | float):
        raise BadRule(f"{place}.times", "倍数要写一个数。", "A number is expected here.", "wrong_type")
    if raw["op"] not in MEASURED:
        raise BadRule(
            f"{path}.op", "和另一个度量比较时不能用这种比较。", "This comparison does not fit here.", "wrong_op"
        )
    if not isinstance(value["of"], dict) or "did" not in value["of"]:
        raise BadRule(f"{place}.of", "of 要写另一个行为。", '"of" is another measure of events.', "bad_measure")
    fields(value["of"], f"{place}.of", {"did"}, {"where", "window", "measure"})
    counted = counted_of(raw, path, registry, 0)
    other = counted_of(value["of"], f"{place}.of", registry, 0)
    for one, where in ((counted, path), (other, f"{place}.of")):
        if one.type not in ("number", "ratio"):
            raise BadRule(f"{where}.measure", "只能比较数值。", "Only numbers can be compared.", "wrong_type")
    type_ = "ratio" if "ratio" in (counted.type, other.type) else "number"
    params = Did(counted, Comparison(raw["op"], None, type_), other, Decimal(str(times)))
    return leaf(CODE, raw, params, path)


def counted_of(raw: dict[str, Any], path: str, registry: Registry, value: Any) -> Counted:
    """Event, filters, window and measure of a node; the value it is compared with tells the type of open properties."""
    name = raw["did"]
    if not isinstance(name, str) or not name:
        raise BadRule(f"{path}.did", "要写行为的名字。", "The name of an event is expected.", "wrong_type")
    event = registry.event(name)

    def conditions(listed: Any, place: str) -> tuple[Filter, ...]:
        if not isinstance(listed, list):
            raise BadRule(place, "where 是一组条件。", '"where" is a list of conditions.', "wrong_type")
        return tuple(_filter(one, f"{place}[{n}]", event) for n, one in enumerate(listed))

    where = conditions(raw.get("where", []), f"{path}.where")
    window = windows.parse(raw.get("window"), f"{path}.window")
    measure = measures.parse(raw.get("measure"), f"{path}.measure", conditions)
    anchor = registry.event(window.anchor[0]) if window.anchor else None
    property_type = "number"
    if measure.prop is not None:
        declared = _declared(event, measure.prop, f"{path}.measure")
        plain = "any" if raw.get("op") in ("exists", "missing") else comparing.literal_type(value)
        open_type = "number" if measure.numeric_property() else plain
        property_type = open_type if declared is None else declared
        if measure.numeric_property() and property_type != "number":
            raise BadRule(
                f"{path}.measure", f"「{measure.prop}」不是数值。", f'"{measure.prop}" is no number.', "wrong_type"
            )
    return Counted(event, where, window, measure, measure.type_of(property_type), anchor)


def _declared(event: Event, prop: str, path: str) -> str | None:
    known = event.properties.get(prop)
    if known is not None:
        return known.type
    if event.open:
        return None
    listed = ", ".join(event.properties)
    raise BadRule(
        path, f"「{event.name}」没有属性「{prop}」，可用：{listed}。", f'"{event.name}" has no "{prop}"; known: {listed}.',
        "unknown_property",
    )  # fmt: skip


def _filter(raw: Any, path: str, event: Event) -> Filter:
    if not isinstance(raw, dict):
        raise BadRule(path, "这里应当是一个条件。", "A condition is expected here.", "not_a_condition")
    fields(raw, path, {"prop", "op"}, {"value"})
    if not isinstance(raw["prop"], str) or not raw["prop"]:
        raise BadRule(f"{path}.prop", "要写属性名。", "The name of a property is expected.", "wrong_type")
    declared = _declared(event, raw["prop"], f"{path}.prop")
    return Filter(raw["prop"], comparing.parse(raw["op"], raw.get("value"), declared or "any", path))


def subject_of(event: Event, prop: str, type_: str, moment: Moment) -> Subject:
    """A property as SQL, with the type in which it is asked for."""
    known = event.properties.get(prop)
    if known is not None:
        sql = known.sql.replace("«as_of»", moment.instant_sql).replace("«merchant»", str(moment.merchant_id))
        if known.type == "text":
            return Subject(sql, "text", f"{sql} != ''", absent="")
        return Subject(sql, known.type, known.has or None, absent=0 if known.type == "number" and known.has else None)
    key = quote(prop)
    if type_ == "number":
        return Subject(f"numbers[{key}]", "number", f"mapContains(numbers, {key})", absent=0)
    has = f"texts[{key}] != ''"
    if type_ == "any":
        return Subject(f"texts[{key}]", "text", f"({has} OR mapContains(numbers, {key}))")
    return Subject(f"texts[{key}]", type_, has, absent="")


def _measured(counted: Counted, moment: Moment) -> Subject | None:
    measure = counted.measure
    if measure.prop is None:
        return None
    either = measure.word == "distinct" or counted.type == "any"
    if either and measure.prop not in counted.event.properties:
        both = subject_of(counted.event, measure.prop, "any", moment)
        key = quote(measure.prop)
        number = f"toString(numbers[{key}])"
        apart = f"concat(char(30), {number})" if measure.word == "distinct" else number  # 1 and "1" are two
        return Subject(f"if(texts[{key}] != '', texts[{key}], {apart})", "text", both.has)
    type_ = "number" if measure.numeric_property() else counted.type
    return subject_of(counted.event, measure.prop, type_, moment)


def filter_sql(event: Event, one: Filter, moment: Moment) -> str:
    """A where-condition as SQL."""
    asked = "any" if one.comparison.op in ("exists", "missing") else one.comparison.type
    return one.comparison.sql(subject_of(event, one.prop, asked, moment), moment)


def scan_of(event: Event, moment: Moment, registry: Registry) -> Scan:
    """All rows of an event that had occurred by the moment."""
    table = registry.tables[event.table]
    until = "effective_at" if table.signed else "at"
    conditions = [f"merchant = {moment.merchant_id}"]
    if event.filter:
        conditions.append(event.filter)
    if not moment.complete:
        conditions.append(f"{until} <= {moment.instant_sql}")
    if not table.signed:
        return Scan(table.name, tuple(conditions))
    # Where nothing is later than the moment, the instants need not be read at all.
    by_then = "" if moment.complete else f" AND effective_at <= {moment.instant_sql}"
    mine = f"merchant = {moment.merchant_id} AND sign = -1{by_then}{FEW}"
    taken_back = f"row_id NOT IN (SELECT row_id FROM {table.name} WHERE {mine})"
    return Scan(table.name, tuple(conditions), ("sign = 1", taken_back))


def _anchored(scan: Scan, counted: Counted, moment: Moment, registry: Registry) -> Scan:
    if counted.window.anchor is None or counted.anchor is None:
        return scan
    hanging = scan_of(counted.anchor, moment, registry)
    order = SIGNED_ORDER if registry.tables[counted.anchor.table].signed else ORDER
    function = {"first": "min", "last": "max"}[counted.window.anchor[1]]
    where = " AND ".join(f"({condition})" for condition in (*hanging.conditions, *hanging.live))
    anchors = (
        f"SELECT member, {function}(at) AS anchor_at, arg{function.title()}(day, {order}) AS anchor_day "
        f"FROM {hanging.source} WHERE {where}{FEW} GROUP BY member"
    )
    return Scan(f"{scan.source} INNER JOIN ({anchors}) AS anchors USING (member)", scan.conditions, scan.live)


def part_of(counted: Counted, moment: Moment, registry: Registry) -> Part:
    """Scan, row conditions and aggregate of a measure."""
    table = registry.tables[counted.event.table]
    scan = _anchored(scan_of(counted.event, moment, registry), counted, moment, registry)
    rows = [*counted.window.conditions(moment), *(filter_sql(counted.event, one, moment) for one in counted.where)]
    weight = "sign" if table.signed else None
    inside = " AND ".join(f"({filter_sql(counted.event, one, moment)})" for one in counted.measure.where)
    aggregate = counted.measure.sql(_measured(counted, moment), weight, moment, inside)
    live = table.signed and not counted.measure.additive
    return Part(scan, tuple(rows), (aggregate,), live, counted.measure.none)


def result_subject(counted: Counted, name: str) -> Subject:
    """The aggregate as something to compare."""
    if counted.measure.none == 0:
        return Subject(name, counted.type)
    return Subject(name, counted.type, f"isNotNull({name})")


def plan(leaf_: Leaf, moment: Moment, registry: Registry) -> Plan:
    """How the engine answers it."""
    did: Did = leaf_.params
    inverted = _outcome(did, did.counted.measure.none, did.other.measure.none if did.other else None, moment)
    first = part_of(did.counted, moment, registry)
    if did.other is None:
        test = did.comparison.sql(result_subject(did.counted, "{0}"), moment)
        parts: tuple[Part, ...] = (first,)
    else:
        test = _compared_sql(did)
        parts = (first, part_of(did.other, moment, registry))
    return Plan(parts, _escaped(f"NOT ({test})" if inverted else test), inverted)


def _escaped(test: str) -> str:
    """Braces of literals doubled; the placeholders stay."""
    doubled = test.replace("{", "{{").replace("}", "}}")
    return doubled.replace("{{0}}", "{0}").replace("{{1}}", "{1}")


def _compared_sql(did: Did) -> str:
    assert did.other is not None
    one, two = result_subject(did.counted, "{0}"), result_subject(did.other, "{1}")
    if did.comparison.op == "ne_or_missing":  # all for whom the two are not equal
        return f"(NOT ({_compared_sql(replace(did, comparison=replace(did.comparison, op='eq')))}))"
    sign = {"eq": "=", "ne": "!="}.get(did.comparison.op, did.comparison.op)
    if did.comparison.type == "ratio":
        test = f"toFloat64({one.sql}) {sign} toFloat64('{float(did.times)!r}') * toFloat64({two.sql})"
    else:
        times = f"toDecimal256('{did.times:f}', 9)"
        test = f"toDecimal256({one.sql}, 18) {sign} {times} * toDecimal256({two.sql}, 9)"
    return " AND ".join([*(has for has in (one.has, two.has) if has), f"ifNull({test}, 0)"])


def _outcome(did: Did, one: Any, two: Any, moment: Moment) -> bool:
    if did.other is None:
        return did.comparison.holds(one, moment)
    if one is None or two is None:
        return did.comparison.op == "ne_or_missing"
    if did.comparison.type == "ratio":
        left, right = float(one), float(did.times) * float(two)
        return Comparison(did.comparison.op, right, "ratio").holds(left, moment)
    return Comparison(did.comparison.op, did.times * Decimal(two), "plain").holds(Decimal(one), moment)


def holding(leaf_: Leaf, moment: Moment, registry: Registry, world: World) -> set[int]:
    """The same in plain Python: the members of the population for whom it holds."""
    did: Did = leaf_.params
    one = fold(did.counted, moment, world)
    two = fold(did.other, moment, world) if did.other else {}
    none_two = did.other.measure.none if did.other else None
    return {
        member
        for member in world.population(moment)
        if _outcome(did, one.get(member, did.counted.measure.none), two.get(member, none_two), moment)
    }


def fold(counted: Counted, moment: Moment, world: World) -> dict[int, Any]:
    """What each member with such events measures, in plain Python."""
    anchors = world.happenings(counted.anchor.name, moment) if counted.anchor else {}
    measured = {}
    for member, happenings in world.happenings(counted.event.name, moment).items():
        events = list(_within(counted, happenings, anchors.get(member, []), moment))
        measured[member] = counted.measure.fold(
            events, lambda happening: _value(counted, happening),
            moment, lambda happening: passes(counted.measure.where, happening, moment),
        )  # fmt: skip
    return measured


def _within(counted: Counted, happenings: Sequence[Happening], anchors: Sequence[Happening], moment: Moment) -> Any:
    anchor = None
    if anchors and counted.window.anchor:
        hung = anchors[0 if counted.window.anchor[1] == "first" else -1]
        anchor = (hung.at, hung.day)
    for happening in happenings:
        if counted.window.holds(happening.at, happening.day, moment, anchor) and passes(
            counted.where, happening, moment
        ):
            yield happening


def passes(where: Sequence[Filter], happening: Happening, moment: Moment) -> bool:
    """Whether an event fulfils all where-conditions, in plain Python."""
    return all(one.comparison.holds(typed(happening.properties.get(one.prop), one.comparison), moment) for one in where)


def typed(value: Any, comparison: Comparison) -> Any:
    """A value as the comparison sees it: of another type it is no value; presence asks for any type."""
    if isinstance(value, list):
        value = tuple(list_item(item) for item in value) or None
    if value is None or value == "":
        return None
    if comparison.op in ("exists", "missing"):
        return value
    if isinstance(value, bool) and comparison.type == "text":
        return "true" if value else "false"
    if comparison.type == "day":
        return value if comparing.is_day(value) else None
    wanted = {"text": (str, tuple), "number": (int, Decimal, float)}.get(comparison.type, (object,))
    fits = isinstance(value, wanted) and not (comparison.type == "number" and isinstance(value, bool))
    return value if fits else None


def _value(counted: Counted, happening: Happening) -> Any:
    if counted.measure.prop is None:
        return None
    value = happening.properties.get(counted.measure.prop)
    if counted.measure.word == "distinct":
        return (isinstance(value, str), value) if value not in (None, "") else None
    if counted.type == "any":  # whether there is one: in which form does not matter
        found = typed(value, Comparison("exists", None, "text"))
        return None if found is None else str(found)
    type_ = "number" if counted.measure.numeric_property() else counted.type
    return typed(value, Comparison("eq", None, type_))


def threshold(leaf_: Leaf) -> Any:
    """What is asked for, as the rule writes it."""
    did: Did = leaf_.params
    return did.comparison.value if did.other is None else {"times": float(did.times)}


def nothing(leaf_: Leaf) -> Any:
    """What a member without any such event measures."""
    did: Did = leaf_.params
    return did.counted.measure.none
