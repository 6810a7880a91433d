"""Journeys taken in by ranges, the look of messages, offers by order, and what is due at which merchant."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shuke.kit.db import policy_statements

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TENANT_TABLES = ["journey_run"]
INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.create_table(
        "due",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "kind", name=op.f("due_pk")),
        info={"directory": True},
    )
    op.create_index("due_by_time", "due", ["at"], unique=False)
    op.add_column("message", sa.Column("link", sa.Text(), server_default="", nullable=False))
    op.add_column("message", sa.Column("batch_id", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index("message_by_journey", "message", ["merchant_id", "journey_id", "created_at"], unique=False)
    op.create_index("message_by_batch", "message", ["merchant_id", "batch_id"], unique=False)
    op.create_index(
        "offer_grant_by_order",
        "offer_grant",
        ["merchant_id", "order_id"],
        unique=False,
        postgresql_where=sa.text("order_id is not null"),
    )
    op.create_index(
        "journey_by_segment",
        "journey",
        ["merchant_id", "segment_slug"],
        unique=False,
        postgresql_where=sa.text("state = 'live'"),
    )
    op.create_table(
        "journey_run",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("journey_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("refresh_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("after_member", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("entered", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("merchant_id", "journey_id", "refresh_id", name=op.f("journey_run_pk")),
    )
    op.create_index(
        "journey_run_waiting",
        "journey_run",
        ["merchant_id", "journey_id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    for table in TENANT_TABLES:
        for statement in policy_statements(table):
            op.execute(statement)
    op.add_column("journey_member", sa.Column("state", sa.Text(), server_default="active", nullable=False))
    op.add_column("journey_member", sa.Column("version", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("journey_member", sa.Column("next_step", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("journey_member", sa.Column("due_at", INSTANT, nullable=True))
    op.create_index(
        "journey_member_due",
        "journey_member",
        ["merchant_id", "journey_id", "member_id"],
        unique=False,
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index(
        "journey_member_by_entry",
        "journey_member",
        ["merchant_id", "journey_id", "entered_at", "member_id"],
        unique=False,
    )
