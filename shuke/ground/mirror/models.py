"""Tables of the mirror's own state in PostgreSQL."""

from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant


class MirrorCursor(Model):
    """How far one merchant's log has been copied, and the latest instant of any copied row.

    `marks` names for each table the announcement that last added rows to it.
    """

    __tablename__ = "mirror_cursor"
    __table_args__ = {"info": {"directory": True}, "postgresql_with": {"fillfactor": 50}}
    merchant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(server_default="0")
    latest_at: Mapped[object | None] = instant(nullable=True)
    marks: Mapped[dict] = mapped_column(server_default="{}")
    applied_at: Mapped[object] = instant()


class MirrorLease(Model):
    """Who copies at present: one worker at a time, until it stops renewing."""

    __tablename__ = "mirror_lease"
    __table_args__ = {"info": {"directory": True}}
    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[object] = instant()
