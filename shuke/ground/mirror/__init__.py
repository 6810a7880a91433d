"""The columnar copy: facts that rooms declare, kept in step with the log, and questions to them."""

from shuke.ground.mirror.actions import copy, drain, rebuild
from shuke.ground.mirror.engines import MirrorGone, QueryFailed, TooMuch
from shuke.ground.mirror.engines.arrow import texts
from shuke.ground.mirror.policy import (
    ALWAYS,
    COMMON,
    LIST_MARK,
    Attribute,
    AttributeRows,
    BadDuration,
    Column,
    Deed,
    Deeds,
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
    ValueType,
    behaviour,
    decimal_literal,
    declare,
    declared,
    event_columns,
    instant,
    instant_literal,
    list_item,
    list_text,
    quote,
    wall_clock,
)
from shuke.ground.mirror.queries import Freshness, Mirror, bitmaps, close_mirror, freshness, measured, moment
from shuke.ground.mirror.queries import of_process, open_mirror, opened, remember, rows, status, table
