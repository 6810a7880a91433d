"""tiers: several ladders in versions, what staff give by hand, gifts, and who is to be counted again"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shuke.kit.db import policy_statements

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)
TENANT_TABLES = ["tier_by_hand", "tier_gift", "tier_ladder", "tier_recount"]


def _whole(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), **{"nullable": False} | more)  # type: ignore[arg-type]


def _key(name: str) -> sa.Column:
    return _whole(name, autoincrement=False)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '5min'")
    op.create_table(
        "tier_ladder",
        _key("merchant_id"),
        _key("ladder_id"),
        _key("version"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), server_default="", nullable=False),
        sa.Column("terms", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("levels", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default="live", nullable=False),
        sa.Column("from_at", INSTANT, nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("published_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "ladder_id", "version", name=op.f("tier_ladder_pk")),
    )
    op.create_table(
        "tier_by_hand",
        _key("merchant_id"),
        _key("member_id"),
        _key("act_id"),
        _whole("ladder_id"),
        _whole("level", nullable=True),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "member_id", "act_id", name=op.f("tier_by_hand_pk")),
    )
    op.create_table(
        "tier_gift",
        _key("merchant_id"),
        _key("member_id"),
        sa.Column("key", sa.Text(), nullable=False),
        _whole("ladder_id"),
        _whole("level"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("given", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "member_id", "key", name=op.f("tier_gift_pk")),
    )
    op.create_table(
        "tier_recount",
        _key("merchant_id"),
        _key("member_id"),
        sa.PrimaryKeyConstraint("merchant_id", "member_id", name=op.f("tier_recount_pk")),
    )
    _copy_levels()
    op.add_column("member_tier", sa.Column("ladder_id", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("member_tier", sa.Column("counts", postgresql.JSONB(), server_default="{}", nullable=False))
    op.add_column("member_tier", sa.Column("under", postgresql.JSONB(), nullable=True))
    op.drop_constraint("member_tier_pk", "member_tier")
    op.create_primary_key("member_tier_pk", "member_tier", ["merchant_id", "member_id", "ladder_id"])
    op.add_column("tier_change", sa.Column("ladder_id", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index("tier_change_by_time", "tier_change", ["merchant_id", "at"], unique=False)
    for table in TENANT_TABLES:
        for statement in policy_statements(table):
            op.execute(statement)


def _copy_levels() -> None:
    """The one ladder of every merchant becomes the first version of the main one; its old table goes."""
    op.execute("alter table tier_level no force row level security")
    op.execute("alter table tier_level disable row level security")
    op.execute(
        "insert into tier_ladder (merchant_id, ladder_id, version, name, name_en, levels, from_at, published_at) "
        "select merchant_id, 0, 1, '会员等级', 'Member tiers', jsonb_agg(jsonb_build_object('level', level, 'name', name, "
        "'name_en', name_en, 'threshold', threshold_fen, 'multiplier_percent', multiplier_percent, 'benefits', "
        "'[]'::jsonb) order by threshold_fen, level), '1970-01-01T00:00:00Z', now() from tier_level group by merchant_id"
    )
    op.drop_table("tier_level")


def downgrade() -> None:
    op.create_table(
        "tier_level",
        _key("merchant_id"),
        _key("level"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), server_default="", nullable=False),
        _whole("threshold_fen"),
        _whole("multiplier_percent", server_default="100"),
        sa.PrimaryKeyConstraint("merchant_id", "level", name=op.f("tier_level_pk")),
    )
    for statement in policy_statements("tier_level"):
        op.execute(statement)
    op.drop_index("tier_change_by_time", "tier_change")
    op.drop_column("tier_change", "ladder_id")
    op.execute("delete from member_tier where ladder_id <> 0")
    op.drop_constraint("member_tier_pk", "member_tier")
    op.create_primary_key("member_tier_pk", "member_tier", ["merchant_id", "member_id"])
    for column in ("ladder_id", "counts", "under"):
        op.drop_column("member_tier", column)
    for table in TENANT_TABLES:
        op.drop_table(table)
