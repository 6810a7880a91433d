"""Verbs of tags: put on and take off, shape tags and groups, undo, keep rules and ends."""

from shuke.insight.tags.actions.importing import Imported, Verdict, import_lines
from shuke.insight.tags.actions.keeping import expire, follow_merges, follow_unmerges, sync, sync_segments
from shuke.insight.tags.actions.labelling import Done, RuleTag, TagArchived, change
from shuke.insight.tags.actions.shaping import (
    ExclusiveRule,
    GroupInUse,
    NoSuchScore,
    NotExclusive,
    RuleCircle,
    SameTag,
    TagInUse,
    TagTaken,
    TwoDeciders,
    adopt,
    create_group,
    create_tag,
    delete_group,
    delete_tag,
    edit_group,
    edit_tag,
    merge_tags,
)
from shuke.insight.tags.actions.undoing import NotUndoable, undo

__all__ = [
    "Done", "ExclusiveRule", "GroupInUse", "Imported", "NoSuchScore", "NotExclusive", "NotUndoable", "RuleCircle",
    "RuleTag", "SameTag", "TagArchived", "TagInUse", "TagTaken", "TwoDeciders", "Verdict", "adopt", "change",
    "create_group", "create_tag", "delete_group", "delete_tag", "edit_group", "edit_tag", "expire", "follow_merges",
    "follow_unmerges", "import_lines", "merge_tags", "sync", "sync_segments", "undo",
]  # fmt: skip
