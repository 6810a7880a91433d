"""The declarative base of every table, and the row-level policies derived from it."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

JSON = JSONB


class Model(DeclarativeBase):
    """One table. Tenant tables lead with merchant_id; `info={"directory": True}` marks the few outside row security."""

    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pk",
            "ix": "%(table_name)s_%(column_0_N_name)s",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
        }
    )
    type_annotation_map = {int: BigInteger, str: Text, bytes: LargeBinary, dict: JSONB, list: JSONB}


def instant(*, nullable: bool = False, primary_key: bool = False) -> Mapped[object]:
    """A column holding an instant (timestamptz)."""
    return mapped_column(TIMESTAMP(timezone=True), nullable=nullable, primary_key=primary_key)


def part_of_key() -> Mapped[int]:
    """A bigint of the primary key that the caller supplies."""
    return mapped_column(BigInteger, primary_key=True, autoincrement=False)


def is_tenant(table: Table) -> bool:
    """Whether rows of this table belong to one merchant and are guarded by a policy."""
    return "merchant_id" in table.columns and not table.info.get("directory")


def policy_statements(table: str) -> list[str]:
    """The statements that put a tenant table under its row-level policy, enabled and forced."""
    return [
        f"alter table {table} enable row level security",
        f"alter table {table} force row level security",
        f"create policy merchant_only on {table} using (merchant_id = "
        "(select nullif(current_setting('app.merchant_id', true), '')::bigint))",
    ]


def column_type(column: Column) -> str:
    """The column's type as a json_to_recordset column definition writes it."""
    from sqlalchemy.dialects import postgresql

    return column.type.compile(dialect=postgresql.dialect())


class MerchantHead(Model):
    """One row per merchant: the end of its log. Locked last in every transaction that announces or seals something."""

    __tablename__ = "merchant_head"
    __table_args__ = {"info": {"directory": True}, "postgresql_with": {"fillfactor": 50}}
    merchant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(server_default="0")
    chain: Mapped[bytes] = mapped_column(server_default="\\x00")
    rules_version: Mapped[int] = mapped_column(server_default="0")


class Outbox(Model):
    """One announcement: the permanent, gapless log of what happened at a merchant, in commit order."""

    __tablename__ = "outbox"
    merchant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    payload: Mapped[dict]
    at: Mapped[object] = instant()
    batch_id: Mapped[int]


class ChainLink(Model):
    """One sealed transaction: hash = sha256(previous hash ‖ digest of the ledger entries of the batch)."""

    __tablename__ = "chain_link"
    merchant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    batch_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    digest: Mapped[bytes]
    hash: Mapped[bytes]


class RelayCursor(Model):
    """How far one reader of the outbox has come at one merchant; readers are `reactions` and `flips`."""

    __tablename__ = "relay_cursor"
    __table_args__ = {"info": {"directory": True}, "postgresql_with": {"fillfactor": 50}}
    merchant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reader: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(server_default="0")
    moved_at: Mapped[object] = instant()


class DeadLetter(Model):
    """One announcement that a reader of the outbox could not take, set aside so that those behind it are heard.

    Its content stays in the outbox; the row goes when a retry succeeds.
    """

    __tablename__ = "dead_letter"
    merchant_id: Mapped[int] = part_of_key()
    reader: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = part_of_key()
    kind: Mapped[str]
    error: Mapped[str]
    failed_at: Mapped[object] = instant()
    tries: Mapped[int] = mapped_column(server_default="1")


class Due(Model):
    """What is to be done next at one merchant: one row per merchant and kind of periodic work, gone when there is none."""

    __tablename__ = "due"
    __table_args__ = (Index("due_by_time", "at"), {"info": {"directory": True}})
    merchant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[object] = instant()
