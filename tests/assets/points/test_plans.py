"""What the ledger asks for many at once descends an index for each, also when it was planned on empty tables (decision 0013)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shuke.assets import points
from shuke.assets.points.actions import holding, posting, sweeping
from shuke.kit.db import Database

AT = datetime(2026, 3, 1, tzinfo=UTC)
MEMBERS = {"members": [1, 2], "wallet": points.POINTS}
BOOKED = {
    **MEMBERS, "lots": [3, 4], "entries": [5, 6], "owners": [1, 2], "sums": [7, 8], "at": AT, "batch_id": 9, "limit": 10,
}  # fmt: skip
ASKED: dict[str, tuple[str, dict[str, Any], str]] = {
    "keys booked before": (posting.BOOKED, {"keys": ["a", "b"]}, "(key >= k.key)"),
    "lots of members": (posting.LOTS, MEMBERS, "(member_id = m.member_id)"),
    "lots to spend from": (posting.FIRST_LOTS, {**MEMBERS, "enough": [5, 6], "at": AT}, "(member_id = m.member_id)"),
    "holds by key": (holding.BY_KEY, {"keys": ["a", "b"], "wallet": points.POINTS}, "(key >= k.key)"),
    "lots that ran out": (sweeping.DUE, BOOKED, "(expires_at <= "),
    "holds that ended": (sweeping.ENDED, BOOKED, "(expires_at <= "),
    "what ran out of members": (sweeping.RAN_OUT, BOOKED, "(member_id >= m.member_id)"),
    "their entries": (sweeping.EXPIRE, BOOKED, "(lot_id = d.lot_id)"),
    "what these took": (sweeping.TAKE, BOOKED, "(lot_id = d.lot_id)"),
    "their emptied lots": (sweeping.EMPTY, BOOKED, "Conflict Arbiter Indexes: lot_pk"),
    "their balances": (sweeping.LESS, BOOKED, "Conflict Arbiter Indexes: account_pk"),
}


@pytest.mark.parametrize("name", ASKED)
async def test_each_is_found_by_its_own_key(database: Database, merchant_id: int, name: str) -> None:
    statement, params, condition = ASKED[name]
    async with database.write(merchant_id, hot=True) as tx:
        (answer,) = await tx.together((f"explain (costs off) {statement}", params))
        lines = [row[0].strip() for row in await answer.fetchall()]
    plan = "\n".join(lines)
    assert any(condition in line for line in lines if line.startswith(("Index Cond:", "Conflict"))), plan
    for whole in ("Seq Scan", "Hash Join", "Merge Join"):
        assert whole not in plan, plan
