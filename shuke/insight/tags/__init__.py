"""Tags on members: by hand, by a file, by a segment's rule; in groups, with an end, with who, when and why."""

from shuke.insight.tags.actions import (
    Done,
    RuleTag,
    TagArchived,
    adopt,
    change,
    create_group,
    create_tag,
    delete_tag,
    edit_tag,
    import_lines,
)
from shuke.insight.tags.actions.shaping import TagShape
from shuke.insight.tags.events import TagsChanged
from shuke.insight.tags.policy import Cause, PastEnd, Put
from shuke.insight.tags.queries.catalog import Group, NoSuchGroup, NoSuchTag, Tag, by_slug, list_groups, list_tags
from shuke.insight.tags.queries.catalog import all_names, group_names, names, used_by, using_segments
from shuke.insight.tags.queries.wearing import Worn, history, of_members, wearers

__all__ = [
    "Cause", "Done", "Group", "NoSuchGroup", "NoSuchTag", "PastEnd", "Put", "RuleTag", "Tag", "TagArchived", "TagShape",
    "TagsChanged", "Worn", "adopt", "all_names", "by_slug", "change", "create_group", "create_tag", "delete_tag",
    "edit_tag", "group_names", "history", "import_lines", "list_groups", "list_tags", "names", "of_members", "used_by",
    "using_segments", "wearers",
]  # fmt: skip
