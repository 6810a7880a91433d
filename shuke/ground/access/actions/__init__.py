"""Verbs: signing in and out, staff and their roles, API keys, and writing the audit trail."""

from shuke.ground.access.actions.keys import BadKey, KeyRing, NoSuchScope, create_key, revoke_key
from shuke.ground.access.actions.passwords import WeakPassword, hash_password, suggest_password
from shuke.ground.access.actions.sessions import (
    BadCredentials,
    NotYourMerchant,
    TooManyTries,
    close_session,
    set_locale,
    sign_in,
    switch_merchant,
    token_hash,
    touch_session,
)
from shuke.ground.access.actions.staff import (
    BadLogin,
    BadRole,
    LastOwner,
    LoginTaken,
    SharedStaff,
    change_staff,
    create_staff,
    ensure_staff,
    forgive_tries,
    reset_password,
)
from shuke.ground.access.actions.trail import record

__all__ = [
    "BadCredentials",
    "BadKey",
    "BadLogin",
    "BadRole",
    "KeyRing",
    "LastOwner",
    "LoginTaken",
    "NoSuchScope",
    "NotYourMerchant",
    "SharedStaff",
    "TooManyTries",
    "WeakPassword",
    "change_staff",
    "close_session",
    "create_key",
    "create_staff",
    "ensure_staff",
    "forgive_tries",
    "hash_password",
    "record",
    "reset_password",
    "revoke_key",
    "set_locale",
    "sign_in",
    "suggest_password",
    "switch_merchant",
    "token_hash",
    "touch_session",
]
