"""rewards: prizes of draws, their stock and who won them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shuke.kit.db import policy_statements

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)
TENANT_TABLES = ["prize_stock", "prize_won"]


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.create_table(
        "prize_stock",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("draw", sa.Text(), nullable=False),
        sa.Column("prize", sa.Text(), nullable=False),
        sa.Column("won", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "draw", "prize", name=op.f("prize_stock_pk")),
    )
    op.create_table(
        "prize_won",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("draw", sa.Text(), nullable=False),
        sa.Column("prize", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("collected_at", INSTANT, nullable=True),
        sa.Column("collected_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "key", name=op.f("prize_won_pk")),
    )
    op.create_index("prize_won_by_member", "prize_won", ["merchant_id", "member_id", "at"], unique=False)
    for table in TENANT_TABLES:
        for statement in policy_statements(table):
            op.execute(statement)


def downgrade() -> None:
    for table in TENANT_TABLES:
        op.drop_table(table)
