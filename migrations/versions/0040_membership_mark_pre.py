"""segments: Each tells which refresh last changed who belongs"""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.execute("alter table segment add column mark bigint not null default 0")


def downgrade() -> None:
    op.execute("alter table segment drop column mark")
