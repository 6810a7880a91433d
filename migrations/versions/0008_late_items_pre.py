"""late items are kept once per outside key"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.create_unique_constraint(
        "late_item_merchant_id_source_kind_key_key", "late_item", ["merchant_id", "source", "kind", "key"]
    )


def downgrade() -> None:
    op.drop_constraint("late_item_merchant_id_source_kind_key_key", "late_item")
