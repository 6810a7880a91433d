"""Verbs of earning rules."""

from shuke.programs.earning.actions.counting import counting, waiting
from shuke.programs.earning.actions.rules import (
    Draft, NameMissing, NoSuchRule, NothingToPublish, StartsInThePast, WrongPeriod, WrongState, create_rule, end,
    install_first_rule, mark_changed, pause, publish, resume, save_draft,
)  # fmt: skip

__all__ = [
    "Draft", "NameMissing", "NoSuchRule", "NothingToPublish", "StartsInThePast", "WrongPeriod", "WrongState", "counting",
    "create_rule", "end", "install_first_rule", "mark_changed", "pause", "publish", "resume", "save_draft", "waiting",
]  # fmt: skip
