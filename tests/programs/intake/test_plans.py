"""What the write path asks by key descends the index per key, also when it was planned on empty tables (decision 0013)."""

from typing import Any

import pytest

from shuke.assets import points
from shuke.ground import ingestion, members, orders
from shuke.kit.db import Database
from shuke.programs import tiers

KEYS = {"sources": ["api"], "keys": ["order:1"]}
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "receipts": (ingestion.receipts.READ, KEYS),
    "identities": (members.RESOLVE, {"wanted": members.wanted([{"phone": "13800138000"}])}),
    "accounts": (points.LOCK, {"members": [1], "wallet": points.POINTS}),
    "lots": (points.LOTS, {"members": [1], "wallet": points.POINTS}),
    "standings": (tiers.STANDINGS, {"members": [1]}),
    "parked refunds": (orders.PARKED, KEYS),
}


@pytest.mark.parametrize("name", ASKED)
async def test_a_set_of_keys_descends_the_index_for_each(database: Database, merchant_id: int, name: str) -> None:
    """No plan reads a table from end to end, or builds a hash of it."""
    statement, params = ASKED[name]
    async with database.write(merchant_id, hot=True) as tx:
        (answer,) = await tx.together((f"explain (costs off) {statement}", params))
        lines = [row[0].strip() for row in await answer.fetchall()]
    plan = "\n".join(lines)
    assert any(line.startswith(("Index Cond:", "Recheck Cond:")) for line in lines), plan
    for whole in ("Seq Scan", "Hash Join", "Merge Join", "Hash Cond", "Full Join"):
        assert whole not in plan, plan
