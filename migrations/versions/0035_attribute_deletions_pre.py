"""members: attributes that were given up"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shuke.kit.db import policy_statements

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)
TENANT_TABLES = ["attribute_deletion"]


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.create_table(
        "attribute_deletion",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("after_member", sa.BigInteger(), nullable=False),
        sa.Column("members", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "name", name=op.f("attribute_deletion_pk")),
    )
    for table in TENANT_TABLES:
        for statement in policy_statements(table):
            op.execute(statement)


def downgrade() -> None:
    for table in TENANT_TABLES:
        op.drop_table(table)
