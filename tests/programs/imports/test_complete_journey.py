"""The Complete Journey through the write path: its year becomes members, orders, lines and points, and the books agree."""

from pathlib import Path

import pytest

from shuke.assets import audit
from shuke.doors import setup
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs.imports.actions import running as imports
from tests.ground.ingestion.files.test_complete_journey import DATA, told


@pytest.mark.slow
async def test_the_year_becomes_members_orders_lines_and_money(database: Database, tmp_path: Path) -> None:
    now = clock.now()
    merchant_id = await setup.create_merchant(
        database, slug="complete-journey", name="The Complete Journey", zone="America/New_York", at=now
    )
    for kind, file, mapping in (
        ("products", "products.parquet", "complete-journey-products.json"),
        ("orders", "transactions.parquet", "complete-journey.json"),
    ):
        run = await imports.begin_import(database, merchant_id, kind, DATA / file, told(mapping))  # type: ignore[arg-type]
        done = await imports.run_import(database, merchant_id, run.import_id, tmp_path / kind)
        assert (done.state, done.rejected, done.duplicates) == ("done", 0, 0)
    async with database.read(merchant_id) as tx:
        row = await tx.one(
            "select count(*) as orders, count(distinct member_id) as members, sum(amount_fen) as paid, "
            "sum(jsonb_array_length(lines)) as lines, sum(points_earned) as points, sum(amount_fen / 100) as expected, "
            "count(*) filter (where lines->0->>'category' = '') as unnamed from orders where merchant_id = %(merchant_id)s"
        )
        earned = await tx.value("select sum(points) from entry where merchant_id = %(merchant_id)s")
    assert (row.orders, row.members, row.paid, row.lines) == (155_848, 2_469, 459_603_958, 1_469_307)
    assert row.points == row.expected == earned  # one point for every whole yuan of an order
    assert (await audit.audit(database, merchant_id, clock.now()))["differences"] == 0
