"""ingestion: An import tells how many orders have no member"""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.execute("alter table import_run add column memberless bigint not null default 0")


def downgrade() -> None:
    op.execute("alter table import_run drop column memberless")
