"""The language of rules: conditions compiled to SQL, evaluated in plain Python, spoken, and written as text."""

from shuke.insight.grammar.conditions import MEMBERSHIP, kind_of, lists_of, offers_of, parse, segments_of, sentence
from shuke.insight.grammar.conditions import tags_of
from shuke.insight.grammar.conditions.tag import unknown_tag
from shuke.insight.grammar.conditions import leaves as all_leaves
from shuke.insight.grammar.policy.language import read, write
from shuke.insight.grammar.policy.plans import restriction
from shuke.insight.grammar.policy.rules import BadRule, Group, Leaf, Node, leaves, nodes, written
from shuke.insight.grammar.policy.timers import Slide, crossings_sql, next_day, slides
from shuke.insight.grammar.queries.answering import Answer, Known, answer, answers_at, crossings, everyone, moment_of
from shuke.insight.grammar.queries.measuring import measured
from shuke.insight.grammar.queries.naming import Names, names_in, said, with_titles
from shuke.insight.grammar.queries.vocabulary import vocabulary

__all__ = [
    "MEMBERSHIP", "Answer", "BadRule", "Group", "Known", "Leaf", "Names", "Node", "Slide", "all_leaves", "answer",
    "answers_at", "crossings", "crossings_sql", "everyone", "kind_of", "leaves", "lists_of", "measured", "moment_of",
    "names_in", "next_day", "nodes", "offers_of", "parse", "read", "restriction", "said", "segments_of", "sentence",
    "slides", "tags_of", "unknown_tag", "vocabulary", "with_titles", "write", "written",
]  # fmt: skip
