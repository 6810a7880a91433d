"""The condition in words, Chinese and English, as an operator would say it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shuke.insight.grammar.conditions.did import measures
from shuke.insight.grammar.policy import comparing
from shuke.insight.grammar.policy.comparing import Comparison

if TYPE_CHECKING:
    from shuke.insight.grammar.conditions.did.asking import Counted, Did, Filter
    from shuke.insight.grammar.policy.rules import Leaf

# How often, on how many days, how long ago: {n} is the figure, {a} and {b} the ends of a span.
_TIMES = {
    "eq": ("{n} 次", "exactly {n} times"), ">=": ("{n} 次以上", "at least {n} times"), ">": ("超过 {n} 次", "more than {n} times"),
    "<=": ("不超过 {n} 次", "at most {n} times"), "<": ("不到 {n} 次", "fewer than {n} times"),
    "between": ("{a} 到 {b} 次", "{a} to {b} times"),
}  # fmt: skip
_DAYS = {
    "eq": ("有 {n} 天", "on exactly {n} days"), ">=": ("有 {n} 天以上", "on at least {n} days"),
    ">": ("有超过 {n} 天", "on more than {n} days"), "<=": ("有不超过 {n} 天", "on at most {n} days"),
    "<": ("有不到 {n} 天", "on fewer than {n} days"), "between": ("有 {a} 到 {b} 天", "on {a} to {b} days"),
}  # fmt: skip
_AGO = {
    "eq": ("正好在 {n} 天前", "exactly {n} days ago"), "<=": ("在 {n} 天内", "within the last {n} days"),
    "<": ("不到 {n} 天", "less than {n} days ago"), ">": ("超过 {n} 天", "more than {n} days ago"),
    ">=": ("有 {n} 天以上", "at least {n} days ago"), "between": ("在 {a} 到 {b} 天前", "{a} to {b} days ago"),
}  # fmt: skip


def sentence(leaf_: Leaf) -> tuple[str, str]:
    """As an operator would say it."""
    did: Did = leaf_.params
    if did.other is None and (said := _figure_words(did.counted, did.comparison)):
        return said
    zh, en = measured_words(did.counted)
    if did.other is not None:
        other_zh, other_en = measured_words(did.other)
        sign_zh, sign_en = comparing.NUMBER_WORDS.get(did.comparison.op, comparing.WORDS[did.comparison.op])
        return f"{zh}{sign_zh}「{other_zh}」的 {did.times} 倍", f"{en} {sign_en} {did.times} × ({other_en})"
    if did.comparison.op == ">=" and did.comparison.value == 1 and did.counted.measure.word == "count":
        return plain_words(did.counted, "" if did.counted.window.raw else "曾")
    if did.counted.measure.word == "count" and did.comparison.op == "eq" and did.comparison.value == 0:
        return plain_words(did.counted, "没有", "has not ")
    if did.counted.measure.word == "share":
        said_zh, said_en = _scaled(did.comparison, 100).words(("%", "%"))
    elif _in_fen(did.counted.measure.prop) and did.counted.measure.word != "distinct":
        said_zh, said_en = _scaled(did.comparison, Decimal("0.01")).words((" 元", " yuan"))
    else:
        said_zh, said_en = did.comparison.words()
    return f"{zh}{said_zh}", f"{en} {said_en}"


def _figure_words(counted: Counted, comparison: Comparison) -> tuple[str, str] | None:
    """How often, on how many days, or how many days ago; None for anything else."""
    word, value = counted.measure.word, comparison.value
    tables = {"count": _TIMES, "days": _DAYS, "days_since_last": _AGO, "days_since_first": _AGO}
    form = tables.get(word, {}).get(comparison.op)
    if form is None or (word == "count" and (comparison.op, value) in ((">=", 1), ("eq", 0))):
        return None
    a, b = value if isinstance(value, list | tuple) else (value, value)
    one = a == b == 1
    zh, en = form[0].format(n=a, a=a, b=b), form[1].format(n=a, a=a, b=b)
    en = (
        en.replace("1 times", "once" if comparison.op == "eq" else "1 time").replace("exactly once", "once")
        if one
        else en
    )
    if word == "count":
        said_zh, said_en = plain_words(counted, after_en=en)
        return f"{said_zh}{'' if said_zh.endswith('）') else ' '}{zh}", said_en
    if word == "days":
        return plain_words(counted, zh, after_en=en)
    nth = {"days_since_last": ("最近一次", "last"), "days_since_first": ("第一次", "first")}[word]
    said_zh, said_en = plain_words(counted)
    return f"{nth[0]}{said_zh}{zh}", f"{nth[1]} {said_en} {en}"


def _in_fen(prop: str | None) -> bool:
    return (prop or "").endswith("_fen")


def _scaled(comparison: Comparison, by: int | Decimal) -> Comparison:
    """The same comparison in the unit people read."""

    def read(value: Any) -> Any:
        if isinstance(value, list):
            return [read(item) for item in value]
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            return value
        number = Decimal(str(value)) * by
        return int(number) if number == number.to_integral_value() else float(number)

    return Comparison(comparison.op, read(comparison.value), comparison.type)


def plain_words(counted: Counted, before_zh: str = "", before_en: str = "", after_en: str = "") -> tuple[str, str]:
    """Which events, with their conditions and when; how often is said before when."""
    when_zh, when_en = counted.window.words(lambda _: counted.anchor.title if counted.anchor else ("", ""))
    where_zh, where_en = _where_words(counted)
    title_zh, title_en = counted.event.title
    zh = f"{when_zh}{before_zh}{title_zh}{where_zh}"
    return zh, " ".join(one for one in (f"{before_en}{title_en}{where_en}", after_en, when_en) if one)


def _where_words(counted: Counted) -> tuple[str, str]:
    said = [_condition_words(counted, one) for one in counted.where]
    if not said:
        return "", ""
    return f"（{'且'.join(zh for zh, _ in said)}）", f" ({' and '.join(en for _, en in said)})"


def _condition_words(counted: Counted, one: Filter) -> tuple[str, str]:
    title, known = _title(counted, one.prop), counted.event.properties.get(one.prop)
    if one.comparison.op in ("exists", "missing"):
        with_zh, with_en = ("有", "with") if one.comparison.op == "exists" else ("没有", "without")
        return f"{with_zh}{title[0]}", f"{with_en} {title[1].lower()}"
    if _in_fen(one.prop):
        zh, en = _scaled(one.comparison, Decimal("0.01")).words((" 元", " yuan"))
    else:
        zh, en = one.comparison.words(called=known.words if known else {})
    return f"{title[0]}{zh}", f"{title[1].lower()} {en}"


def _title(counted: Counted, prop: str) -> tuple[str, str]:
    known = counted.event.properties.get(prop)
    return known.title if known else (prop, prop)


def measured_words(counted: Counted) -> tuple[str, str]:
    """What is measured, in words."""
    plain_zh, plain_en = plain_words(counted)
    zh, en = measures.WORDS[counted.measure.word]
    if counted.measure.word == "share":
        of_zh, of_en = _title(counted, counted.measure.prop) if counted.measure.prop else measures.WORDS["count"]
        part = [_condition_words(counted, one) for one in counted.measure.where]
        part_zh, part_en = "且".join(one for one, _ in part), " and ".join(one for _, one in part)
        return f"{plain_zh}的{of_zh}里，{part_zh}的{zh}", f"{en} of {of_en.lower()} where {part_en}: {plain_en}"
    if counted.measure.prop is None:
        return f"{plain_zh}的{zh}", f"{en}: {plain_en}" if counted.measure.word != "count" else f"times {plain_en}"
    title = _title(counted, counted.measure.prop)
    return f"{plain_zh}的{title[0]}{zh}", f"{en} {title[1].lower()}: {plain_en}"
