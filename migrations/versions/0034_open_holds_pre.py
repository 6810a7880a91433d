"""points: holds that have ended are found without reading all that ever were"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.create_index("hold_open", "hold", ["merchant_id", "expires_at"], postgresql_where=sa.text("state = 'open'"))


def downgrade() -> None:
    op.drop_index("hold_open", table_name="hold")
