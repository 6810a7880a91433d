"""What every model declares beside its arithmetic: the scores it gives, and the tags that may follow them."""

from __future__ import annotations

from typing import Literal

import msgspec

from shuke.insight.profiles.policy.fitting import Words

LAST_PERIOD = Words("和上一期一样", "the same as last period")


class Score(msgspec.Struct, frozen=True):
    """One score by name; as a fact of the member it is `profile.<code>`. `words`: what values that are codes mean."""

    code: str
    type: Literal["number", "text"]
    title: Words
    words: dict[str, Words] = {}


class ReadyTag(msgspec.Struct, frozen=True, kw_only=True):
    """A tag that may follow a score: who has it at or beyond the threshold wears it. `group`: of one such group a member wears
    one tag. `unit` says how the threshold is read."""

    code: str
    name: Words
    model: str
    score: str
    op: Literal[">=", "<="]
    value: float
    unit: Literal["share", "times", "lift"]
    group: Words | None = None
    means: Words


def times(count: int) -> str:
    """A count in English."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def percent(share: float) -> str:
    """A share as people read it."""
    return f"{share * 100:.0f}%"
