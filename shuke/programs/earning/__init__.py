"""Rules that turn orders into points."""

from shuke.programs.earning.actions import install_first_rule, mark_changed
from shuke.programs.earning.effects import BY_CODE as EFFECTS
from shuke.programs.earning.policy import Award, Basis, Line, LiveRule, evaluate
from shuke.programs.earning.queries import explain, keeps, live_rules

__all__ = [
    "EFFECTS",
    "Award",
    "Basis",
    "Line",
    "LiveRule",
    "evaluate",
    "explain",
    "install_first_rule",
    "keeps",
    "live_rules",
    "mark_changed",
]
