"""What the room of members announces."""

from datetime import datetime
from typing import Any

from shuke.kit.events import Event


class MemberChanged(Event, frozen=True, kw_only=True, tag="member_changed"):
    """A member is new or has new facts: `attributes` holds those that changed (None: removed), as then valid from `at`.

    `at` None means they hold for all time. Names and phones are never in it: the log is permanent.
    """

    member_id: int
    attributes: dict[str, Any]
    at: datetime | None = None
    new: bool = False


class MembersMerged(Event, frozen=True, kw_only=True, tag="members_merged"):
    """All that `member_id` was is from now on part of `into_id`."""

    member_id: int
    into_id: int
    at: datetime
    merge_id: int = 0


class MembersUnmerged(Event, frozen=True, kw_only=True, tag="members_unmerged"):
    """The merge `merge_id` was undone: `member_id` is a member of their own again."""

    member_id: int
    into_id: int
    at: datetime
    merge_id: int


class ConsentChanged(Event, frozen=True, kw_only=True, tag="consent_changed"):
    """A member said yes or no to being reached on one channel."""

    member_id: int
    channel: str
    given: bool
    at: datetime


class AttributeDeleted(Event, frozen=True, kw_only=True, tag="attribute_deleted"):
    """The attribute was given up and taken off these members; a large crowd is announced in several parts."""

    name: str
    member_ids: list[int]
    at: datetime
