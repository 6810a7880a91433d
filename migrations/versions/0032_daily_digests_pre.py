"""digests: one digest a day over the hash chain"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shuke.kit.db import policy_statements

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)
TENANT_TABLES = ["daily_digest"]


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.create_table(
        "daily_digest",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("after_seq", "seq", "links", "entries", "points")
        ),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ("head", "previous", "digest")),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "day", name=op.f("daily_digest_pk")),
    )
    for table in TENANT_TABLES:
        for statement in policy_statements(table):
            op.execute(statement)
        op.execute(f"revoke update, delete, truncate on {table} from current_user")  # made once, never changed


def downgrade() -> None:
    for table in TENANT_TABLES:
        op.drop_table(table)
