"""The auditor: recomputes the whole ledger and names every difference."""

from shuke.assets.audit.actions import audit
from shuke.assets.audit.queries import last_audit

__all__ = ["audit", "last_audit"]
