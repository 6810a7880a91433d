"""Tables of receipts, of what came too late, and of imports."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class Receipt(Model):
    """One outside key, for ever: what was asked (short hashes per field), what was answered, and the row it became.

    `key` begins with the kind: `order:`, `refund:`, `event:`.
    """

    __tablename__ = "receipt"
    merchant_id: Mapped[int] = part_of_key()
    source: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_hashes: Mapped[str]
    answer: Mapped[str]
    ref_id: Mapped[int | None]


class LateItem(Model):
    """One order or event that came after the lateness window. States: waiting, accepted, dismissed."""

    __tablename__ = "late_item"
    __table_args__ = (UniqueConstraint("merchant_id", "source", "kind", "key"),)
    merchant_id: Mapped[int] = part_of_key()
    item_id: Mapped[int] = part_of_key()
    kind: Mapped[str]
    source: Mapped[str]
    key: Mapped[str]
    body: Mapped[dict]
    state: Mapped[str]
    received_at: Mapped[object] = instant()
    decided_at: Mapped[object | None] = instant(nullable=True)


class ImportRun(Model):
    """One file being imported, or imported. States: mapping, running, done, failed, cancelled.

    `position` counts the records (orders, members …) that are through; it moves in their transaction, so that an
    import goes on after a crash exactly where it stopped. `rate` is rows a second, lately; `memberless`: orders without a member.
    """

    __tablename__ = "import_run"
    merchant_id: Mapped[int] = part_of_key()
    import_id: Mapped[int] = part_of_key()
    kind: Mapped[str]
    file_name: Mapped[str]
    file_hash: Mapped[str]
    mapping: Mapped[dict] = mapped_column(server_default="{}")
    state: Mapped[str]
    total_rows: Mapped[int | None]
    read: Mapped[int] = mapped_column(server_default="0")
    accepted: Mapped[int] = mapped_column(server_default="0")
    duplicates: Mapped[int] = mapped_column(server_default="0")
    rejected: Mapped[int] = mapped_column(server_default="0")
    memberless: Mapped[int] = mapped_column(server_default="0")
    position: Mapped[int] = mapped_column(server_default="0")
    rate: Mapped[int] = mapped_column(server_default="0")
    path: Mapped[str] = mapped_column(server_default="")
    error: Mapped[str | None]
    created_at: Mapped[object] = instant()
    started_at: Mapped[object | None] = instant(nullable=True)
    finished_at: Mapped[object | None] = instant(nullable=True)


class ImportRefusal(Model):
    """One row of an imported file that the write path refused, with its words."""

    __tablename__ = "import_refusal"
    merchant_id: Mapped[int] = part_of_key()
    import_id: Mapped[int] = part_of_key()
    row: Mapped[int] = part_of_key()
    field: Mapped[str] = mapped_column(server_default="")
    reason: Mapped[str]
    reason_en: Mapped[str]
