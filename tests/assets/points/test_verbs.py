"""Posting, spending, sweeping, holding, merging: what the verbs of the ledger promise."""

from datetime import UTC, datetime, timedelta

from shuke.assets import points
from shuke.kit.db import Database

DAY = timedelta(days=1)
T0 = datetime(2026, 3, 1, 4, tzinfo=UTC)


def credit(member: int, amount: int, key: str, at: datetime = T0, days: int | None = 100) -> points.Posting:
    return points.Posting(
        member_id=member, points=amount, type="earn", key=key, why={"zh": "测试", "en": "test"}, occurred_at=at,
        expires_at=None if days is None else at + days * DAY,
    )  # fmt: skip


async def test_smoke(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        verdicts = await points.post(tx, [credit(1, 100, "a"), credit(2, 50, "b"), credit(1, 100, "a")])
    assert [verdict.state for verdict in verdicts] == ["booked", "booked", "repeated"]
    async with database.read(merchant_id) as tx:
        held = await points.balances(tx, [1, 2, 3], T0)
    assert (held[1].available, held[2].available, held[3].available) == (100, 50, 0)
    result = await points.audit(database, merchant_id, T0)
    assert result["found"] == []
    assert result["totals"]["points"]["earned"] == 150
