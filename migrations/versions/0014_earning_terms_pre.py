"""Rules have terms (priority, stacking, caps, budget); counters of what was given; what waits for an order; examples."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shuke.kit.db import policy_statements

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TENANT_TABLES = ["earning_counter", "earning_waiting", "earning_example"]
INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.add_column("earning_rule_version", sa.Column("terms", postgresql.JSONB(), server_default="{}", nullable=False))
    op.create_table(
        "earning_counter",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rule_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("times", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "rule_id", "member_id", "period", name=op.f("earning_counter_pk")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_table(
        "earning_waiting",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("skus", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("used", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "member_id", "event", "ref", name=op.f("earning_waiting_pk")),
    )
    op.create_table(
        "earning_example",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("example_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "example_id", name=op.f("earning_example_pk")),
    )
    for table in TENANT_TABLES:
        for statement in policy_statements(table):
            op.execute(statement)


def downgrade() -> None:
    for table in reversed(TENANT_TABLES):
        op.drop_table(table)
    op.drop_column("earning_rule_version", "terms")
