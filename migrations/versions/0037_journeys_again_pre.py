"""journeys: a member may take part again, and takes the passage along when merged"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.add_column("journey", sa.Column("again_days", sa.BigInteger(), nullable=True))
    for table in ("journey_member", "journey_effect"):
        op.add_column(table, sa.Column("round", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("journey_member", sa.Column("keyed_as", sa.Text(), nullable=True))
    op.drop_constraint("journey_member_pk", "journey_member")
    op.create_primary_key("journey_member_pk", "journey_member", ["merchant_id", "journey_id", "member_id", "round"])
    op.drop_constraint("journey_effect_pk", "journey_effect")
    op.create_primary_key(
        "journey_effect_pk", "journey_effect", ["merchant_id", "journey_id", "member_id", "round", "step"]
    )


def downgrade() -> None:
    for table in ("journey_effect", "journey_member"):
        op.execute(f"delete from {table} where round <> 1")
    op.drop_constraint("journey_effect_pk", "journey_effect")
    op.create_primary_key("journey_effect_pk", "journey_effect", ["merchant_id", "journey_id", "member_id", "step"])
    op.drop_constraint("journey_member_pk", "journey_member")
    op.create_primary_key("journey_member_pk", "journey_member", ["merchant_id", "journey_id", "member_id"])
    op.drop_column("journey_member", "keyed_as")
    for table in ("journey_effect", "journey_member"):
        op.drop_column(table, "round")
    op.drop_column("journey", "again_days")
