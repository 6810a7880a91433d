"""Files through the write path: what is accepted, known already, refused, and where a crashed import goes on."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from shuke.ground import ingestion
from shuke.kit.db import Database
from shuke.programs.imports.actions import records
from shuke.programs.imports.actions import running as imports

HEADER = "order_id,occurred_at,member_id,store_id,channel,sku,quantity,amount,phone,product,category,brand"
ROWS = [
    "A,2026-01-02 10:00,m1,hz-hubin,pos,S1,1,100.00,13800138001,精华,护肤,芙颜",
    "B,2026-01-01 09:00,m2,hz-hubin,web,S2,2,50.50,,口红,彩妆,芙颜",
    "A,2026-01-02 10:00,m1,hz-hubin,pos,S2,1,25.25,13800138001,口红,彩妆,芙颜",
    "C,2026-01-03 11:00,,cd-taikoo,mini,,,88.00,,,,",
    "D,2026-01-04 12:00,m1,,,S1,0,0.00,,精华,护肤,芙颜",
    "E,2026-01-04 12:00,m1,,,S1,1,oops,,精华,护肤,芙颜",
    "E,2026-01-04 12:00,m1,,,S2,1,9.00,,口红,彩妆,芙颜",
]


def _put(folder: Path, *rows: str, header: str = HEADER, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


async def _import(database: Database, merchant_id: int, path: Path, kind="orders", **more) -> ingestion.ImportRun:
    run = await imports.begin_import(database, merchant_id, kind, path, **more)
    return await imports.run_import(database, merchant_id, run.import_id, path.parent / f"work-{run.import_id}")


async def _value(database: Database, merchant_id: int, sql: str) -> object:
    async with database.read(merchant_id) as tx:
        return await tx.value(f"{sql} where merchant_id = %(merchant_id)s")


async def _counts(database: Database, merchant_id: int) -> dict[str, object]:
    tables = ("orders", "member", "entry", "product", "store", "receipt", "outbox")
    return {table: await _value(database, merchant_id, f"select count(*) from {table}") for table in tables}


def _numbers(run: ingestion.ImportRun) -> tuple[int, int, int, int]:
    return run.read, run.accepted, run.duplicates, run.rejected


async def test_orders_make_members_stores_products_and_points(
    database: Database, merchant_id: int, tmp_path: Path
) -> None:
    told: list[imports.Progress] = []
    run = await imports.begin_import(database, merchant_id, "orders", _put(tmp_path, *ROWS))
    done = await imports.run_import(database, merchant_id, run.import_id, tmp_path / "work", told.append)
    assert (done.state, _numbers(done), done.total_rows) == ("done", (7, 5, 0, 2), 7)
    assert await _value(database, merchant_id, "select count(*) from member") == 2
    assert await _value(database, merchant_id, "select sum(amount_fen) from orders") == 10000 + 5050 + 2525 + 8800
    assert await _value(database, merchant_id, "select sum(points) from entry") == 125 + 50
    assert await _value(database, merchant_id, "select bool_and(history) from orders") is True
    async with database.read(merchant_id) as tx:
        stores = {row.code for row in await tx.rows("select code from store where merchant_id = %(merchant_id)s")}
        products = await tx.rows(
            "select sku, name, category from product where merchant_id = %(merchant_id)s order by sku"
        )
        first = await tx.value(
            "select source_key from orders where merchant_id = %(merchant_id)s order by order_id limit 1"
        )
        joined = await tx.value("select count(joined_at) from member where merchant_id = %(merchant_id)s")
    assert stores == {"s1", "hz-hubin", "cd-taikoo"}
    assert [tuple(row) for row in products] == [("S1", "精华", "护肤"), ("S2", "口红", "彩妆")]
    assert first == "B"  # what happened first is recorded first
    assert joined == 0
    rejected = (tmp_path / "work" / "rejected.csv").read_text("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in rejected] == ["row", "7", "8"]
    assert "“oops”不是金额" in rejected[1]
    assert not (tmp_path / "work" / "spool").exists()
    assert {progress.phase for progress in told} <= {"reading", "applying"}


async def test_stores_may_appear_at_any_time(
    database: Database, merchant_id: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 2)
    path = _put(tmp_path, *(f"N{n},2026-01-01,m1,store-{n},pos,S,1,1.00,,,," for n in range(9)))
    assert _numbers(await _import(database, merchant_id, path)) == (9, 9, 0, 0)
    assert await _value(database, merchant_id, "select count(distinct store_id) from orders") == 9


async def test_a_second_run_changes_nothing(database: Database, merchant_id: int, tmp_path: Path) -> None:
    path = _put(tmp_path, *ROWS[:5])
    assert _numbers(await _import(database, merchant_id, path)) == (5, 5, 0, 0)
    before = await _counts(database, merchant_id)
    assert _numbers(await _import(database, merchant_id, path)) == (5, 0, 5, 0)
    assert await _counts(database, merchant_id) == before


async def test_the_same_order_with_another_body_is_refused_and_moves_nothing(
    database: Database, merchant_id: int, tmp_path: Path
) -> None:
    await _import(database, merchant_id, _put(tmp_path, *ROWS[:5]))
    before = await _counts(database, merchant_id)
    changed = _put(tmp_path, ROWS[1].replace("50.50", "60.00"), ROWS[3], name="again.csv")
    run = await _import(database, merchant_id, changed)
    assert _numbers(run) == (2, 0, 1, 1)
    assert await _counts(database, merchant_id) == before
    rejected = (tmp_path / f"work-{run.import_id}" / "rejected.csv").read_text("utf-8-sig").splitlines()
    assert rejected[1].startswith("2,")
    assert "B,2026-01-01 09:00" in rejected[1]


class Killed(BaseException):
    """What `kill -9` does to a process, as far as a test can."""


async def test_an_import_that_was_killed_goes_on_where_it_stopped(
    database: Database, merchant_id: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"K{n:03},2026-01-01 00:00:{n % 60:02},m{n % 7},s1,pos,S,1,{n}.00,,,," for n in range(100)]
    rows.insert(50, "BAD,2026-01-01,m1,s1,pos,S,1,x,,,,")
    path = _put(tmp_path, *rows)
    monkeypatch.setattr(imports, "BATCH", 10)
    seen = Counter()

    def die(progress: imports.Progress) -> None:
        seen[progress.phase] += 1
        if progress.phase == "applying" and progress.done >= 40:
            raise Killed

    run = await imports.begin_import(database, merchant_id, "orders", path)
    monkeypatch.setattr(
        imports._Meter,
        "reach",
        lambda self, done: die(imports.Progress(self.phase, setattr(self, "done", done) or done, 0, 0)),
    )
    with pytest.raises(Killed):
        await imports.run_import(database, merchant_id, run.import_id, tmp_path / "work")
    monkeypatch.undo()
    assert await _value(database, merchant_id, "select count(*) from orders") == 40
    moved = path.rename(tmp_path / "moved.csv")
    again = await imports.begin_import(database, merchant_id, "orders", moved)
    assert (again.import_id, again.position) == (run.import_id, 40)
    done = await imports.run_import(database, merchant_id, again.import_id, tmp_path / "work")
    assert _numbers(done) == (101, 100, 0, 1)
    assert await _value(database, merchant_id, "select count(*) from orders") == 100
    assert await _value(database, merchant_id, "select sum(amount_fen) from orders") == sum(range(100)) * 100


async def test_it_runs_once_at_a_time_and_stops_when_cancelled(
    database: Database, merchant_id: int, tmp_path: Path
) -> None:
    path = _put(tmp_path, *ROWS[:5])
    run = await imports.begin_import(database, merchant_id, "orders", path)
    with imports._alone(tmp_path / "work"), pytest.raises(ingestion.imports.ImportBusy):
        await imports.run_import(database, merchant_id, run.import_id, tmp_path / "work")
    async with database.write(merchant_id) as tx:
        await ingestion.imports.cancel_import(tx, run.import_id, run.created_at)
        await ingestion.imports.cancel_import(tx, run.import_id, run.created_at)
    stopped = await imports.run_import(database, merchant_id, run.import_id, tmp_path / "work")
    assert (stopped.state, await _value(database, merchant_id, "select count(*) from orders")) == ("cancelled", 0)
    async with database.write(merchant_id) as tx:
        with pytest.raises(ingestion.imports.ImportNotOpen):
            await ingestion.imports.start_import(tx, run.import_id, {}, run.created_at)


async def test_a_file_changed_meanwhile_fails_the_import(database: Database, merchant_id: int, tmp_path: Path) -> None:
    path = _put(tmp_path, *ROWS[:5])
    run = await imports.begin_import(database, merchant_id, "orders", path)
    _put(tmp_path, *ROWS[:4])
    with pytest.raises(ingestion.formats.source.Unreadable):
        await imports.run_import(database, merchant_id, run.import_id, tmp_path / "work")
    async with database.read(merchant_id) as tx:
        failed = await ingestion.get_import(tx, run.import_id)
    assert failed.state == "failed"
    assert "改动" in (failed.error or "")


async def test_members_with_attributes(database: Database, merchant_id: int, tmp_path: Path) -> None:
    header = "member_id,phone,name,joined_at,city,birthday,gender,vip"
    rows = ["m1,13800138001,林晓芙,2025-05-20,上海,1992-03-08,女,true", "m2,,,,杭州,,,", ",,,,,,,", "m1,,,,上海,,,true"]
    path = _put(tmp_path, *rows, "x,2,3", header=header, name="members.csv")
    run = await _import(database, merchant_id, path, "members", types={"vip": "bool"})
    assert _numbers(run) == (4, 2, 1, 1)
    async with database.read(merchant_id) as tx:
        found = await tx.rows(
            "select name, phone, gender, birthday::text, joined_at::text, attributes from member "
            "where merchant_id = %(merchant_id)s order by member_id"
        )
    assert tuple(found[0])[:4] == ("林晓芙", "13800138001", "女", "1992-03-08")
    assert found[0].joined_at.startswith("2025-05-19 16:00")
    assert found[0].attributes == {"city": "上海", "vip": True}
    assert found[1].attributes == {"city": "杭州"}
    again = await _import(database, merchant_id, path, "members", types={"vip": "bool"})
    assert _numbers(again) == (4, 0, 3, 1)


async def test_products_keep_what_a_file_leaves_open(database: Database, merchant_id: int, tmp_path: Path) -> None:
    header = "sku,product,category,brand,price"
    first = _put(tmp_path, "S1,精华,护肤,芙颜,239.00", "S2,口红,彩妆,,", header=header, name="p.csv")
    assert _numbers(await _import(database, merchant_id, first, "products")) == (2, 2, 0, 0)
    second = _put(
        tmp_path, "S1,,护肤,,", "S2,口红,彩妆,芙颜,99.00", "S2,口红,彩妆,芙颜,99.00", header=header, name="q.csv"
    )
    assert _numbers(await _import(database, merchant_id, second, "products")) == (3, 2, 1, 0)
    async with database.read(merchant_id) as tx:
        rows = await tx.rows(
            "select sku, name, brand, price_fen from product where merchant_id = %(merchant_id)s order by sku"
        )
    assert [tuple(row) for row in rows] == [("S1", "精华", "芙颜", 23900), ("S2", "口红", "芙颜", 9900)]


async def test_events_and_refunds(database: Database, merchant_id: int, tmp_path: Path) -> None:
    await _import(database, merchant_id, _put(tmp_path, *ROWS[:5]))
    header = "event_id,occurred_at,member_id,event,sku,seconds"
    rows = [
        "E1,2026-01-05,m1,view,S1,35",
        "E2,2026-01-05,m9,share,,",
        "E3,2026-01-05,,view,,",
        "E4,2026-01-05,m1,order,,",
    ]
    events = _put(tmp_path, *rows, header=header, name="e.csv")
    run = await _import(database, merchant_id, events, "events", types={"seconds": "int"})
    assert _numbers(run) == (4, 2, 0, 2)
    async with database.read(merchant_id) as tx:
        payload = await tx.value(
            "select payload from outbox where merchant_id = %(merchant_id)s and kind = 'events_recorded' order by seq limit 1"
        )
    assert payload["history"] is True
    assert payload["events"][0]["properties"] == {"sku": "S1", "seconds": 35}

    refunds = _put(
        tmp_path, "R1,A,2026-01-06,25.25", "R2,nowhere,2026-01-06,1.00", "R3,B,2026-01-06,999.00",
        header="refund_id,order_id,occurred_at,amount", name="r.csv",
    )  # fmt: skip
    run = await _import(database, merchant_id, refunds, "refunds")
    assert _numbers(run) == (3, 2, 0, 1)
    assert await _value(database, merchant_id, "select sum(refunded_fen) from orders") == 2525
    assert _numbers(await _import(database, merchant_id, refunds, "refunds")) == (3, 0, 2, 1)


def test_a_verdict_tells_why() -> None:
    body = msgspec.json.encode({"code": "x", "message": "不行", "message_en": "no", "field": "amount_fen"})
    assert records._verdict(imports_answer(422, body)) == records.Refused("amount_fen", "不行", "no")
    assert records._verdict(imports_answer(200, b'{"status":"duplicate","order_id":"1"}')) == "duplicate"
    assert records._verdict(imports_answer(200, b'{"status":"accepted","order_id":"1"}')) == "accepted"


def imports_answer(status: int, body: bytes) -> records.Answer:
    return records.Answer(status, body)


async def test_lines_are_named_by_the_catalogue_where_they_do_not_name_themselves(
    database: Database, merchant_id: int, tmp_path: Path
) -> None:
    products = _put(tmp_path, "S1,精华,护肤,芙颜,239.00", header="sku,product,category,brand,price", name="p.csv")
    await _import(database, merchant_id, products, "products")
    header = HEADER.rsplit(",", 4)[0]
    orders = _put(tmp_path, "A,2026-01-02,m1,,,S1,1,10.00", "A,2026-01-02,m1,,,S2,1,5.00", header=header)
    await _import(database, merchant_id, orders)
    async with database.read(merchant_id) as tx:
        lines = await tx.value("select lines from orders where merchant_id = %(merchant_id)s")
    assert [(line["sku"], line.get("category"), line.get("product")) for line in lines] == [
        ("S1", "护肤", "精华"),
        ("S2", None, None),
    ]
    moved = _put(tmp_path, "S1,精华,美妆,芙颜,239.00", header="sku,product,category,brand,price", name="q.csv")
    await _import(database, merchant_id, moved, "products")
    assert _numbers(await _import(database, merchant_id, orders)) == (2, 0, 2, 0)
    later = _put(tmp_path, "B,2026-01-03,m1,,,S1,1,10.00", header=header, name="later.csv")
    await _import(database, merchant_id, later)
    async with database.read(merchant_id) as tx:
        categories = await tx.rows(
            "select lines->0->>'category' as c from orders where merchant_id = %(merchant_id)s order by order_id"
        )
    assert [row.c for row in categories] == ["护肤", "美妆"]


async def test_a_row_without_sku_beside_others_adds_to_the_amount(
    database: Database, merchant_id: int, tmp_path: Path
) -> None:
    path = _put(tmp_path, "A,2026-01-02,m1,,,S1,1,10.00,,,,", "A,2026-01-02,m1,,,,,5.00,,,,")
    assert _numbers(await _import(database, merchant_id, path)) == (2, 2, 0, 0)
    async with database.read(merchant_id) as tx:
        row = await tx.one(
            "select amount_fen, points_earned, jsonb_array_length(lines) as lines from orders "
            "where merchant_id = %(merchant_id)s"
        )
    assert tuple(row) == (1500, 15, 1)


async def test_a_refused_order_of_somebody_new_leaves_nobody_behind(
    database: Database, merchant_id: int, tmp_path: Path
) -> None:
    await _import(database, merchant_id, _put(tmp_path, "A,2026-01-02,m1,,,S1,1,10.00,,,,"))
    path = _put(tmp_path, "A,2026-01-02,stranger,,,S1,1,10.00,,,,", "B,2026-01-02,m3,,,S1,1,10.00,,,,", name="b.csv")
    assert _numbers(await _import(database, merchant_id, path)) == (2, 1, 0, 1)
    assert await _value(database, merchant_id, "select count(*) from member") == 2
