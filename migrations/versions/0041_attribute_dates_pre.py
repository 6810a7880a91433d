"""members: dated values of attributes are kept, so that older ones may come later"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shuke.kit.db import policy_statements

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)
TENANT_TABLES = ["member_attribute_date"]


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.create_table(
        "member_attribute_date",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("value", postgresql.JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("merchant_id", "member_id", "name", "since", name=op.f("member_attribute_date_pk")),
    )
    for table in TENANT_TABLES:
        for statement in policy_statements(table):
            op.execute(statement)


def downgrade() -> None:
    for table in TENANT_TABLES:
        op.drop_table(table)
