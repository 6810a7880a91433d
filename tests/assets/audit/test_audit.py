"""The auditor finds what does not fit, wherever it is, and names it; it finds nothing in a ledger that was left alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from shuke.assets import audit
from shuke.kit.db import Database, Tx
from tests.assets.points.test_verbs import DAY, T0, credit, debit, post

GUARDED = ("entry", "consumption", "chain_link", "outbox", "daily_digest")


@asynccontextmanager
async def forger(database: Database, merchant_id: int) -> AsyncIterator[Tx]:
    """A transaction in which the append-only tables may be changed."""
    async with database.directory() as tx:
        for table in GUARDED:
            await tx.run(f"grant update, delete on {table} to current_user")
    try:
        async with database.write(merchant_id) as tx:
            yield tx
    finally:
        async with database.directory() as tx:
            for table in GUARDED:
                await tx.run(f"revoke update, delete on {table} from current_user")


FORGERIES = [
    (
        "update account set balance = balance + 5 where merchant_id = %(merchant_id)s and member_id = 1",
        "balance_is_fold",
    ),
    ("update account set debt = debt + 5 where merchant_id = %(merchant_id)s and member_id = 1", "debt_is_fold"),
    ("update account set held = 5 where merchant_id = %(merchant_id)s and member_id = 1", "held_is_open_holds"),
    ("delete from account where merchant_id = %(merchant_id)s and member_id = 2", "balance_is_fold"),
    ("update lot set remaining = remaining - 1 where merchant_id = %(merchant_id)s and member_id = 1", "lot_remaining"),
    (
        "update lot set granted = granted + 1, remaining = remaining + 1 where merchant_id = %(merchant_id)s and member_id = 2",
        "entry_is_parts",
    ),
    ("update lot set member_id = 9 where merchant_id = %(merchant_id)s and member_id = 2", "nothing_hangs_loose"),
    (
        "update lot set active_from = active_from + interval '1 year' where merchant_id = %(merchant_id)s and member_id = 1",
        "spent_within_life",
    ),
    ("update entry set points = points + 1 where merchant_id = %(merchant_id)s and key = 'a'", "entries_are_sealed"),
    ("update entry set key = 'other' where merchant_id = %(merchant_id)s and key = 'a'", "entries_are_sealed"),
    ("delete from entry where merchant_id = %(merchant_id)s and key = 'b'", "entries_are_sealed"),
    (
        "update consumption c set lot_id = l.lot_id from lot l where c.merchant_id = %(merchant_id)s "
        "and l.merchant_id = %(merchant_id)s and l.member_id = 1 and l.remaining = 100",
        "replay",
    ),
    (
        "update chain_link set digest = sha256(digest), hash = sha256(hash) where merchant_id = %(merchant_id)s "
        "and seq = (select max(seq) from chain_link where merchant_id = %(merchant_id)s)",
        "chain_holds",
    ),
    ("delete from outbox where merchant_id = %(merchant_id)s and seq = 1", "log_is_dense"),
]


@pytest.mark.parametrize(
    ("forgery", "check"), FORGERIES, ids=[f"{n}-{check}" for n, (_, check) in enumerate(FORGERIES)]
)
async def test_every_forgery_is_found(database: Database, merchant_id: int, forgery: str, check: str) -> None:
    await post(database, merchant_id, credit(1, 100, "soon", days=5), credit(1, 100, "a"), credit(2, 50, "b"))
    await post(database, merchant_id, debit(1, 20, "c"), at=T0 + DAY)
    before = await audit.audit(database, merchant_id, T0)
    assert (before["differences"], before["found"]) == (0, [])
    async with forger(database, merchant_id) as tx:
        assert await tx.run(forgery) > 0
    result = await audit.audit(database, merchant_id, T0)
    assert result["differences"] > 0
    assert result["checks"][check] > 0, result["checks"]
    named = {found["check"] for found in result["found"]}
    assert named & {check, "order_of_use", "replay_remaining"}
    async with database.read(merchant_id) as tx:
        assert (await audit.last_audit(tx))["differences"] == result["differences"]


async def test_members_of_another_merchant_are_not_seen(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 100, "a"))
    result = await audit.audit(database, merchant_id, T0)
    assert result["totals"] == {
        "points": {
            "earned": 100, "spent": 0, "expired": 0, "clawed_back": 0, "outstanding": 100, "members": 1, "entries": 1,
        }
    }  # fmt: skip
