"""Decides what rules give; pure."""

from shuke.programs.earning.policy.awarding import evaluate, multiplied, wanted_counters
from shuke.programs.earning.policy.rules import (
    BUDGET, DEFAULT, NOBODY, NOTHING, Award, Basis, Cap, CounterKey, Counters, Known, Line, LiveRule, Mark,
    Multiplying, Terms, asked, counted_under, kept, multiplying, period, reason, rule_words, split_over, times,
)  # fmt: skip

__all__ = [
    "BUDGET", "DEFAULT", "NOBODY", "NOTHING", "Award", "Basis", "Cap", "CounterKey", "Counters", "Known", "Line",
    "LiveRule", "Mark", "Multiplying", "Terms", "asked", "counted_under", "evaluate", "kept", "multiplied",
    "multiplying", "period", "reason", "rule_words", "split_over", "times", "wanted_counters",
]  # fmt: skip
