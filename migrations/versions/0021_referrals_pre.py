"""Referrals: plans, personal codes, who brought whom, links opened on devices, and boards that are over."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shuke.kit.db import policy_statements

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TENANT_TABLES = [
    "referral", "referral_board", "referral_code", "referral_device", "referral_plan", "referral_touch",
]  # fmt: skip
INSTANT = postgresql.TIMESTAMP(timezone=True)
JSON = postgresql.JSONB()


def _number(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _words(name: str, default: str = "") -> sa.Column:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False)


def _at(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, INSTANT, nullable=nullable)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.create_table(
        "referral_plan",
        _number("merchant_id"),
        _number("version"),
        _text("state"),
        sa.Column("plan", JSON, nullable=False),
        _at("published_at"),
        _words("published_by"),
        sa.PrimaryKeyConstraint("merchant_id", "version", name=op.f("referral_plan_pk")),
    )
    _relations()
    _devices()
    op.create_table(
        "referral_board",
        _number("merchant_id"),
        _text("period"),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("winners", JSON, server_default="[]", nullable=False),
        _at("closed_at"),
        sa.PrimaryKeyConstraint("merchant_id", "period", "starts_on", name=op.f("referral_board_pk")),
    )
    for table in TENANT_TABLES:
        for statement in policy_statements(table):
            op.execute(statement)


def _relations() -> None:
    op.create_table(
        "referral",
        _number("merchant_id"),
        _number("referral_id"),
        _number("friend_id"),
        _number("referrer_id"),
        _number("friend_was"),
        _number("referrer_was"),
        _text("how"),
        _words("code"),
        _number("version"),
        sa.Column("flags", JSON, server_default="[]", nullable=False),
        _words("review", "none"),
        _words("state", "waiting"),
        _words("reason"),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        _at("order_at", nullable=True),
        _at("due_at", nullable=True),
        _at("settled_at", nullable=True),
        sa.Column("capped", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("given", JSON, server_default="[]", nullable=False),
        _words("decided_by"),
        _at("decided_at", nullable=True),
        _at("occurred_at"),
        _at("recorded_at"),
        sa.PrimaryKeyConstraint("merchant_id", "referral_id", name=op.f("referral_pk")),
    )
    open_ones = sa.text("state in ('waiting', 'ordered')")
    payable = sa.text("state = 'ordered' and review in ('none', 'accepted')")
    op.create_index(
        "referral_by_friend", "referral", ["merchant_id", "friend_id"], unique=True,
        postgresql_where=sa.text("state <> 'void'"),
    )  # fmt: skip
    op.create_index("referral_by_referrer", "referral", ["merchant_id", "referrer_id", "occurred_at"], unique=False)
    op.create_index(
        "referral_by_order", "referral", ["merchant_id", "order_id"], unique=False,
        postgresql_where=sa.text("order_id is not null"),
    )  # fmt: skip
    op.create_index("referral_due", "referral", ["merchant_id", "due_at"], unique=False, postgresql_where=payable)
    op.create_index(
        "referral_settled", "referral", ["merchant_id", "settled_at"], unique=False,
        postgresql_where=sa.text("state = 'rewarded'"),
    )  # fmt: skip
    op.create_index(
        "referral_open", "referral", ["merchant_id", "review", "referral_id"], unique=False, postgresql_where=open_ones
    )


def _devices() -> None:
    op.create_table(
        "referral_code",
        _number("merchant_id"),
        _text("code"),
        _number("member_id"),
        _number("issued_to"),
        _at("issued_at"),
        sa.PrimaryKeyConstraint("merchant_id", "code", name=op.f("referral_code_pk")),
        sa.UniqueConstraint("merchant_id", "issued_to", name=op.f("referral_code_merchant_id_issued_to_key")),
    )
    op.create_index("referral_code_by_member", "referral_code", ["merchant_id", "member_id"], unique=False)
    op.create_table(
        "referral_touch",
        _number("merchant_id"),
        _text("device"),
        _text("code"),
        _at("touched_at"),
        sa.PrimaryKeyConstraint("merchant_id", "device", "code", name=op.f("referral_touch_pk")),
    )
    op.create_index("referral_touch_by_age", "referral_touch", ["merchant_id", "touched_at"], unique=False)
    op.create_table(
        "referral_device",
        _number("merchant_id"),
        _text("device"),
        _number("member_id"),
        _at("seen_at"),
        sa.PrimaryKeyConstraint("merchant_id", "device", "member_id", name=op.f("referral_device_pk")),
    )
    op.create_index("referral_device_by_member", "referral_device", ["merchant_id", "member_id"], unique=False)


def downgrade() -> None:
    for table in TENANT_TABLES:
        op.drop_table(table)
