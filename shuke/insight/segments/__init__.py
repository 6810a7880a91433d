"""Audiences as trees of conditions: counted at once, kept as membership, live, proven and explained."""

from shuke.insight.grammar import BadRule
from shuke.insight.segments.actions import BadName, BadSlug, Lived, ListInUse, ListTaken, ListTooLong
from shuke.insight.segments.actions import Refreshed, SegmentInUse, SegmentStale, SlugTaken
from shuke.insight.segments.actions import change_list, create_segment, delete_list, delete_segment, edit_segment
from shuke.insight.segments.actions import expect_version, import_list, keep_list, live
from shuke.insight.segments.actions import note_changed, note_history, refresh, refresh_soon, used_by, verify
from shuke.insight.segments.actions import with_changes
from shuke.insight.segments.actions import Gone, bring_back, list_gone
from shuke.insight.segments.events import SegmentRefreshed
from shuke.insight.segments.queries.catalog import NoSuchSegment, Shown, find_segment, get_segment, list_segments, names
from shuke.insight.segments.queries.catalog import history, using, versions
from shuke.insight.segments.queries.lists import NoSuchList, ShownList, get_list, list_lists, list_names
from shuke.insight.segments.queries.membership import Belonging, Flip, entered, flips, inside, left, members
from shuke.insight.segments.queries.membership import members_after, members_each, of_member, of_members
from shuke.insight.segments.queries.nesting import known_of, stored_edges
from shuke.insight.segments.queries.showing import SAMPLE, Counted, Sampled, ask, count
from shuke.insight.segments.queries.showing import parsed, sampled

__all__ = [
    "SAMPLE", "BadName", "BadRule", "BadSlug", "Belonging", "Counted", "Flip", "Gone", "ListInUse", "ListTaken",
    "ListTooLong", "Lived", "NoSuchList", "NoSuchSegment", "Refreshed", "Sampled", "SegmentInUse", "SegmentRefreshed",
    "SegmentStale", "Shown", "ShownList", "SlugTaken", "ask", "bring_back", "change_list", "count", "create_segment",
    "delete_list", "delete_segment", "edit_segment", "entered", "expect_version", "find_segment", "flips", "get_list",
    "get_segment", "history", "import_list", "inside", "keep_list", "known_of", "left", "list_gone", "list_lists",
    "list_names", "list_segments", "live", "members", "members_after", "members_each", "names", "note_changed",
    "note_history", "of_member", "of_members", "parsed", "refresh", "refresh_soon", "sampled", "stored_edges",
    "used_by", "using", "verify", "versions", "with_changes",
]  # fmt: skip
