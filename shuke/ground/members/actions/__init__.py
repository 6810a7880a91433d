"""Verbs: members join, change, consent, merge and part again."""

from shuke.ground.members.actions.joining import ensure_members
from shuke.ground.members.actions.merging import CannotMerge, merge
from shuke.ground.members.actions.profiles import PhoneTaken, UnknownChannel, set_consents, set_phone, write_profiles
from shuke.ground.members.actions.retiring import (
    WORK, AttributeInUse, NoSuchAttribute, delete_attribute, take_attribute_off,
)  # fmt: skip
from shuke.ground.members.actions.sending import Became, Sent, send_members
from shuke.ground.members.actions.unmerging import CannotUnmerge, NoSuchMerge, keep_moved, unmerge

__all__ = [
    "WORK", "AttributeInUse", "Became", "CannotMerge", "CannotUnmerge", "NoSuchAttribute", "NoSuchMerge", "PhoneTaken",
    "Sent", "UnknownChannel", "delete_attribute", "ensure_members", "keep_moved", "merge", "send_members", "set_consents",
    "set_phone", "take_attribute_off", "unmerge", "write_profiles",
]  # fmt: skip
