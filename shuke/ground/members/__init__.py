"""Who a member is: identities, profile, consent, merges."""

from shuke.ground.members.actions import (
    CannotMerge, PhoneTaken, UnknownChannel, ensure_members, merge, set_consents, set_phone, write_profiles,
)  # fmt: skip
from shuke.ground.members.events import ConsentChanged, MemberChanged, MembersMerged
from shuke.ground.members.policy import (
    BadAttribute, BadIdentity, NoIdentity, UnknownIdentity, identities_of, masked_phone,
)  # fmt: skip
from shuke.ground.members.queries import (
    LIVES, MERGED, RESOLVE, Contact, Found, MemberName, NoSuchMember, Profile, all_known, consents, contacts,
    count_members, absorbed, filled, get_member, list_numbers, get_phone, in_order, is_identity, matched, members_of, names,
    numbers_of, outside_ids, phones, require, resolve, search, wanted,
)  # fmt: skip

__all__ = [
    "LIVES", "MERGED", "RESOLVE", "BadAttribute", "BadIdentity", "CannotMerge", "ConsentChanged", "Contact", "Found",
    "MemberChanged", "MemberName", "MembersMerged", "NoIdentity", "NoSuchMember", "PhoneTaken", "Profile",
    "UnknownChannel", "UnknownIdentity", "absorbed", "all_known", "consents", "contacts", "count_members",
    "ensure_members", "filled", "get_member", "get_phone", "identities_of", "in_order", "is_identity", "list_numbers",
    "masked_phone", "matched", "members_of", "merge", "names", "numbers_of", "outside_ids", "phones", "require",
    "resolve", "search", "set_consents", "set_phone", "wanted", "write_profiles",
]  # fmt: skip
