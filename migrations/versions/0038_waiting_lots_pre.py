"""points: what cannot be used yet is found without reading a member's lots"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.create_index(
        "lot_waiting",
        "lot",
        ["merchant_id", "member_id", "active_from"],
        postgresql_where=sa.text("remaining > 0 and active_from > earned_at"),
    )


def downgrade() -> None:
    op.drop_index("lot_waiting", table_name="lot")
