"""Verbs on segments: their wording, and bringing membership up to date."""

from shuke.insight.segments.actions.gone import Gone, bring_back, delete_segment, forget, list_gone
from shuke.insight.segments.actions.listing import (
    ListInUse, ListTaken, ListTooLong, change_list, delete_list, import_list, keep_list,
)  # fmt: skip
from shuke.insight.segments.actions.living import Lived, live, note_changed, refresh, with_changes
from shuke.insight.segments.actions.refreshing import Refreshed
from shuke.insight.segments.actions.shaping import (
    WORK,
    BadName,
    BadSlug,
    SegmentInUse,
    SegmentStale,
    SlugTaken,
    create_segment,
    edit_segment,
    expect_version,
    note_history,
    refresh_soon,
    used_by,
)
from shuke.insight.segments.actions.verifying import verify

__all__ = [
    "WORK", "BadName", "BadSlug", "Gone", "ListInUse", "ListTaken", "ListTooLong", "Lived", "Refreshed", "SegmentInUse",
    "SegmentStale", "SlugTaken", "bring_back", "change_list", "create_segment", "delete_list", "delete_segment",
    "edit_segment", "expect_version", "forget", "import_list", "keep_list", "list_gone", "live", "note_changed",
    "note_history", "refresh", "refresh_soon", "used_by", "verify", "with_changes",
]  # fmt: skip
