"""What rooms declare for the mirror, and the SQL that follows from it alone."""

from shuke.ground.mirror.policy.columns import Deed, Deeds, event_columns, wall_clock
from shuke.ground.mirror.policy.declared import (
    ALWAYS,
    Attribute,
    Column,
    Event,
    News,
    Property,
    Redirect,
    Source,
    Table,
    ValueType,
)
from shuke.ground.mirror.policy.literals import decimal_literal, instant_literal, quote
from shuke.ground.mirror.policy.moment import BadDuration, Duration, Moment
from shuke.ground.mirror.policy.registry import COMMON, EVENTS, Registry, declare, declared
from shuke.ground.mirror.policy.rows import (
    LIST_MARK,
    AttributeRows,
    EventRows,
    behaviour,
    instant,
    list_item,
    list_text,
)
from shuke.ground.mirror.policy.sql import create_table, schema_mark

__all__ = [
    "ALWAYS",
    "COMMON",
    "EVENTS",
    "LIST_MARK",
    "Attribute",
    "AttributeRows",
    "BadDuration",
    "Column",
    "Deed",
    "Deeds",
    "Duration",
    "Event",
    "EventRows",
    "Moment",
    "News",
    "Property",
    "Redirect",
    "Registry",
    "Source",
    "Table",
    "ValueType",
    "behaviour",
    "create_table",
    "decimal_literal",
    "declare",
    "declared",
    "event_columns",
    "instant",
    "instant_literal",
    "list_item",
    "list_text",
    "quote",
    "schema_mark",
    "wall_clock",
]
