"""Imports remember their position, and which rows the write path refused."""

import sqlalchemy as sa
from alembic import op

from shuke.kit.db import policy_statements

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TENANT_TABLES = ["import_refusal"]


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.add_column("import_run", sa.Column("position", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("import_run", sa.Column("rate", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("import_run", sa.Column("path", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "import_refusal",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("import_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("row", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "import_id", "row", name=op.f("import_refusal_pk")),
    )
    for table in TENANT_TABLES:
        for statement in policy_statements(table):
            op.execute(statement)
