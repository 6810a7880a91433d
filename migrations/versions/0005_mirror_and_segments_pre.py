"""How far the mirror has come and who copies; segments with their wordings, members and flips; the sequence of refunds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shuke.kit.db import policy_statements

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TENANT_TABLES = ["segment", "segment_version", "segment_chunk", "segment_refresh", "segment_flip"]
INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.add_column("refund", sa.Column("refunded_after_fen", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "mirror_cursor",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("latest_at", INSTANT, nullable=True),
        sa.Column("applied_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("mirror_cursor_pk")),
        info={"directory": True},
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "mirror_lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("mirror_lease_pk")),
        info={"directory": True},
    )
    _segments()
    for table in TENANT_TABLES:
        for statement in policy_statements(table):
            op.execute(statement)


def _segments() -> None:
    op.create_table(
        "segment",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("segment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("error", postgresql.JSONB(), nullable=True),
        sa.Column("size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("members_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("backfilled_at", INSTANT, nullable=True),
        sa.Column("refreshed_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "segment_id", name=op.f("segment_pk")),
        sa.UniqueConstraint("merchant_id", "slug", name=op.f("segment_merchant_id_slug_key")),
    )
    op.create_table(
        "segment_version",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("segment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rule", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "segment_id", "version", name=op.f("segment_version_pk")),
    )
    op.create_table(
        "segment_chunk",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("segment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chunk", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "segment_id", "chunk", name=op.f("segment_chunk_pk")),
    )
    op.create_table(
        "segment_refresh",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("refresh_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("entered", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "refresh_id", name=op.f("segment_refresh_pk")),
    )
    op.create_index("segment_refresh_by_time", "segment_refresh", ["merchant_id", "segment_id", "at"], unique=False)
    op.create_table(
        "segment_flip",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("refresh_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("entered", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "refresh_id", "member_id", name=op.f("segment_flip_pk")),
    )
    op.create_index(
        "segment_flip_by_member", "segment_flip", ["merchant_id", "member_id", "segment_id", "at"], unique=False
    )


def downgrade() -> None:
    for table in (*reversed(TENANT_TABLES), "mirror_lease", "mirror_cursor"):
        op.drop_table(table)
    op.drop_column("refund", "refunded_after_fen")
