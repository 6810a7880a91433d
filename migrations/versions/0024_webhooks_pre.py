"""webhooks: addresses of other systems, and what they were told"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shuke.kit.db import policy_statements

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TENANT_TABLES = ["webhook", "webhook_delivery"]
INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.create_table(
        "webhook",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("events", postgresql.JSONB(), nullable=False),
        sa.Column("segments", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "webhook_id", name=op.f("webhook_pk")),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("refresh_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("after_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_at", INSTANT, nullable=True),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("merchant_id", "delivery_id", name=op.f("webhook_delivery_pk")),
        sa.UniqueConstraint(
            "merchant_id", "webhook_id", "refresh_id", "event", "after_id",
            name="webhook_delivery_once",
        ),
    )  # fmt: skip
    op.create_index("webhook_delivery_due", "webhook_delivery", ["merchant_id", "next_at"])
    for table in TENANT_TABLES:
        for statement in policy_statements(table):
            op.execute(statement)


def downgrade() -> None:
    for table in TENANT_TABLES:
        op.drop_table(table)
