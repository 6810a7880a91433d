"""What the auditor asks: invariants in SQL, the hash chain, a replay in plain Python, and its last findings."""

from shuke.assets.audit.queries.audits import last_audit

__all__ = ["last_audit"]
