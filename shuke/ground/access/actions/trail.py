"""Writing the audit trail: every act of staff, in the transaction of the act itself."""

from datetime import datetime
from typing import Any

from shuke.ground.access import models
from shuke.kit.db import Tx
from shuke.kit.http import Caller


async def record(
    tx: Tx,
    caller: Caller,
    action: str,
    subject: tuple[str, Any] = ("", ""),
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    at: datetime,
) -> None:
    """Note what a member of staff did; `subject` is (kind, number or name). Committed or lost with the act.

    Never put phones or secrets into `before` and `after`: the trail is append-only.
    """
    [trail_id] = await tx.fresh_ids(1)
    row = {
        "trail_id": trail_id, "at": at, "staff_id": caller.staff_id, "staff_name": caller.name, "action": action,
        "subject_kind": subject[0], "subject": str(subject[1]), "before": before, "after": after, "ip": caller.ip,
    }  # fmt: skip
    await tx.insert(models.TrailEntry, [row])
