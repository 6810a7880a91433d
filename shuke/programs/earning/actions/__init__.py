"""Verbs of earning rules."""

from shuke.programs.earning.actions.counting import counting, let_go, waiting
from shuke.programs.earning.actions.examples import (
    ExampleNameMissing, ExamplesBroken, NoSuchExample, TooManyExamples, drop_example, save_example,
)  # fmt: skip
from shuke.programs.earning.actions.rules import (
    Draft, NameMissing, NoSuchRule, NothingToPublish, StartsInThePast, WrongPeriod, WrongState, create_rule, end,
    install_first_rule, mark_changed, pause, publish, resume, save_draft,
)  # fmt: skip

__all__ = [
    "Draft", "ExampleNameMissing", "ExamplesBroken", "NameMissing", "NoSuchExample", "NoSuchRule",
    "NothingToPublish", "StartsInThePast", "TooManyExamples", "WrongPeriod", "WrongState", "counting", "create_rule",
    "drop_example", "end", "install_first_rule", "let_go", "mark_changed", "pause", "publish", "resume", "save_draft",
    "save_example", "waiting",
]  # fmt: skip
