"""Comparing a value with what the rule says: the same answer as SQL and in plain Python."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shuke.ground.mirror import LIST_MARK, Duration, decimal_literal, instant_literal, list_item, quote
from shuke.insight.grammar.policy import windows
from shuke.insight.grammar.policy.rules import BadRule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shuke.ground.mirror import Moment

ORDERED = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}
PLAIN = {"eq", "ne", "ne_or_missing", "in", "not_in", "exists", "missing", "between", *ORDERED}
OPS = {
    "text": PLAIN | {"contains", "starts_with"},
    "number": PLAIN,
    "ratio": PLAIN,
    "instant": PLAIN | {"anniversary_within"},
    "day": PLAIN | {"anniversary_within"},
    "flag": {"eq", "ne", "ne_or_missing", "exists", "missing"},
}
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}")
_DAY_SQL = r"^\\d{4}-\\d{2}-\\d{2}"

WORDS = {
    "eq": ("是", "is"), "ne": ("不是", "is not"), "ne_or_missing": ("不是（或没有）", "is not, or is missing"),
    "in": ("是其中之一", "is one of"), "not_in": ("不是其中任何一个", "is none of"), "<": ("小于", "<"),
    "<=": ("不超过", "≤"), ">": ("大于", ">"), ">=": ("至少", "≥"), "between": ("介于", "is between"),
    "contains": ("包含", "contains"), "starts_with": ("开头是", "starts with"), "exists": ("有值", "is known"),
    "missing": ("没有值", "is missing"), "anniversary_within": ("的周年日在未来", "has its anniversary within"),
}  # fmt: skip
_NO_WORDS: Mapping[Any, tuple[str, str]] = {}
NUMBER_WORDS = {"eq": ("等于", "="), "ne": ("不等于", "≠"), "between": ("介于", "between")}
TIME_WORDS = {
    "<": ("早于", "before"), "<=": ("不晚于", "on or before"), ">": ("晚于", "after"), ">=": ("不早于", "on or after"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """What is compared, as SQL: a value, its type, and when it has one (None: always)."""

    sql: str
    type: str
    has: str | None = None
    listed: bool = False  # a text that may be a list
    absent: Any = None  # what the SQL gives where there is no value; None: NULL


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operator with its value in normal form."""

    op: str
    value: Any
    type: str

    def sql(self, subject: Subject, moment: Moment) -> str:
        """A condition that is 1 or 0, never NULL."""
        has = f"match({subject.sql}, '{_DAY_SQL}')" if subject.type == "day" else subject.has
        if self.op == "exists":
            return has or "1"
        if self.op == "missing":
            return f"(NOT {has})" if has else "0"
        test = _SQL[subject.type](self, subject, moment)
        if self.op == "ne_or_missing":
            return f"(NOT {has} OR {test})" if has else test
        return f"({has} AND {test})" if has and self._needs_has(subject) else test

    def _needs_has(self, subject: Subject) -> bool:
        """Whether the stand-in for no value would pass the test by itself."""
        if subject.absent is None or subject.type not in ("text", "number"):
            return True
        return _plain_holds(self.op, subject.absent, python_value(self.value, subject.type))

    def holds(self, value: Any, moment: Moment) -> bool:
        """The same over a Python value; None is no value."""
        if value is None:
            return self.op in ("missing", "ne_or_missing")
        if self.op in ("exists", "missing"):
            return self.op == "exists"
        if self.type in ("instant", "day"):
            return _time_holds(self, value, moment)
        if isinstance(value, tuple):
            return _list_holds(self, value)
        return _plain_holds(self.op, value, python_value(self.value, self.type))

    def words(
        self, unit: tuple[str, str] = ("", ""), called: Mapping[Any, tuple[str, str]] = _NO_WORDS
    ) -> tuple[str, str]:
        """As people say it; `called` says the values that are codes."""
        zh, en = WORDS[self.op]
        if self.type in ("number", "ratio"):
            zh, en = NUMBER_WORDS.get(self.op, (zh, en))
        elif self.type in ("instant", "day"):
            zh, en = TIME_WORDS.get(self.op, (zh, en))
        if self.op in ("exists", "missing"):
            return zh, en
        if self.op == "between":
            (low_zh, low_en), (high_zh, high_en) = (_said(value, called) for value in self.value)
            return f"{zh} {low_zh} 到 {high_zh}{unit[0]}", f"{en} {low_en} and {high_en}{unit[1]}"
        if isinstance(self.value, list):
            listed = [_said(value, called) for value in self.value]
            return f"{zh} {'、'.join(z for z, _ in listed)}", f"{en} {', '.join(e for _, e in listed)}"
        value_zh, value_en = _said(self.value, called)
        tail = "内" if self.op == "anniversary_within" else ""
        return f"{zh} {value_zh}{unit[0]}{tail}", f"{en} {value_en}{unit[1]}"


def _said(value: Any, called: Mapping[Any, tuple[str, str]] = _NO_WORDS) -> tuple[str, str]:
    if isinstance(value, str | int) and value in called:
        return called[value]
    if isinstance(value, dict):
        zh, en = Duration.parse(value["ago"]).words()
        return f"{zh}前", f"{en} ago"
    if isinstance(value, bool):
        return ("是", "true") if value else ("否", "false")
    if isinstance(value, str):
        try:
            zh, en = Duration.parse(value).words()
        except ValueError:
            return value, value
        return zh, en
    return f"{value:,}" if isinstance(value, int) else str(value), str(value)


def python_value(value: Any, type_: str) -> Any:
    """A literal of a rule as the value it is compared with; numbers exact, ratios as floats."""
    if isinstance(value, list):
        return [python_value(item, type_) for item in value]
    if isinstance(value, bool):
        return value
    if type_ == "number" and isinstance(value, int | float):
        return Decimal(str(value))
    if type_ == "ratio":
        return float(value)
    return value


def literal_type(value: Any) -> str:
    """The type that a literal asks for where the declaration leaves it open."""
    if isinstance(value, list):
        types = [literal_type(item) for item in value] or ["text"]
        return "day" if "day" in types else types[0]
    if isinstance(value, bool):
        return "text"
    if isinstance(value, int | float):
        return "number"
    return "day" if isinstance(value, dict) else "text"


def parse(op: Any, value: Any, declared: str, path: str) -> Comparison:
    """An operator and its value for a subject of that type (`any`: as the literal says), or a refusal."""
    if not isinstance(op, str) or op not in WORDS:
        raise BadRule(f"{path}.op", f"没有「{op}」这种比较。", f'There is no operator "{op}".', "unknown_op")
    if op in ("exists", "missing"):
        return Comparison(op, None, "text" if declared == "any" else declared)
    type_ = declared
    if declared == "any":
        type_ = "day" if op == "anniversary_within" else literal_type(value)
        value = _flags_as_text(value)
    if op not in OPS[type_]:
        raise BadRule(
            f"{path}.op", f"这种值不能用「{op}」比较。", f'"{op}" does not fit a value of type {type_}.', "wrong_op"
        )
    return Comparison(op, _operand(op, value, type_, f"{path}.value"), type_)


def _flags_as_text(value: Any) -> Any:
    if isinstance(value, list):
        return [_flags_as_text(item) for item in value]
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value


def _operand(op: str, value: Any, type_: str, path: str) -> Any:
    if op in ("in", "not_in", "between"):
        if not isinstance(value, list) or not value or (op == "between" and len(value) != 2):
            raise BadRule(path, f"「{op}」后面要写一组值。", f'"{op}" takes a list of values.', "wrong_value")
        return [_one(item, type_, f"{path}[{n}]") for n, item in enumerate(value)]
    if op == "anniversary_within":
        if windows.duration(value, path).days is None:
            raise BadRule(path, "周年日按天计算，请写 7d。", "Anniversaries count in days: write 7d.", "wrong_value")
        return value
    return _one(value, type_, path)


def _one(value: Any, type_: str, path: str) -> Any:
    if type_ in ("number", "ratio"):
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) >= 10**28:
            raise BadRule(path, "这里要写一个数。", "A number is expected here.", "wrong_type")
        return value
    if type_ == "flag":
        if not isinstance(value, bool):
            raise BadRule(path, "这里只能写 true 或 false。", "True or false is expected here.", "wrong_type")
        return value
    if type_ in ("instant", "day"):
        if isinstance(value, dict):
            if set(value) != {"ago"}:
                raise BadRule(path, '请写成 {"ago": "30d"}。', 'Write {"ago": "30d"}.', "wrong_value")
            windows.duration(value["ago"], path)
            return value
        return windows.instant(value, path)
    if not isinstance(value, str):
        raise BadRule(path, "这里要写文字。", "A text is expected here.", "wrong_type")
    return value


def is_day(value: Any) -> bool:
    """Whether a text begins with a date; as a date, any other is no value."""
    return isinstance(value, str) and _DAY.match(value) is not None


def _plain_holds(op: str, value: Any, wanted: Any) -> bool:
    if op in ("ne", "ne_or_missing"):
        return value != wanted
    if op in ("in", "not_in"):
        return (value in wanted) == (op == "in")
    if op == "between":
        return wanted[0] <= value <= wanted[1]
    if op == "contains":
        return wanted in value
    if op == "starts_with":
        return value.startswith(wanted)
    return {
        "eq": value == wanted, "<": value < wanted, "<=": value <= wanted, ">": value > wanted, ">=": value >= wanted,
    }[op]  # fmt: skip


def _list_holds(comparison: Comparison, items: tuple[str, ...]) -> bool:
    wanted = [list_item(value) for value in _many(comparison.value)]
    found = any(value in items for value in wanted)
    if comparison.op in ("eq", "in", "contains"):
        return found
    return not found if comparison.op in ("ne", "ne_or_missing", "not_in") else False


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _in_list_sql(sql: str, values: list[Any]) -> str:
    found = " OR ".join(f"position({sql}, {quote(LIST_MARK + list_item(v) + LIST_MARK)}) > 0" for v in values)
    return f"(startsWith({sql}, {quote(LIST_MARK)}) AND ({found}))"


def _text_sql(comparison: Comparison, subject: Subject, _: Moment) -> str:
    op, sql, value = comparison.op, subject.sql, comparison.value
    if op in ("in", "not_in", "eq", "ne", "ne_or_missing"):
        listed = _many(value)
        equal = (
            f"{sql} = {quote(listed[0])}"
            if len(listed) == 1
            else f"{sql} IN ({', '.join(quote(item) for item in listed)})"
        )
        if subject.listed:
            equal = f"({equal} OR {_in_list_sql(sql, listed)})"
        return equal if op in ("in", "eq") else f"(NOT {equal})"
    if op == "contains":
        test = f"position({sql}, {quote(value)}) > 0"
    elif op == "starts_with":
        test = f"startsWith({sql}, {quote(value)})"
    elif op == "between":
        test = f"({sql} >= {quote(value[0])} AND {sql} <= {quote(value[1])})"
    else:
        test = f"{sql} {op} {quote(value)}"
    if not subject.listed:
        return test
    plain = f"(NOT startsWith({sql}, {quote(LIST_MARK)}) AND {test})"
    return f"({plain} OR {_in_list_sql(sql, [value])})" if op == "contains" else plain


def number_literal(value: Any) -> str:
    """A number as SQL, exact."""
    number = Decimal(str(value))
    whole = number == number.to_integral_value() and abs(number) < 2**62
    return str(int(number)) if whole else decimal_literal(number)


def _number_sql(comparison: Comparison, subject: Subject, _: Moment) -> str:
    def literal(value: Any) -> str:
        return f"toFloat64('{float(value)!r}')" if subject.type == "ratio" else number_literal(value)

    op, sql, value = comparison.op, subject.sql, comparison.value
    if op == "between":
        return f"({sql} >= {literal(value[0])} AND {sql} <= {literal(value[1])})"
    if op in ("in", "not_in"):
        found = "(" + " OR ".join(f"{sql} = {literal(item)}" for item in value) + ")"
        return found if op == "in" else f"(NOT {found})"
    sign = {"eq": "=", "ne": "!=", "ne_or_missing": "!="}.get(op, op)
    return f"{sql} {sign} {literal(value)}"


def _flag_sql(comparison: Comparison, subject: Subject, _: Moment) -> str:
    wanted = comparison.value == (comparison.op == "eq")
    return f"({subject.sql})" if wanted else f"(NOT ({subject.sql}))"


def _edges(value: Any, moment: Moment) -> date | datetime:
    """The date or the instant that a literal names."""
    if not isinstance(value, dict):
        return moment.local(value)
    length = Duration.parse(value["ago"])
    if length.days is None:
        return moment.as_of - length.delta
    return moment.day - timedelta(days=length.days)


def _time_span(edge: date | datetime, moment: Moment, type_: str) -> tuple[Any, Any]:
    """First and last point that count as equal to the literal, in the subject's own terms (last exclusive for dates)."""
    if type_ == "day":
        day = moment.date_of(edge) if isinstance(edge, datetime) else edge
        return day, day + timedelta(days=1)
    if isinstance(edge, datetime):
        return edge, edge + timedelta(microseconds=1)
    return moment.starts(edge), moment.starts(edge + timedelta(days=1))


def _anniversaries(comparison: Comparison, moment: Moment) -> list[str]:
    length = Duration.parse(comparison.value).days or 0
    found: dict[str, None] = {}
    for n in range(min(length, 366)):
        day = moment.day + timedelta(days=n)
        found[f"{day:%m-%d}"] = None
        leap = (day + timedelta(days=1)).day == 29
        if (day.month, day.day) == (2, 28) and not leap:
            found["02-29"] = None
    return list(found)


def _time_holds(comparison: Comparison, value: Any, moment: Moment) -> bool:
    type_, op = comparison.type, comparison.op
    if type_ == "day":
        value = value[:10]
    if op == "anniversary_within":
        day = value if type_ == "day" else moment.date_of(value).isoformat()
        return day[5:] in _anniversaries(comparison, moment) and day < moment.day.isoformat()
    spans = [_time_span(_edges(literal, moment), moment, type_) for literal in _many(comparison.value)]
    if type_ == "day":
        spans = [(low.isoformat(), high.isoformat()) for low, high in spans]
    return _span_holds(op, value, spans)


def _span_holds(op: str, value: Any, spans: list[tuple[Any, Any]]) -> bool:
    (first, end), equal = spans[0], any(low <= value < high for low, high in spans)
    if op in ("eq", "in"):
        return equal
    if op in ("ne", "ne_or_missing", "not_in"):
        return not equal
    if op == "between":
        return first <= value < spans[1][1]
    return {"<": value < first, "<=": value < end, ">": value >= end, ">=": value >= first}[op]


def _time_sql(comparison: Comparison, subject: Subject, moment: Moment) -> str:
    type_, op = subject.type, comparison.op
    if type_ == "day":
        sql = f"substring({subject.sql}, 1, 10)"
        test = _anniversary_sql(comparison, f"substring({sql}, 6, 5)", f"{sql} < '{moment.day}'", moment)
        return test or _span_sql(comparison, sql, moment, type_)
    if op == "anniversary_within":
        local = f"toTimeZone({subject.sql} - INTERVAL {moment.day_start_minutes} MINUTE, {quote(moment.zone)})"
        before = f"{subject.sql} < {instant_literal(moment.starts(moment.day))}"
        return _anniversary_sql(comparison, f"formatDateTime({local}, '%m-%d')", before, moment) or "0"
    return _span_sql(comparison, subject.sql, moment, type_)


def _anniversary_sql(comparison: Comparison, month_day: str, before: str, moment: Moment) -> str | None:
    if comparison.op != "anniversary_within":
        return None
    listed = ", ".join(quote(text) for text in _anniversaries(comparison, moment))
    return f"({month_day} IN ({listed}) AND {before})"


def _span_sql(comparison: Comparison, sql: str, moment: Moment, type_: str) -> str:
    def literal(edge: Any) -> str:
        return quote(edge.isoformat()) if type_ == "day" else instant_literal(edge)

    spans = [_time_span(_edges(value, moment), moment, type_) for value in _many(comparison.value)]
    (first, end), op = spans[0], comparison.op
    equal = " OR ".join(f"({sql} >= {literal(low)} AND {sql} < {literal(high)})" for low, high in spans)
    if op in ("eq", "in"):
        return f"({equal})"
    if op in ("ne", "ne_or_missing", "not_in"):
        return f"(NOT ({equal}))"
    if op == "between":
        return f"({sql} >= {literal(first)} AND {sql} < {literal(spans[1][1])})"
    return {
        "<": f"{sql} < {literal(first)}", "<=": f"{sql} < {literal(end)}",
        ">": f"{sql} >= {literal(end)}", ">=": f"{sql} >= {literal(first)}",
    }[op]  # fmt: skip


_SQL = {
    "text": _text_sql, "number": _number_sql, "ratio": _number_sql, "flag": _flag_sql, "instant": _time_sql,
    "day": _time_sql,
}  # fmt: skip
