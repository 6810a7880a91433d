"""A file of past movements through the ledger's own verb: in its order, as of each row's instant, repeatable."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shuke.assets import audit, points
from shuke.doors import replaying
from shuke.ground import members
from shuke.kit import clock
from shuke.kit.db import Database
from tests.statements import counted

ZONE = "Asia/Shanghai"
HEAD = "occurred_at,member_id,kind,points,key,valid_days\n"
YEAR = """2024-01-01T10:00:00+08:00,林小美,earn,100,e1,30
2024-01-10T10:00:00+08:00,林小美,earn,50,e2,
2024-01-20T10:00:00+08:00,林小美,redeem,120,r1,
2024-01-31T10:00:00+08:00,林小美,redeem,31,r2,
2024-02-01T10:00:00+08:00,王静,earn,80,e3,10
2024-02-11T10:00:00+08:00,王静,redeem,1,r3,
2024-02-10T10:00:00+08:00,王静,redeem,30,r4,
2024-03-01,王静,earn,20,e1,
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "积分.csv"
    path.write_text(HEAD + text, encoding="utf-8-sig")
    return path


async def run(database: Database, merchant_id: int, path: Path, as_of: datetime | None = None) -> dict:
    return await replaying.replay(database, merchant_id, ZONE, path, as_of or clock.now())


async def test_each_row_is_judged_as_of_its_instant(database: Database, merchant_id: int, tmp_path: Path) -> None:
    """r2 and r3 come at the very instant at which a lot runs out; r4 stands later in the file and happened before."""
    path = written(tmp_path, YEAR)
    found = await run(database, merchant_id, path, datetime(2024, 2, 5, tzinfo=UTC))
    assert (found["rows"], found["accepted"], found["repeated"], found["refused"]) == (8, 5, 0, 3)
    assert found["reasons"] == {"not_enough_points": 2, "booked_differently": 1}
    assert [(one["row"], one["key"]) for one in found["refusals"]] == [(5, "r2"), (7, "r3"), (9, "e1")]
    totals = found["totals"]
    assert (totals["earned"], totals["used"], totals["expired"], totals["available"]) == (230, 120, 0, 110)
    later = (await run(database, merchant_id, path))["totals"]
    assert (later["earned"], later["used"], later["expired"], later["available"]) == (230, 150, 50, 30)
    swept = await points.sweep_merchant(database, merchant_id, clock.now())
    assert (swept.lots, swept.points) == (1, 50)
    swept_totals = (await run(database, merchant_id, path))["totals"]
    assert {**swept_totals, "as_of": later["as_of"]} == later
    assert (await audit.audit(database, merchant_id, clock.now()))["differences"] == 0


async def test_the_same_file_again_changes_nothing(database: Database, merchant_id: int, tmp_path: Path) -> None:
    path = written(tmp_path, YEAR)
    at = datetime(2025, 1, 1, tzinfo=UTC)
    first = await run(database, merchant_id, path, at)
    more = written(tmp_path, "2023-12-31T10:00:00+08:00,林小美,earn,500,e0,\n")
    await run(database, merchant_id, more, at)
    again = await run(database, merchant_id, written(tmp_path, YEAR), at)
    assert (again["accepted"], again["repeated"], again["refused"]) == (0, first["accepted"], first["refused"])
    assert again["refusals"] == first["refusals"]
    assert again["totals"]["available"] == first["totals"]["available"] + 500


async def test_rows_that_cannot_be_read_are_refused_by_number(
    database: Database, merchant_id: int, tmp_path: Path
) -> None:
    rows = ["2024-01-01,1,earn,0,a,", "gestern,1,earn,5,b,", "2024-01-01,1,gift,5,c,", "2024-01-01,,earn,5,d,"]
    found = await run(database, merchant_id, written(tmp_path, "\n".join([*rows, "2024-01-01,1,earn,5,f,x"]) + "\n"))
    assert (found["accepted"], found["reasons"]) == (0, {"bad_row": 5})
    bare = tmp_path / "bare.csv"
    bare.write_text("member_id,points\n1,2\n")
    with pytest.raises(replaying.ColumnsMissing):
        await run(database, merchant_id, bare)


async def test_a_batch_takes_as_many_statements_as_a_row(database: Database, merchant_id: int) -> None:
    counts = []
    for size in (1, 600):
        rows = [
            replaying.Row(n, f"m{size}-{n % 90}", 5, f"k{size}-{n}", datetime(2024, 1, 1, tzinfo=UTC), None)
            for n in range(size)
        ]
        async with database.write(merchant_id) as tx:
            counting = counted(tx)
            await replaying._book(tx, rows)
            counts.append(counting.count)
    assert counts[0] == counts[1]


async def test_known_members_are_found_by_their_outside_id(
    database: Database, merchant_id: int, tmp_path: Path
) -> None:
    async with database.write(merchant_id) as tx:
        [known] = await members.ensure_members(tx, [{"external": "C-9"}], clock.now())
    await run(database, merchant_id, written(tmp_path, "2024-01-01T00:00:00Z,C-9,earn,7,k,\n"))
    async with database.read(merchant_id) as tx:
        assert (await points.balance(tx, known, clock.now())).available == 7


def test_a_date_alone_is_the_end_of_that_day() -> None:
    assert replaying.read_as_of("2024-01-25", ZONE) == datetime(2024, 1, 25, 15, 59, 59, 999999, tzinfo=UTC)
    assert replaying.read_as_of("2024-01-25T08:00:00+08:00", ZONE) == datetime(2024, 1, 25, tzinfo=UTC)
