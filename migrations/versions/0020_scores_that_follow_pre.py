"""profiles, tags: how far scores follow, stages of life, and tags that follow a score"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shuke.kit.db import policy_statements

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TENANT_TABLES = ["profile_place", "profile_stage"]
INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.create_table(
        "profile_place",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("profile_place_pk")),
    )
    op.create_table(
        "profile_stage",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("words", postgresql.JSONB(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "name", name=op.f("profile_stage_pk")),
    )
    op.add_column("tag", sa.Column("follows", postgresql.JSONB(), nullable=True))
    for table in TENANT_TABLES:
        for statement in policy_statements(table):
            op.execute(statement)


def downgrade() -> None:
    op.drop_column("tag", "follows")
    op.drop_table("profile_stage")
    op.drop_table("profile_place")
