"""Rules that turn orders into points."""

from shuke.programs.earning.actions import (
    Draft,
    NameMissing,
    NoSuchRule,
    NothingToPublish,
    StartsInThePast,
    WrongPeriod,
    WrongState,
    create_rule,
    end,
    install_first_rule,
    mark_changed,
    pause,
    publish,
    resume,
    save_draft,
)
from shuke.programs.earning.effects import BY_CODE as EFFECTS
from shuke.programs.earning.policy import Award, Basis, Line, LiveRule, evaluate
from shuke.programs.earning.queries import RuleShape, explain, keeps, list_rules, live_rules, sentence

__all__ = [
    "EFFECTS", "Award", "Basis", "Draft", "Line", "LiveRule", "NameMissing", "NoSuchRule", "NothingToPublish", "RuleShape",
    "StartsInThePast", "WrongPeriod", "WrongState", "create_rule", "end", "evaluate", "explain", "install_first_rule",
    "keeps", "list_rules", "live_rules", "mark_changed", "pause", "publish", "resume", "save_draft", "sentence",
]  # fmt: skip
