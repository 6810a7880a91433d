"""The steps as they are written, refused and said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.insight.grammar.conditions.did import asking
from shuke.insight.grammar.conditions.did import words as did_words
from shuke.insight.grammar.policy import windows
from shuke.insight.grammar.policy.rules import BadRule, Leaf, fields, leaf

if TYPE_CHECKING:
    from shuke.ground.mirror import Duration, Registry
    from shuke.insight.grammar.conditions.did.asking import Counted
    from shuke.insight.grammar.policy.windows import Window

CODE = "sequence"
NAME = ("先后做过", "Did in order")
MODES = {
    "relaxed": ("中间可以有别的", "others may come between"),
    "strict": ("中间没有别的", "nothing between"),
    "no_repeat": ("中间不重复任何一步", "no step done again between"),
}
MOST = 8
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["sequence"],
    "properties": {
        "sequence": {"type": "array", "title": "Steps", "x-zh": "步骤", "x-form": "steps", "minItems": 2, "maxItems": MOST},
        "within": {"type": "string", "title": "Within", "x-zh": "多久之内", "x-form": "duration"},
        "mode": {"type": "string", "title": "Mode", "x-zh": "中间", "enum": list(MODES), "default": "relaxed"},
        "window": {"type": "object", "title": "When", "x-zh": "时间范围", "x-form": "window"},
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One step: which events, equal in what to the first step's, and how soon after the step before."""

    counted: Counted
    same: tuple[str, ...] = ()
    within: Duration | None = None


@dataclass(frozen=True, slots=True)
class Sequence:
    """Steps, what must not follow them, the time from the first to the last, what may stand between, and when."""

    steps: tuple[Step, ...]
    absent: Step | None
    within: Duration | None
    mode: str
    window: Window

    @property
    def asked(self) -> tuple[Step, ...]:
        """All events that are read: the steps, then what must not follow."""
        return self.steps if self.absent is None else (*self.steps, self.absent)

    @property
    def same(self) -> tuple[str, ...]:
        """All properties that are compared with the first step's."""
        return tuple(dict.fromkeys(prop for step in self.asked for prop in step.same))


def parse(node: dict[str, Any], path: str, registry: Registry) -> Leaf:
    """A condition from JSON, or a refusal with its path."""
    fields(node, path, {"sequence"}, {"within", "mode", "window"})
    listed = node["sequence"]
    if not isinstance(listed, list) or not 2 <= len(listed) <= MOST:
        raise BadRule(
            f"{path}.sequence", f"先后步骤要有 2 到 {MOST} 步。", f"A sequence has 2 to {MOST} steps.", "wrong_value"
        )
    mode = node.get("mode") or "relaxed"
    if mode not in MODES:
        raise BadRule(f"{path}.mode", "没有这种方式。", f"Known modes: {', '.join(MODES)}.", "wrong_value")
    window = windows.parse(node.get("window"), f"{path}.window")
    if window.anchor is not None:
        raise BadRule(
            f"{path}.window", "这里不能用跟着某个行为的时间范围。", "This window does not fit here.", "bad_window"
        )
    steps, absent = [], None
    for n, raw in enumerate(listed):
        place = f"{path}.sequence[{n}]"
        step, negative = _step(raw, place, registry, n == 0)
        if negative and n != len(listed) - 1:
            raise BadRule(place, "只有最后一步可以是“没有”。", 'Only the last step can be a "not".', "wrong_value")
        absent = step if negative else None
        if not negative:
            steps.append(step)
    within = windows.duration(node["within"], f"{path}.within") if node.get("within") is not None else None
    written = {key: value for key, value in node.items() if value is not None}
    return leaf(CODE, written, Sequence(tuple(steps), absent, within, mode, window), path)


def _step(raw: Any, path: str, registry: Registry, first: bool) -> tuple[Step, bool]:
    if not isinstance(raw, dict):
        raise BadRule(path, "这里应当是一个步骤。", "A step is expected here.", "not_a_condition")
    negative = "not" in raw
    fields(raw, path, {"not", "within"} if negative else {"did"}, {"same"} if negative else {"where", "same", "within"})
    inner = raw["not"] if negative else {key: raw[key] for key in ("did", "where") if key in raw}
    if not isinstance(inner, dict):
        raise BadRule(path, "这里应当是一个行为。", "An event is expected here.", "not_a_condition")
    fields(inner, path, {"did"}, {"where"})
    if first and (negative or "same" in raw or "within" in raw):
        raise BadRule(path, "第一步只写做了什么。", "The first step only says what was done.", "unknown_field")
    same = raw.get("same") or []
    if not isinstance(same, list) or not all(isinstance(prop, str) and prop for prop in same):
        raise BadRule(f"{path}.same", "same 是一组属性名。", '"same" is a list of properties.', "wrong_type")
    counted = asking.counted_of(inner, path, registry, 0)
    if part := _part_meant(counted, same, path, registry):
        inner = inner | {"did": part}
        counted = asking.counted_of(inner, path, registry, 0)
    for prop in same:
        asking.counted_of(inner | {"measure": {"distinct": prop}}, path, registry, 0)
    within = windows.duration(raw["within"], f"{path}.within") if "within" in raw else None
    return Step(counted, tuple(same), within), negative


def _part_meant(counted: Counted, same: list[str], path: str, registry: Registry) -> str:
    """The parts that are looked at instead: "ordered the same sku" is about the lines of an order. Empty: the event itself."""
    event = counted.event
    part = registry.event(event.parts) if event.parts else event
    if part is event or not any(prop in part.properties and prop not in event.properties for prop in same):
        return ""
    for n, one in enumerate(counted.where):
        if event.properties.get(one.prop) is not part.properties.get(one.prop):  # its own, though of the same name
            raise BadRule(
                f"{path}.where[{n}]", f"按明细比较时不能再看整单的「{one.prop}」。",
                f'"{one.prop}" is of the whole; beside "same" only what each part has too can be asked.', "unknown_property",
            )  # fmt: skip
    return event.parts


def sentence(leaf_: Leaf) -> tuple[str, str]:
    """As an operator would say it."""
    made: Sequence = leaf_.params
    raw = _raw(leaf_)
    zh, en = [], []
    for n, step in enumerate(made.steps):
        said_zh, said_en = did_words.plain_words(step.counted)
        soon_zh, soon_en = _soon(raw["sequence"][n], step)
        zh.append(f"{'先' if n == 0 else '再'}{soon_zh}{said_zh}")
        en.append(f"{'' if n == 0 else 'then '}{said_en}{soon_en}")
    if made.absent is not None:
        said_zh, said_en = did_words.plain_words(made.absent.counted)
        soon_zh, soon_en = _soon(raw["sequence"][-1], made.absent)
        zh.append(f"之后{soon_zh}没有{said_zh}")
        en.append(f"then not {said_en}{soon_en}")
    when_zh, when_en = made.window.words(lambda _: ("", ""))
    whole_zh, whole_en = ("", "")
    if made.within is not None:
        length_zh, length_en = windows.duration(raw["within"], "").words()
        whole_zh, whole_en = f"（全程 {length_zh}内）", f" (all within {length_en})"
    mode_zh, mode_en = MODES[made.mode] if made.mode != "relaxed" else ("", "")
    tail_zh, tail_en = (f"，{mode_zh}", f", {mode_en}") if mode_zh else ("", "")
    return (
        f"{when_zh}{'，'.join(zh)}{whole_zh}{tail_zh}",
        f"{', '.join(en)}{whole_en}{tail_en}{' ' if when_en else ''}{when_en}",
    )


def _raw(leaf_: Leaf) -> Any:
    return msgspec.json.decode(leaf_.written)


def _soon(raw: dict[str, Any], step: Step) -> tuple[str, str]:
    zh, en = windows.duration(raw["within"], "").words() if "within" in raw else ("", "")
    same_zh = f"对同一{'、'.join(_title(step, prop)[0] for prop in step.same)}" if step.same else ""
    same_en = f" of the same {' and '.join(_title(step, prop)[1].lower() for prop in step.same)}" if step.same else ""
    return f"{f'在 {zh}内' if zh else ''}{same_zh}", f"{same_en}{f' within {en}' if en else ''}"


def _title(step: Step, prop: str) -> tuple[str, str]:
    known = step.counted.event.properties.get(prop)
    return known.title if known and known.title[0] else (prop, prop)


def threshold(leaf_: Leaf) -> Any:
    """How many steps are asked for."""
    return len(leaf_.params.asked)


def nothing(_: Leaf) -> Any:
    """What a member without any such event measures: no step."""
    return 0
