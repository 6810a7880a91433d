"""Audiences as trees of conditions: counted at once, kept as membership, refreshed and explained."""

from shuke.insight.segments.actions import Refreshed, SegmentInUse, SlugTaken, create_segment, delete_segment
from shuke.insight.segments.actions import edit_segment, note_history, refresh, refresh_soon
from shuke.insight.segments.events import SegmentRefreshed
from shuke.insight.segments.policy.rules import BadRule
from shuke.insight.segments.queries.catalog import NoSuchSegment, Shown, find_segment, get_segment, list_segments, names
from shuke.insight.segments.queries.membership import Belonging, entered, inside, members, members_after, of_member
from shuke.insight.segments.queries.membership import of_members
from shuke.insight.segments.queries.showing import Counted, Explanation, Preview, count, explain, preview

__all__ = [
    "BadRule", "Belonging", "Counted", "Explanation", "NoSuchSegment", "Preview", "Refreshed", "SegmentInUse",
    "SegmentRefreshed", "Shown", "SlugTaken", "count", "create_segment", "delete_segment", "edit_segment", "entered",
    "explain", "find_segment", "get_segment", "inside", "list_segments", "members", "members_after", "names", "note_history",
    "of_member", "of_members", "preview", "refresh", "refresh_soon",
]  # fmt: skip
