"""What staff and keys may do, how sign-in is throttled, and how the audit trail speaks."""

from shuke.ground.access.policy.permissions import PERMISSIONS, ROLES, SCOPES, allowed, fitting_scopes, granted
from shuke.ground.access.policy.throttle import IDLE, LONGEST, locked_until, still_valid
from shuke.ground.access.policy.trail import TRAIL, acts, sentence

__all__ = [
    "IDLE",
    "LONGEST",
    "PERMISSIONS",
    "ROLES",
    "SCOPES",
    "TRAIL",
    "acts",
    "allowed",
    "fitting_scopes",
    "granted",
    "locked_until",
    "sentence",
    "still_valid",
]
