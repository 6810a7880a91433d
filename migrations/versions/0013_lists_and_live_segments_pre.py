"""Lists of members; edges of rankings, the clock of live segments, and when a segment was last held against a recompute."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shuke.kit.db import policy_statements

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TENANT_TABLES = ["member_list", "member_list_chunk", "segment_edge", "segment_clock"]
INSTANT = postgresql.TIMESTAMP(timezone=True)


def _number(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.add_column("segment", sa.Column("verified_at", INSTANT, nullable=True))
    op.add_column("segment", sa.Column("difference", postgresql.JSONB(), nullable=True))
    op.create_table(
        "member_list",
        _number("merchant_id"),
        _number("list_id"),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("origin", postgresql.JSONB(), nullable=False),
        sa.Column("size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "list_id", name=op.f("member_list_pk")),
        sa.UniqueConstraint("merchant_id", "slug", name=op.f("member_list_merchant_id_slug_key")),
    )
    op.create_table(
        "member_list_chunk",
        _number("merchant_id"),
        _number("list_id"),
        _number("chunk"),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "list_id", "chunk", name=op.f("member_list_chunk_pk")),
    )
    op.create_table(
        "segment_edge",
        _number("merchant_id"),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.Column("edge", sa.Float(), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "leaf", name=op.f("segment_edge_pk")),
    )
    op.create_table(
        "segment_clock",
        _number("merchant_id"),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("segment_clock_pk")),
    )
    for table in TENANT_TABLES:
        for statement in policy_statements(table):
            op.execute(statement)


def downgrade() -> None:
    for table in reversed(TENANT_TABLES):
        op.drop_table(table)
    op.drop_column("segment", "difference")
    op.drop_column("segment", "verified_at")
