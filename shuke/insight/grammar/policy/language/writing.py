"""From the JSON of a rule to its text, one condition a line."""

from __future__ import annotations

from typing import Any

from shuke.insight.grammar.policy.language.words import BARE, LENGTH, OPS, literal, named
from shuke.insight.grammar.policy.rules import BadRule

WIDTH = 88


def write(rule: Any) -> str:
    """The text of a rule; refuses `BadRule` where the JSON is none."""
    return _node(rule, "", top=True)


def _node(node: Any, indent: str, top: bool = False) -> str:
    if not isinstance(node, dict) or not node:
        raise BadRule("$", "这里应当是一个条件。", "A condition is expected here.", "not_a_condition")
    for word, joiner in (("all", "and"), ("any", "or")):
        if word in node:
            return _group(word, joiner, node[word], indent, top)
    if "not" in node:
        return f"not {_node(node['not'], indent)}"
    return _leaf({key: value for key, value in node.items() if value is not None}, indent)


def _group(word: str, joiner: str, parts: Any, indent: str, top: bool) -> str:
    if not isinstance(parts, list) or not parts:
        raise BadRule("$", "空的条件组没有意义，请加一个条件。", "An empty group means nothing.", "empty_group")
    if len(parts) == 1:
        return f"{word}({_node(parts[0], indent)})"
    inner = indent if top else indent + "  "
    told = [_node(part, inner) for part in parts]
    line = f" {joiner} ".join(told)
    short = len(line) + len(indent) <= WIDTH and "\n" not in line and not top
    body = line if short else f"\n{inner}{joiner} ".join(told)
    return body if top else f"({body})"


def _leaf(leaf: dict[str, Any], indent: str) -> str:
    for word, form in _FORMS.items():
        if word in leaf:
            return form(leaf, indent)
    raise BadRule("$", f"不认识这种条件（{', '.join(leaf)}）。", "Unknown condition.", "unknown_condition")


def _only(leaf: dict[str, Any], *known: str) -> None:
    extra = sorted(set(leaf) - set(known))
    if extra:
        raise BadRule(
            "$", f"不认识的字段：{', '.join(extra)}。", f"Unknown field: {', '.join(extra)}.", "unknown_field"
        )


def _compared(node: dict[str, Any]) -> str:
    if "op" not in node:
        return ""
    op = OPS.get(node["op"], str(node["op"]))
    if node["op"] in BARE or "value" not in node:
        return op
    value = node["value"]
    if isinstance(value, dict) and "of" in value:
        times = f"{literal(value['times'])} " if "times" in value else ""
        return f"{op} {times}of ({_did(value['of'], '')})"
    shown = value if node["op"] == "anniversary_within" and LENGTH.match(str(value)) else literal(value)
    return f"{op} {shown}"


def _attr(leaf: dict[str, Any], _: str) -> str:
    _only(leaf, "attr", "args", "op", "value")
    args = leaf.get("args")
    told = (
        f"({', '.join(f'{named(key)}: {literal(value)}' for key, value in args.items())})" if args is not None else ""
    )
    return f"{named(leaf['attr'])}{told} {_compared(leaf)}"


def _where(node: dict[str, Any]) -> str:
    if "where" not in node:
        return ""
    told = ", ".join(f"{named(one['prop'])} {_compared(one)}" for one in node["where"])
    return f" where ({told})"


def _window(raw: dict[str, Any] | None) -> str:
    if raw is None:
        return ""
    if "last" in raw:
        return f" last {raw['last']}"
    if "between" in raw:
        return f" from {raw['between'][0]} to {raw['between'][1]} ago"
    if "calendar" in raw:
        return f" during {named(raw['calendar'])}"
    if "within" in raw:
        return f" within {raw['within']} after {raw['after']} {named(raw['did'])}"
    since = f" since {literal(raw['from'])}" if "from" in raw else ""
    return since + (f" until {literal(raw['to'])}" if "to" in raw else "")


def _measure(measure: Any) -> str:
    if isinstance(measure, str):
        return named(measure)
    word, of = next(iter(measure.items()))
    if word == "share":
        return f"share({named(of['of'])}{_where(of)})"
    return f"{word if word in ('first', 'last') else named(word)}({named(of)})"


def _did(leaf: dict[str, Any], _: str) -> str:
    _only(leaf, "did", "where", "window", "measure", "op", "value")
    told = f"did {named(leaf['did'])}{_where(leaf)}{_window(leaf.get('window'))}"
    measured = " ".join(
        part for part in (_measure(leaf["measure"]) if "measure" in leaf else "", _compared(leaf)) if part
    )
    return f"{told} : {measured}" if measured else told


def _step(step: dict[str, Any]) -> str:
    event = step.get("not", step)
    same = f" same ({', '.join(named(prop) for prop in step['same'])})" if "same" in step else ""
    soon = f" within {step['within']}" if "within" in step else ""
    return f"{'not ' if 'not' in step else ''}{named(event['did'])}{_where(event)}{same}{soon}"


def _sequence(leaf: dict[str, Any], indent: str) -> str:
    _only(leaf, "sequence", "within", "mode", "window")
    steps = [_step(step) for step in leaf["sequence"]]
    line = " then ".join(steps)
    if len(line) + len(indent) > WIDTH:
        line = f"\n{indent}  then ".join(steps)
    within = f" within {leaf['within']}" if "within" in leaf else ""
    mode = f" mode {named(leaf['mode'])}" if "mode" in leaf else ""
    return f"sequence({line}){within}{mode}{_window(leaf.get('window'))}"


def _rank(leaf: dict[str, Any], indent: str) -> str:
    _only(leaf, "rank", "top", "bottom", "among")
    end = "top" if "top" in leaf else "bottom"
    among = f" among ({_node(leaf['among'], indent + '  ')})" if "among" in leaf else ""
    return f"{end} {leaf.get(end, '')} by ({_did(leaf['rank'], indent)}){among}"


def _bucket(leaf: dict[str, Any], _: str) -> str:
    raw = leaf["bucket"]
    return f"bucket {literal(raw['salt'])} {literal(raw['from'])} to {literal(raw['to'])}"


def _by_slug(word: str) -> Any:
    return lambda leaf, _: f"{word} {literal(leaf[word])}"


_FORMS: dict[str, Any] = {
    "attr": _attr, "did": _did, "sequence": _sequence, "rank": _rank, "bucket": _bucket, "segment": _by_slug("segment"),
    "list": _by_slug("list"), "tag": _by_slug("tag"),
}  # fmt: skip
