"""What the auditor found last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shuke.kit.db import Tx


async def last_audit(tx: Tx) -> dict[str, Any] | None:
    """The result of the newest run over this merchant, or None before the first."""
    return await tx.value(
        "select result from audit_run where merchant_id = %(merchant_id)s order by checked_at desc, run_id desc limit 1"
    )
