"""When the points of a rule can be used: at once, some time later, or once an action is confirmed; and until when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from shuke.kit import durations, errors
from shuke.kit.kinds import Sentence

_WHEN = {
    "at_once": ("马上", "At once"), "after": ("过一段时间", "After a while"), "action": ("确认之后", "Once confirmed"),
}  # fmt: skip
_LATE = {"lapse": ("作废", "They lapse"), "due": ("照样生效", "They become usable")}
_SINCE = {"earning": ("得到积分时", "When they are earned"), "use": ("能用的时候", "When they become usable")}


def _asked(zh: str, en: str, *, labels: Any = None, when: tuple[str, ...] = (), **shown: Any) -> Meta:
    told: dict[str, Any] = {"x-zh": zh, "x-en": en} | shown
    told |= {"x-labels": {key: {"zh": z, "en": e} for key, (z, e) in labels.items()}} if labels else {}
    told |= {"x-when": {"when": list(when)}} if when else {}
    return Meta(title=en, extra_json_schema=told)


class Use(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the points can be used. `wait`: how long (after), or the time limit in which the action is to be confirmed."""

    when: Annotated[Literal["at_once", "after", "action"], _asked("什么时候能用", "Usable", labels=_WHEN)] = "at_once"
    wait: Annotated[
        str,
        _asked(
            "等多久（或多久内确认）", "Wait (or confirm within)", when=("after", "action"), **{"x-unit": "duration"}
        ),
    ] = "7D"
    action: Annotated[
        str, _asked("确认什么", "What is confirmed", when=("action",)), Meta(min_length=1, max_length=20)
    ] = "确认收货"
    unconfirmed: Annotated[
        Literal["lapse", "due"], _asked("到期没确认", "Not confirmed in time", labels=_LATE, when=("action",))
    ] = "lapse"
    valid_since: Annotated[
        Literal["earning", "use"], _asked("有效期从", "Valid from", labels=_SINCE, when=("after", "action"))
    ] = "earning"


AT_ONCE = Use()


class EndsBeforeUse(errors.Refused):
    """The points would run out before they can be used."""

    code = "ends_before_use"
    http_status = 422
    zh = "积分还没能用就过期了。"
    cure = "Let them be valid for longer, wait for less, or count the validity from when they become usable."
    cure_zh = "请把有效期改长、等待改短，或者从能用的时候起算有效期。"


class NeverUsable(errors.Refused):
    """Points that wait need an end of the waiting."""

    code = "never_usable"
    http_status = 422
    zh = "等待生效的积分要有一个期限。"
    cure = "Say how long, such as 7 days."
    cure_zh = "请写等多久，例如 7 天。"


class Life(NamedTuple):
    """From when to when points can be used; `waits` is kept with the reason of the award, None for at once.

    Points that lapse unless an action is confirmed have an empty life: they end when they would begin.
    """

    active_from: datetime | None
    expires_at: datetime | None
    waits: dict[str, Any] | None = None


def life(use: Use, validity: str, occurred_at: datetime, zone: str, *, history: bool = False) -> Life:
    """The life of points earned at `occurred_at` that are valid for `validity`; in history the action has happened."""
    if use.when == "at_once" or (history and use.when == "action"):
        return Life(None, durations.end(validity, occurred_at, zone))
    due = durations.end(use.wait, occurred_at, zone)
    if due is None:
        raise NeverUsable(field="terms.use.wait")
    ends = durations.end(validity, due if use.valid_since == "use" else occurred_at, zone)
    if use.when == "after":
        return Life(due, ends, {"until": due.isoformat(), "wait": use.wait, "validity": validity})
    lapses = use.unconfirmed == "lapse"
    waits = {
        "until": due.isoformat(), "wait": use.wait, "action": use.action, "lapses": lapses, "validity": validity,
        "since_use": use.valid_since == "use",
    }  # fmt: skip
    return Life(due, due if lapses else ends, waits)


def check_use(use: Use, validity: str, at: datetime, zone: str) -> None:
    """Refuse points that could never be used: no end of the waiting, or an end of theirs before it."""
    if use.when == "at_once":
        return
    due, ends = durations.end(use.wait, at, zone), durations.end(validity, at, zone)
    if due is None:
        raise NeverUsable(field="terms.use.wait")
    if use.valid_since == "earning" and ends is not None and ends <= due:
        raise EndsBeforeUse(field="terms.use.wait")


def use_words(use: Use) -> Sentence | None:
    """When the points can be used, as part of the rule's sentence; None for at once."""
    if use.when == "at_once":
        return None
    zh, en = wait_words(use.wait)
    if use.when == "after":
        return Sentence(f"{zh}后可用", f"usable after {en}")
    late = (
        ("到期没确认就作废", "or they lapse")
        if use.unconfirmed == "lapse"
        else ("到期没确认也生效", "or by themselves then")
    )
    return Sentence(
        f"「{use.action}」后可用（{zh}内，{late[0]}）",
        f"usable once “{use.action}” is confirmed within {en}, {late[1]}",
    )


def waits_words(waits: Mapping[str, Any]) -> tuple[str, str]:
    """What an award's stored reason says of its waiting, in Chinese and English."""
    zh, en = wait_words(waits["wait"])
    if "action" not in waits:
        return f"{zh}后可用", f"usable after {en}"
    zh, en = (
        f"「{waits['action']}」后可用，最晚 {zh}内确认",
        f"usable once “{waits['action']}” is confirmed within {en}",
    )
    return (
        (f"{zh}，逾期作废", f"{en}, or they lapse")
        if waits["lapses"]
        else (f"{zh}，逾期自动生效", f"{en}, or by themselves")
    )


_UNITS = {
    "s": ("秒", "second"), "m": ("分钟", "minute"), "h": ("小时", "hour"), "D": ("天", "day"), "W": ("周", "week"),
    "M": ("个月", "month"), "Q": ("个季度", "quarter"), "Y": ("年", "year"),
}  # fmt: skip


def wait_words(text: str) -> tuple[str, str]:
    """A duration in words: 7D is 7 天, 7 days."""
    parsed = durations.parse(text)
    if parsed is None:
        return "不限时间", "any time"
    count, unit, _ = parsed
    zh, en = _UNITS[unit]
    return f"{count} {zh}", f"{count} {en}{'' if count == 1 else 's'}"
