"""profiles: How many members stand in each RFM cell is kept"""

import sqlalchemy as sa
from alembic import op

from shuke.kit.db import policy_statements

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

TENANT_TABLES = ["profile_cell"]
COUNT = """
insert into profile_cell (merchant_id, grid, cell, members)
select s.merchant_id, g.grid, g.cell, count(*) from profile_score s
cross join lateral (values
    ('eleven', s.scores->>'cell'), ('eight', s.scores->>'cell8'),
    ('map', (s.scores->>'recency') || '-' || (s.scores->>'frequency'))
) as g(grid, cell)
where s.model = 'rfm' and s.scores <> '{}' and g.cell is not null group by 1, 2, 3
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.create_table(
        "profile_cell",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("grid", sa.Text(), nullable=False),
        sa.Column("cell", sa.Text(), nullable=False),
        sa.Column("members", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "grid", "cell", name=op.f("profile_cell_pk")),
    )
    op.execute(
        "alter table profile_score no force row level security"
    )  # of all merchants, which the owner may see only so
    op.execute(COUNT)
    op.execute("alter table profile_score force row level security")
    for table in TENANT_TABLES:
        for statement in policy_statements(table):
            op.execute(statement)


def downgrade() -> None:
    op.drop_table("profile_cell")
