"""kit: flips are read by a reader of their own

It begins where the reader that heard them until now stands; what of theirs was set aside is its to try again.
"""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def _hand_over(before: str, after: str) -> None:
    op.execute("alter table dead_letter no force row level security")
    op.execute(f"update dead_letter set reader = '{after}' where reader = '{before}' and kind = 'segment_refreshed'")
    op.execute("alter table dead_letter force row level security")


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("set local statement_timeout = '30s'")
    op.execute(
        "insert into relay_cursor (merchant_id, reader, seq, moved_at) "
        "select merchant_id, 'flips', seq, moved_at from relay_cursor where reader = 'reactions' on conflict do nothing"
    )
    _hand_over("reactions", "flips")


def downgrade() -> None:
    _hand_over("flips", "reactions")
    op.execute("delete from relay_cursor where reader = 'flips'")
