"""Audiences as trees of conditions: counted at once, kept as membership, live, proven and explained."""

from shuke.insight.segments.actions import Lived, ListInUse, ListTaken, Refreshed, SegmentInUse, SlugTaken
from shuke.insight.segments.actions import (
    create_segment,
    delete_list,
    delete_segment,
    edit_segment,
    import_list,
    keep_list,
    live,
)
from shuke.insight.segments.actions import note_changed, note_history, refresh, refresh_soon, verify
from shuke.insight.segments.events import SegmentRefreshed
from shuke.insight.segments.policy.rules import BadRule
from shuke.insight.segments.queries.catalog import NoSuchSegment, Shown, find_segment, get_segment, list_segments, names
from shuke.insight.segments.queries.lists import NoSuchList, ShownList, get_list, list_lists
from shuke.insight.segments.queries.membership import Belonging, entered, inside, members, members_after, of_member
from shuke.insight.segments.queries.membership import of_members
from shuke.insight.segments.queries.showing import Counted, Explanation, Preview, count, explain, preview

__all__ = [
    "BadRule", "Belonging", "Counted", "Explanation", "ListInUse", "ListTaken", "Lived", "NoSuchList", "NoSuchSegment",
    "Preview", "Refreshed", "SegmentInUse", "SegmentRefreshed", "Shown", "ShownList", "SlugTaken", "count",
    "create_segment", "delete_list", "delete_segment", "edit_segment", "entered", "explain", "find_segment", "get_list",
    "get_segment", "import_list", "inside", "keep_list", "list_lists", "list_segments", "live", "members", "members_after",
    "names", "note_changed", "note_history", "of_member", "of_members", "preview", "refresh", "refresh_soon", "verify",
]  # fmt: skip
