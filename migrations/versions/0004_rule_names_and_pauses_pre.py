"""Every version of a rule carries its own name, and a pause is a version too."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.add_column("earning_rule_version", sa.Column("name", sa.Text(), server_default="", nullable=False))
    op.add_column("earning_rule_version", sa.Column("pause", sa.Boolean(), server_default="false", nullable=False))
