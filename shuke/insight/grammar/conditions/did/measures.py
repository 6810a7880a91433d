"""What is measured over a member's events: the same number as SQL and in plain Python."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shuke.insight.grammar.policy.plans import ORDER, SIGNED_ORDER
from shuke.insight.grammar.policy.rules import BadRule, fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from shuke.ground.mirror import Moment
    from shuke.insight.grammar.policy.comparing import Subject
    from shuke.insight.grammar.policy.world import Happening

WORDS = {
    "count": ("次数", "times"), "days": ("天数", "days on which"), "first_at": ("首次时间", "first time"),
    "last_at": ("最近一次时间", "last time"), "days_since_first": ("距首次天数", "days since the first"),
    "days_since_last": ("距最近一次天数", "days since the last"), "sum": ("总和", "total"), "avg": ("平均", "average"),
    "min": ("最小", "smallest"), "max": ("最大", "largest"), "distinct": ("不同个数", "distinct"),
    "mode": ("最常见的", "most frequent"), "first": ("首次的", "first"), "last": ("最近一次的", "last"),
    "share": ("占比", "share"),
}  # fmt: skip
SIMPLE = {"count", "days", "first_at", "last_at", "days_since_first", "days_since_last"}
OF_PROPERTY = {"sum", "avg", "min", "max", "distinct", "mode", "first", "last"}
_STEP = Decimal("0.000000001")
ADDITIVE = {"count", "sum", "avg", "share"}  # plain sums of signs: rows taken back cancel out


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: its word, the property it is of, and for a share the conditions of its part."""

    word: str
    prop: str | None = None
    where: tuple[Any, ...] = ()

    @property
    def additive(self) -> bool:
        """Whether rows taken back may simply be added with their sign."""
        return self.word in ADDITIVE

    @property
    def none(self) -> int | None:
        """What a member without any such event measures: 0, or nothing."""
        return 0 if self.word in ("count", "days", "sum", "distinct") else None

    def type_of(self, property_type: str) -> str:
        """The type of the result, given that of the property."""
        if self.word in ("first_at", "last_at"):
            return "instant"
        if self.word in ("avg", "share"):
            return "ratio"
        return property_type if self.word in ("min", "max", "mode", "first", "last") else "number"

    def numeric_property(self) -> bool:
        """Whether the property must be a number."""
        return self.word in ("sum", "avg", "share")

    def sql(
        self, subject: Subject | None, weight: str | None, moment: Moment, part: str = ""
    ) -> Callable[[str | None], str]:
        """The aggregate as a function of its row condition; `weight` is the sign column of a signed table."""
        value, has = (subject.sql, subject.has) if subject else ("", None)
        if self.word == "count":
            return lambda rows: _sum(weight, None, rows)
        if self.word == "sum":
            return lambda rows: _sum(weight, value, rows if subject and subject.absent == 0 else _both(rows, has))
        if self.word == "avg":
            return lambda rows: _ratio(_sum(weight, value, _both(rows, has)), _sum(weight, None, _both(rows, has)))
        if self.word == "share":
            return lambda rows: _ratio(
                _sum(weight, value or None, _both(_both(rows, has), part)),
                _sum(weight, value or None, _both(rows, has)),
            )
        if self.word in _NEAREST:
            return _NEAREST[self.word](value, has, SIGNED_ORDER if weight else ORDER)
        return _STRICT[self.word](value, has, moment)

    def fold(self, events: Sequence[Happening], value_of: Callable[[Happening], Any], moment: Moment,
             in_part: Callable[[Happening], bool]) -> Any:  # fmt: skip
        """The same over events in plain Python, oldest first; None is nothing."""
        if self.word == "count":
            return len(events)
        if self.word == "share":
            return _share(events, value_of if self.prop else lambda _: 1, in_part)
        if self.word in SIMPLE:
            return _FOLD_TIMES[self.word](events, moment)
        values = [value for event in events if (value := value_of(event)) is not None]
        return _FOLD_VALUES[self.word](values)


def _both(*conditions: str | None) -> str | None:
    given = [f"({condition})" for condition in conditions if condition]
    return " AND ".join(given) or None


def _sum(weight: str | None, value: str | None, rows: str | None) -> str:
    if value is None:
        if weight:
            return f"sumIf({weight}, {rows})" if rows else f"sum({weight})"
        return f"countIf({rows})" if rows else "count()"
    term = f"{value} * {weight}" if weight else value
    return f"sumIf({term}, {rows})" if rows else f"sum({term})"


def _ratio(part: str, whole: str) -> str:
    return f"if({whole} = 0, NULL, toFloat64({part}) / toFloat64({whole}))"


def _call(function: str, arguments: str, rows: str | None) -> str:
    return f"{function}If({arguments}, {rows})" if rows else f"{function}({arguments})"


def _extreme(function: str) -> Callable[..., Any]:
    return lambda value, has, _: lambda rows: _call(f"{function}OrNull", value, _both(rows, has))


def _nearest(function: str) -> Callable[..., Any]:
    return lambda value, has, order: lambda rows: _call(f"{function}OrNull", f"{value}, {order}", _both(rows, has))


def _mode(value: str, has: str | None, _: Moment) -> Callable[[str | None], str]:
    def made(rows: str | None) -> str:
        counted = _call("sumMap", f"[{value}], [1]", _both(rows, has))
        return (
            f"if(empty(({counted}).1), NULL, "
            f"arrayElement(({counted}).1, indexOf(({counted}).2, arrayMax(({counted}).2))))"
        )

    return made


def _since(function: str) -> Callable[..., Any]:
    def made(_: str, __: str | None, moment: Moment) -> Callable[[str | None], str]:
        today = f"toInt32(toDate('{moment.day}'))"
        return lambda rows: f"({today} - toInt32({_call(function + 'OrNull', 'day', rows)}))"

    return made


_STRICT: dict[str, Callable[..., Callable[[str | None], str]]] = {
    "days": lambda *_: lambda rows: _call("uniqExact", "day", rows),
    "first_at": lambda *_: lambda rows: _call("minOrNull", "at", rows),
    "last_at": lambda *_: lambda rows: _call("maxOrNull", "at", rows),
    "days_since_first": _since("min"),
    "days_since_last": _since("max"),
    "min": _extreme("min"),
    "max": _extreme("max"),
    "distinct": lambda value, has, _: lambda rows: _call("uniqExact", value, _both(rows, has)),
    "mode": _mode,
}
_NEAREST: dict[str, Callable[..., Callable[[str | None], str]]] = {
    "first": _nearest("argMin"),
    "last": _nearest("argMax"),
}


def _total(values: Iterable[Any]) -> Decimal:
    """A sum as the mirror adds: numbers with nine decimals, digit by digit."""
    return sum((Decimal(str(value)).quantize(_STEP) for value in values), Decimal(0))


_FOLD_TIMES: dict[str, Callable[..., Any]] = {
    "days": lambda events, _: len({event.day for event in events}),
    "first_at": lambda events, _: events[0].at if events else None,
    "last_at": lambda events, _: events[-1].at if events else None,
    "days_since_first": lambda events, m: (m.day - min(e.day for e in events)).days if events else None,
    "days_since_last": lambda events, m: (m.day - max(e.day for e in events)).days if events else None,
}
_FOLD_VALUES: dict[str, Callable[[list[Any]], Any]] = {
    "sum": _total,
    "avg": lambda values: float(_total(values)) / len(values) if values else None,
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
    "distinct": lambda values: len(set(values)),
    "mode": lambda values: min((-n, value) for value, n in Counter(values).items())[1] if values else None,
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
}


def _share(
    events: Sequence[Happening], value_of: Callable[[Happening], Any], in_part: Callable[[Happening], bool]
) -> Any:
    valued = [(event, value) for event in events if (value := value_of(event)) is not None]
    whole = _total(value for _, value in valued)
    part = _total(value for event, value in valued if in_part(event))
    return float(part) / float(whole) if whole else None


def parse(raw: Any, path: str, conditions: Callable[[Any, str], tuple[Any, ...]]) -> Measure:
    """A measure from JSON, or a refusal; `conditions` reads a where-list."""
    if raw is None:
        return Measure("count")
    if isinstance(raw, str):
        if raw not in SIMPLE:
            raise BadRule(path, f"没有「{raw}」这种度量。", f'There is no measure "{raw}".', "bad_measure")
        return Measure(raw)
    if not isinstance(raw, dict) or len(raw) != 1:
        raise BadRule(path, "度量写得不对。", "The measure is not right.", "bad_measure")
    word, of = next(iter(raw.items()))
    if word == "share":
        if not isinstance(of, dict):
            raise BadRule(path, "占比写得不对。", "The share is not right.", "bad_measure")
        fields(of, path, {"of", "where"}, set())
        if not isinstance(of["of"], str):
            raise BadRule(path, "占比的 of 是 count 或属性名。", '"of" is count or a property.', "bad_measure")
        prop = None if of["of"] == "count" else of["of"]
        return Measure("share", prop, conditions(of["where"], f"{path}.share.where"))
    if word not in OF_PROPERTY or not isinstance(of, str) or not of:
        raise BadRule(path, f"没有「{word}」这种度量。", f'There is no measure "{word}".', "bad_measure")
    return Measure(word, of)
