"""segments: how far membership follows what happened is kept with it

So that a process that was killed between copying news and asking who changed is found out, and nobody's flip is lost.
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '30s'")
    op.add_column("segment_clock", sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("segment_clock", "seq")
