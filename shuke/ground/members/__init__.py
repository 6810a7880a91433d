"""Who a member is: identities, profile, consent, merges."""

from shuke.ground.members.actions import (
    AttributeInUse, CannotMerge, CannotUnmerge, NoSuchAttribute, NoSuchMerge, PhoneTaken, UnknownChannel,
    delete_attribute, ensure_members, keep_moved, merge, set_consents, set_phone, unmerge, write_profiles,
)  # fmt: skip
from shuke.ground.members.events import AttributeDeleted, ConsentChanged, MemberChanged, MembersMerged, MembersUnmerged
from shuke.ground.members.policy import (
    BadAttribute, BadIdentity, NoIdentity, UnknownIdentity, identities_of, masked_phone,
)  # fmt: skip
from shuke.ground.members.queries import (
    LIVES, MERGED, RESOLVE, AttributeShown, Contact, Found, MemberName, MergeShape, NoSuchMember, Profile, absorbed,
    all_known, attributes, born_on, consents, contacts, count_members, filled, get_member, get_phone, given_up, in_order,
    is_identity, list_numbers, matched, members_of, merges, moved_by, names, numbers_of, outside_ids, phones, require,
    resolve, search, wanted,
)  # fmt: skip

__all__ = [
    "LIVES", "MERGED", "RESOLVE", "AttributeDeleted", "AttributeInUse", "AttributeShown", "BadAttribute",
    "BadIdentity", "CannotMerge", "CannotUnmerge", "ConsentChanged", "Contact", "Found", "MemberChanged",
    "MemberName", "MembersMerged", "MembersUnmerged", "MergeShape", "NoIdentity", "NoSuchAttribute", "NoSuchMember",
    "NoSuchMerge", "PhoneTaken", "Profile", "UnknownChannel", "UnknownIdentity", "absorbed", "all_known",
    "attributes", "born_on", "consents", "contacts", "count_members", "delete_attribute", "ensure_members", "filled",
    "get_member", "get_phone", "given_up", "identities_of", "in_order", "is_identity", "keep_moved", "list_numbers",
    "masked_phone", "matched", "members_of", "merge", "merges", "moved_by", "names", "numbers_of", "outside_ids",
    "phones", "require", "resolve", "search", "set_consents", "set_phone", "unmerge", "wanted", "write_profiles",
]  # fmt: skip
