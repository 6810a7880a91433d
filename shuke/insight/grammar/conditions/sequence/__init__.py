"""`sequence`: steps in order within a time, ending, where wished, with something that did not follow."""

from shuke.insight.grammar.conditions.sequence.answering import holding, plan
from shuke.insight.grammar.conditions.sequence.steps import CODE, NAME, SCHEMA, nothing, parse, sentence, threshold

__all__ = ["CODE", "NAME", "SCHEMA", "holding", "nothing", "parse", "plan", "sentence", "threshold"]
