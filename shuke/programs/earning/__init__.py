"""Rules that turn orders and events into points."""

from shuke.programs.earning.actions import (
    Draft, ExamplesBroken, NameMissing, NoSuchRule, NothingToPublish, StartsInThePast, WrongPeriod, WrongState,
    counting, create_rule, end, install_first_rule, mark_changed, pause, publish, resume, save_draft, save_example,
    waiting,
)  # fmt: skip
from shuke.programs.earning.conditions.channel import channels_words
from shuke.programs.earning.conditions.segment import using_segments
from shuke.programs.earning.effects import BY_CODE as EFFECTS
from shuke.programs.earning.policy import (
    NOBODY, Award, Basis, Counters, Known, Line, LiveRule, Mark, Multiplying, RuleSet, chosen, evaluate, life,
    mark_of, multiplying, wanted_counters,
)  # fmt: skip
from shuke.programs.earning.queries import (
    RuleShape, Trial, add_segments, asking, budgets_used, compiled, counters_of, explain, keeps, know, known_of, list_rules,
    live_rules, locking, sentence, terms_of,
)  # fmt: skip

__all__ = [
    "EFFECTS", "NOBODY", "Award", "Basis", "Counters", "Draft", "ExamplesBroken", "Known", "Line", "LiveRule",
    "Mark", "Multiplying", "NameMissing", "NoSuchRule", "NothingToPublish", "RuleSet", "RuleShape",
    "StartsInThePast", "Trial", "WrongPeriod", "WrongState", "add_segments", "asking", "budgets_used", "channels_words", "chosen",
    "compiled", "counters_of", "counting", "create_rule", "end", "evaluate", "explain", "install_first_rule",
    "keeps", "know", "known_of", "life", "list_rules", "live_rules", "locking", "mark_changed", "mark_of", "multiplying", "pause",
    "publish", "resume", "save_draft", "save_example", "sentence", "terms_of", "using_segments", "waiting", "wanted_counters",
]  # fmt: skip
