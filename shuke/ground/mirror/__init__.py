"""The columnar copy: facts that rooms declare, kept in step with the log, and questions to them."""

from shuke.ground.mirror.policy import (
    ALWAYS,
    LIST_MARK,
    Attribute,
    AttributeRows,
    BadDuration,
    Column,
    Duration,
    Event,
    EventRows,
    Moment,
    News,
    Property,
    Redirect,
    Registry,
    Source,
    Table,
    behaviour,
    decimal_literal,
    instant_literal,
    list_item,
    list_text,
    quote,
)
from shuke.ground.mirror.queries import Freshness, Mirror, bitmaps, close_mirror, freshness, open_mirror, rows
