"""Tables of the auditor."""

from sqlalchemy.orm import Mapped

from shuke.kit.db import Model, instant, part_of_key


class AuditRun(Model):
    """One run of the auditor over one merchant and what it found."""

    __tablename__ = "audit_run"
    merchant_id: Mapped[int] = part_of_key()
    run_id: Mapped[int] = part_of_key()
    checked_at: Mapped[object] = instant()
    differences: Mapped[int]
    result: Mapped[dict]
