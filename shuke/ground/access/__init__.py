"""Staff sign-in, roles, API keys and the audit trail: who may come in, and what they did."""

from shuke.ground.access.actions import (
    BadCredentials,
    BadKey,
    KeyRing,
    LoginTaken,
    NotYourMerchant,
    TooManyTries,
    create_key,
    create_staff,
    ensure_staff,
    forgive_tries,
    hash_password,
    record,
    revoke_key,
    sign_in,
    suggest_password,
    token_hash,
    touch_session,
)
from shuke.ground.access.policy import PERMISSIONS, ROLES, SCOPES, TRAIL
from shuke.ground.access.queries import NoSuchKey, NoSuchStaff, Session, find_session, list_trail, merchants_of

__all__ = [
    "PERMISSIONS", "ROLES", "SCOPES", "TRAIL", "BadCredentials", "BadKey", "KeyRing", "LoginTaken", "NoSuchKey",
    "NoSuchStaff", "NotYourMerchant", "Session", "TooManyTries", "create_key", "create_staff", "ensure_staff",
    "find_session", "forgive_tries", "hash_password", "list_trail", "merchants_of", "record", "revoke_key", "sign_in",
    "suggest_password", "token_hash", "touch_session",
]  # fmt: skip
