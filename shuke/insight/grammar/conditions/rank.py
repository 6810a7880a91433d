"""`rank`: among the best or the last by a measure, as a share or a number of members, ties included.

Ranked are members of the population (of `among`, where given) whose measure is above 0. The edge of the top p % is the
measure of the ⌈p·n⌉-th of n; values are compared as 64-bit floating numbers.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from shuke.insight.grammar.conditions.did import asking
from shuke.insight.grammar.conditions.did import words as did_words
from shuke.insight.grammar.policy.plans import Plan
from shuke.insight.grammar.policy.rules import BadRule, Leaf, fields, leaf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shuke.ground.mirror import Moment, Registry
    from shuke.insight.grammar.conditions.did.asking import Counted
    from shuke.insight.grammar.policy.rules import Node
    from shuke.insight.grammar.policy.world import World

CODE = "rank"
NAME = ("排名", "Ranked")
_SHARE = re.compile(r"^(\d{1,3}(?:\.\d{1,4})?)%$")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["rank"],
    "properties": {
        "rank": {"type": "object", "title": "By", "x-zh": "按什么排", "x-form": "measured"},
        "top": {"title": "Top", "x-zh": "前", "x-form": "share"},
        "bottom": {"title": "Bottom", "x-zh": "后", "x-form": "share"},
        "among": {"type": "object", "title": "Among", "x-zh": "范围", "x-form": "rule"},
    },
}


@dataclass(frozen=True, slots=True)
class Rank:
    """By what, from which end, how many (a number, or a share of those ranked), and among whom."""

    counted: Counted
    top: bool
    count: int | Fraction
    among: Node | None = None

    def place(self, ranked: int) -> int:
        """The place of the last who belongs, of so many ranked; 0: nobody."""
        wanted = math.ceil(self.count * ranked) if isinstance(self.count, Fraction) else self.count
        return min(wanted, ranked)

    def edge(self, values: Iterable[float]) -> float | None:
        """The measure of the last who belongs; None: nobody does."""
        best = sorted((value for value in values if value > 0), reverse=self.top)
        place = self.place(len(best))
        return best[place - 1] if place else None

    def holds(self, value: float | None, edge: float | None) -> bool:
        """Whether a measure is within the edge."""
        if value is None or edge is None or value <= 0:
            return False
        return value >= edge if self.top else value <= edge


def parse(node: dict[str, Any], path: str, registry: Registry, inner: Callable[[Any, str], Node]) -> Leaf:
    """A condition from JSON, or a refusal with its path; `inner` reads the rule that says among whom."""
    fields(node, path, {"rank"}, {"top", "bottom", "among"})
    measured = node["rank"]
    if not isinstance(measured, dict):
        raise BadRule(f"{path}.rank", "要写按什么排名。", "By what to rank is expected.", "wrong_type")
    fields(measured, f"{path}.rank", {"did"}, {"where", "window", "measure"})
    counted = asking.counted_of(measured, f"{path}.rank", registry, 0)
    if counted.type not in ("number", "ratio"):
        raise BadRule(f"{path}.rank.measure", "只能按数值排名。", "Only numbers can be ranked.", "wrong_type")
    ends = [end for end in ("top", "bottom") if end in node]
    if len(ends) != 1:
        raise BadRule(path, "写 top 或 bottom，二选一。", 'Write either "top" or "bottom".', "wrong_value")
    among = inner(node["among"], f"{path}.among") if node.get("among") is not None else None
    raw = {key: value for key, value in node.items() if value is not None}
    return leaf(CODE, raw, Rank(counted, ends[0] == "top", _count(node[ends[0]], f"{path}.{ends[0]}"), among), path)


def _count(raw: Any, path: str) -> int | Fraction:
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 < raw <= 100_000_000:
        return raw
    found = _SHARE.match(raw) if isinstance(raw, str) else None
    share = Fraction(found[1]) / 100 if found else Fraction(0)
    if not 0 < share <= 1:
        raise BadRule(
            path, "请写人数，或 20% 这样的比例。", "Write a number of members, or a share like 20%.", "wrong_value"
        )
    return share


def ranking(leaf_: Leaf, moment: Moment, registry: Registry) -> Plan:
    """What every member measures, from which the edge is found."""
    return Plan((asking.part_of(leaf_.params.counted, moment, registry),), "1")


def plan(leaf_: Leaf, moment: Moment, registry: Registry, edge: float | None) -> Plan:
    """How the engine answers it once the edge is known."""
    if edge is None:
        return Plan((asking.part_of(leaf_.params.counted, moment, registry),), "0")
    sign = ">=" if leaf_.params.top else "<="
    value = "toFloat64({0})"
    test = f"ifNull({value} > 0 AND {value} {sign} toFloat64('{edge!r}'), 0)"
    return Plan((asking.part_of(leaf_.params.counted, moment, registry),), test)


def holding(
    leaf_: Leaf, moment: Moment, _: Registry, world: World, among: Callable[[Node], set[int]]
) -> set[int]:  # fmt: skip
    """The same in plain Python; `among` gives the members of an inner rule."""
    rank: Rank = leaf_.params
    inside = world.population(moment)
    ranked = inside if rank.among is None else inside & among(rank.among)
    measured = asking.fold(rank.counted, moment, world)
    values = {member: float(value) for member, value in measured.items() if value is not None and member in inside}
    edge = rank.edge(value for member, value in values.items() if member in ranked)
    return {member for member in ranked if rank.holds(values.get(member), edge)}


def sentence(leaf_: Leaf, inner: Callable[[Node], tuple[str, str]] | None = None) -> tuple[str, str]:
    """As an operator would say it."""
    rank: Rank = leaf_.params
    zh, en = did_words.measured_words(rank.counted)
    end_zh, end_en = ("前", "top") if rank.top else ("后", "bottom")
    if isinstance(rank.count, Fraction):
        share = f"{float(rank.count * 100):g}%"
        count_zh, count_en = f" {share}", share
    else:
        count_zh, count_en = f" {rank.count} 名", str(rank.count)
    said_zh, said_en = f"{zh}排在{end_zh}{count_zh}", f"{end_en} {count_en} by {en}"
    if rank.among is None or inner is None:
        return said_zh, said_en
    among_zh, among_en = inner(rank.among)
    return f"在（{among_zh}）的会员中，{said_zh}", f"{said_en} among those who: {among_en}"


def threshold(leaf_: Leaf) -> Any:
    """What is asked for, as the rule writes it."""
    rank: Rank = leaf_.params
    return f"{float(rank.count * 100):g}%" if isinstance(rank.count, Fraction) else rank.count


def nothing(leaf_: Leaf) -> Any:
    """What a member without any such event measures."""
    return leaf_.params.counted.measure.none
