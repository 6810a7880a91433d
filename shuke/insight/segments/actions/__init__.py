"""Verbs on segments: their wording, and bringing membership up to date."""

from shuke.insight.segments.actions.refreshing import Refreshed, refresh
from shuke.insight.segments.actions.shaping import (
    WORK,
    SegmentInUse,
    SlugTaken,
    create_segment,
    delete_segment,
    edit_segment,
    note_history,
    refresh_soon,
    used_by,
)

__all__ = [
    "WORK", "Refreshed", "SegmentInUse", "SlugTaken", "create_segment", "delete_segment", "edit_segment",
    "note_history", "refresh", "refresh_soon", "used_by",
]  # fmt: skip
