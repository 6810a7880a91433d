"""Rules as text that people type, compare and review: the same tree as the JSON, both ways."""

from shuke.insight.grammar.policy.language.reading import read
from shuke.insight.grammar.policy.language.writing import write

__all__ = ["read", "write"]
