"""`did`: what a member did, counted or measured within a window and compared."""

from shuke.insight.grammar.conditions.did.asking import (
    CODE,
    NAME,
    SCHEMA,
    holding,
    nothing,
    parse,
    plan,
    threshold,
)
from shuke.insight.grammar.conditions.did.words import sentence

__all__ = ["CODE", "NAME", "SCHEMA", "holding", "nothing", "parse", "plan", "sentence", "threshold"]
