"""tags: A merchant's own tags and groups have an English name beside their own"""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    for table in ("tag", "tag_group"):
        op.execute(f"alter table {table} add column name_en text not null default ''")


def downgrade() -> None:
    for table in ("tag_group", "tag"):
        op.execute(f"alter table {table} drop column name_en")
