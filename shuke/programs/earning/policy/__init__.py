"""Decides what rules give; pure."""

from shuke.programs.earning.policy.awarding import evaluate, multiplied, wanted_counters
from shuke.programs.earning.policy.goods import chosen
from shuke.programs.earning.policy.rules import (
    BUDGET, DEFAULT, NOBODY, NOTHING, Award, Basis, Cap, CounterKey, Counters, Known, Line, LiveRule, Mark,
    Multiplying, Terms, asked, counted_under, kept, mark_of, month_of, multiplying, period, reason, rule_words, split_over,
    times,
)  # fmt: skip
from shuke.programs.earning.policy.selecting import RuleSet
from shuke.programs.earning.policy.using import (
    EndsBeforeUse, Life, NeverUsable, Use, check_use, life, use_words, waits_words,
)  # fmt: skip

__all__ = [
    "BUDGET", "DEFAULT", "NOBODY", "NOTHING", "Award", "Basis", "Cap", "CounterKey", "Counters", "EndsBeforeUse", "Known",
    "Life", "Line", "LiveRule", "Mark", "Multiplying", "NeverUsable", "RuleSet", "Terms", "Use", "asked", "check_use",
    "chosen", "counted_under", "evaluate", "kept", "life", "mark_of", "month_of", "multiplied", "multiplying", "period", "reason",
    "rule_words", "split_over", "times", "use_words", "waits_words", "wanted_counters",
]  # fmt: skip
