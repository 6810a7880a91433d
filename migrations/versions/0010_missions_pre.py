"""Check-in and missions: plans, checked days, missions, members' progress and what counted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shuke.kit.db import policy_statements

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TENANT_TABLES = ["check_in", "check_in_plan", "mission", "mission_mark", "mission_progress"]
INSTANT = postgresql.TIMESTAMP(timezone=True)
JSON = postgresql.JSONB()


def _number(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _words(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.create_table(
        "check_in_plan",
        _number("merchant_id"),
        _number("version"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("plan", JSON, nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        _words("published_by"),
        sa.PrimaryKeyConstraint("merchant_id", "version", name=op.f("check_in_plan_pk")),
    )
    op.create_table(
        "check_in",
        _number("merchant_id"),
        _number("member_id"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("streak", sa.BigInteger(), nullable=False),
        sa.Column("milestones", JSON, server_default="[]", nullable=False),
        sa.Column("given", JSON, server_default="[]", nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "member_id", "day", name=op.f("check_in_pk")),
    )
    op.create_index("check_in_by_day", "check_in", ["merchant_id", "day"], unique=False)
    _missions()
    for table in TENANT_TABLES:
        for statement in policy_statements(table):
            op.execute(statement)


def _missions() -> None:
    op.create_table(
        "mission",
        _number("merchant_id"),
        _number("mission_id"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("plan", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("published_at", INSTANT, nullable=True),
        sa.Column("ends_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("merchant_id", "mission_id", name=op.f("mission_pk")),
    )
    op.create_table(
        "mission_progress",
        _number("merchant_id"),
        _number("mission_id"),
        _number("member_id"),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("counts", JSON, nullable=False),
        _words("proof"),
        _words("reason"),
        sa.Column("given", JSON, server_default="[]", nullable=False),
        _words("decided_by"),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("claimed_at", INSTANT, nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint(
            "merchant_id", "mission_id", "member_id", "starts_on", name=op.f("mission_progress_pk")
        ),
    )
    op.create_index("mission_progress_by_member", "mission_progress", ["merchant_id", "member_id"], unique=False)
    op.create_index(
        "mission_progress_to_review",
        "mission_progress",
        ["merchant_id", "claimed_at", "mission_id", "member_id", "starts_on"],
        unique=False,
        postgresql_where=sa.text("state = 'in_review'"),
    )
    op.create_table(
        "mission_mark",
        _number("merchant_id"),
        _number("mission_id"),
        _number("member_id"),
        sa.Column("starts_on", sa.Date(), nullable=False),
        _number("step"),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "merchant_id", "mission_id", "member_id", "starts_on", "step", "mark", name=op.f("mission_mark_pk")
        ),
    )


def downgrade() -> None:
    for table in TENANT_TABLES:
        op.drop_table(table)
