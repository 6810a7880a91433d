"""segments: Who rewords one may say why"""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.execute("alter table segment_version add column reason text not null default ''")


def downgrade() -> None:
    op.execute("alter table segment_version drop column reason")
