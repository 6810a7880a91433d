"""Questions about rules and what they need to know."""

from shuke.programs.earning.queries.knowing import (
    add_segments, asking, budgets_used, counters_of, given_so_far, know, known_of, locking,
)  # fmt: skip
from shuke.programs.earning.queries.rules import (
    DraftShape, RuleShape, VersionShape, compiled, compiled_conditions, explain, keeps, limit_words, list_rules,
    live_rules, sentence, terms_of,
)  # fmt: skip
from shuke.programs.earning.queries.trying import ExampleShape, Given, Outcome, Silent, Trial, list_examples, try_out

__all__ = [
    "DraftShape", "ExampleShape", "Given", "Outcome", "RuleShape", "Silent", "Trial", "VersionShape", "add_segments",
    "asking", "budgets_used", "compiled", "compiled_conditions", "counters_of", "explain", "given_so_far", "keeps",
    "know", "known_of", "limit_words", "list_examples", "list_rules", "live_rules", "locking", "sentence", "terms_of",
    "try_out",
]  # fmt: skip
