"""Verbs: members join, change, consent, merge and part again."""

from shuke.ground.members.actions.joining import ensure_members
from shuke.ground.members.actions.merging import CannotMerge, merge
from shuke.ground.members.actions.profiles import PhoneTaken, UnknownChannel, set_consents, set_phone, write_profiles
from shuke.ground.members.actions.unmerging import CannotUnmerge, NoSuchMerge, keep_moved, unmerge

__all__ = [
    "CannotMerge", "CannotUnmerge", "NoSuchMerge", "PhoneTaken", "UnknownChannel", "ensure_members", "keep_moved", "merge",
    "set_consents", "set_phone", "unmerge", "write_profiles",
]  # fmt: skip
