"""members: what a merge moved is kept with it, and that it was undone"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.add_column("member_merge", sa.Column("moved", postgresql.JSONB(), server_default="{}", nullable=False))
    op.add_column("member_merge", sa.Column("undone_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("member_merge", sa.Column("undone_by", sa.Text(), nullable=True))


def downgrade() -> None:
    for column in ("undone_by", "undone_at", "moved"):
        op.drop_column("member_merge", column)
