"""members by heir, and by the date they joined or were first seen"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.drop_index("member_by_joined", table_name="member")
    op.create_index(
        "member_by_joined",
        "member",
        ["merchant_id", sa.text("(coalesce(joined_at, created_at))"), "member_id"],
        unique=False,
    )
    op.create_index(
        "member_by_heir", "member", ["merchant_id", "merged_into"], unique=False,
        postgresql_where=sa.text("merged_into is not null"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("member_by_heir", table_name="member")
    op.drop_index("member_by_joined", table_name="member")
    op.create_index("member_by_joined", "member", ["merchant_id", "joined_at", "member_id"], unique=False)
