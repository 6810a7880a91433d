"""Verbs: members join, change, consent and merge."""

from shuke.ground.members.actions.joining import ensure_members
from shuke.ground.members.actions.merging import CannotMerge, merge
from shuke.ground.members.actions.profiles import PhoneTaken, UnknownChannel, set_consents, set_phone, write_profiles

__all__ = [
    "CannotMerge",
    "PhoneTaken",
    "UnknownChannel",
    "ensure_members",
    "merge",
    "set_consents",
    "set_phone",
    "write_profiles",
]
