"""Tables of staff, their sessions and roles, API keys and the audit trail."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class Staff(Model):
    """One person who may sign in, at one or more merchants. States: active, disabled."""

    __tablename__ = "staff"
    __table_args__ = {"info": {"directory": True}}
    staff_id: Mapped[int] = part_of_key()
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    locale: Mapped[str] = mapped_column(server_default="zh")
    state: Mapped[str] = mapped_column(server_default="active")
    failed_count: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[object | None] = instant(nullable=True)
    last_seen_at: Mapped[object | None] = instant(nullable=True)
    created_at: Mapped[object] = instant()


class StaffRole(Model):
    """One role of one person at one merchant, for one store or (store_id 0) for all."""

    __tablename__ = "staff_role"
    __table_args__ = (Index("staff_role_by_staff", "staff_id"), {"info": {"directory": True}})
    merchant_id: Mapped[int] = part_of_key()
    staff_id: Mapped[int] = part_of_key()
    store_id: Mapped[int] = part_of_key()
    role: Mapped[str]


class StaffSession(Model):
    """One signed-in browser. Only the hash of its token is kept."""

    __tablename__ = "staff_session"
    __table_args__ = {"info": {"directory": True}}
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    staff_id: Mapped[int]
    merchant_id: Mapped[int]
    csrf_token: Mapped[str]
    created_at: Mapped[object] = instant()
    seen_at: Mapped[object] = instant()
    expires_at: Mapped[object] = instant()
    ip: Mapped[str] = mapped_column(server_default="")
    agent: Mapped[str] = mapped_column(server_default="")


class ApiKey(Model):
    """One key of an integrator. Only its hash is kept; `prefix` is what people recognise it by."""

    __tablename__ = "api_key"
    __table_args__ = (Index("api_key_by_merchant", "merchant_id", "key_id"), {"info": {"directory": True}})
    key_hash: Mapped[bytes] = mapped_column(primary_key=True)
    key_id: Mapped[int]
    merchant_id: Mapped[int]
    name: Mapped[str]
    prefix: Mapped[str]
    scopes: Mapped[list]
    created_at: Mapped[object] = instant()
    last_used_at: Mapped[object | None] = instant(nullable=True)
    revoked_at: Mapped[object | None] = instant(nullable=True)


class TrailEntry(Model):
    """One act of a member of staff: who, when, what, on what, from and to."""

    __tablename__ = "audit_trail"
    __table_args__ = (Index("audit_trail_by_time", "merchant_id", "at", "trail_id"),)
    merchant_id: Mapped[int] = part_of_key()
    trail_id: Mapped[int] = part_of_key()
    at: Mapped[object] = instant()
    staff_id: Mapped[int | None]
    staff_name: Mapped[str]
    action: Mapped[str]
    subject_kind: Mapped[str] = mapped_column(server_default="")
    subject: Mapped[str] = mapped_column(server_default="")
    before: Mapped[dict | None]
    after: Mapped[dict | None]
    ip: Mapped[str] = mapped_column(server_default="")
