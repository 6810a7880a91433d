"""Rows into orders: wherever they stand in the file, in any number of parts, exactly as one by one."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuke.ground import ingestion
from shuke.ground.ingestion.files import mapping, opening, reading, records, spool
from tests.ground.ingestion.files.world import FAR, HEADER, orders_of, plan_of, put


def _orders(folder: Path, *rows: str, header: str = HEADER):
    return orders_of(plan_of(put(folder, "\n".join([header, *rows]) + "\n")), folder / "spool")


def test_rows_of_an_order_need_not_stand_together(tmp_path: Path) -> None:
    orders, flaws, _ = _orders(
        tmp_path,
        "B,2026-01-02 10:00,m2,s1,pos,X,1,1.00",
        "A,2026-01-01 10:00,m1,s1,pos,X,1,2.00",
        "B,2026-01-02 10:00,m2,s1,pos,Y,2,3.00",
        "A,2026-01-01 09:59,m1,s1,pos,Z,1,4.00",
    )
    assert not flaws
    assert [(order.order_id, order.rows, order.amount_fen) for order in orders] == [
        ("A", [3, 5], 600),
        ("B", [2, 4], 400),
    ]
    assert orders[0].occurred_at == datetime(2026, 1, 1, 1, 59, tzinfo=UTC)
    assert [line.sku for line in orders[1].lines] == ["X", "Y"]


def test_zero_is_a_number_and_no_sku_is_no_line(tmp_path: Path) -> None:
    orders, flaws, _ = _orders(
        tmp_path,
        "A,2026-01-01,m1,s1,pos,X,0,0.00",
        "B,2026-01-01,,s1,pos,,,88.00",
        "C,2026-01-01,m1,s1,pos,X,1,10.00",
        "C,2026-01-01,m1,s1,pos,,1,5.00",
    )
    assert not flaws
    by_id = {order.order_id: order for order in orders}
    assert by_id["A"].lines == [ingestion.LineIn(sku="X", quantity=0, amount_fen=0)]
    assert (by_id["B"].lines, by_id["B"].amount_fen, by_id["B"].member_id) == ([], 8800, "")
    assert (len(by_id["C"].lines), by_id["C"].amount_fen) == (1, 1500)


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        (",2026-01-01,m,s,pos,X,1,1.00", "order_id", "missing"),
        ("A,,m,s,pos,X,1,1.00", "occurred_at", "missing"),
        ("A,soon,m,s,pos,X,1,1.00", "occurred_at", "not_instant"),
        ("A,2199-01-01,m,s,pos,X,1,1.00", "occurred_at", "future"),
        ("A,2026-01-01,m,s,pos,X,1,", "amount", "missing"),
        ("A,2026-01-01,m,s,pos,X,1,free", "amount", "not_money"),
        ("A,2026-01-01,m,s,pos,X,1,-1.00", "amount", "negative"),
        ("A,2026-01-01,m,s,pos,X,1,1.001", "amount", "too_precise"),
        ("A,2026-01-01,m,s,pos,X,,1.00", "quantity", "missing"),
        ("A,2026-01-01,m,s,pos,X,1.5,1.00", "quantity", "not_count"),
        ("A,2026-01-01,m,s,pos,X,-1,1.00", "quantity", "negative"),
        (f"{'A' * 300},2026-01-01,m,s,pos,X,1,1.00", "order_id", "too_long"),
    ],
)
def test_one_bad_row_rejects_its_order_and_no_other(row: str, field: str, code: str, tmp_path: Path) -> None:
    orders, flaws, read = _orders(tmp_path, "A,2026-01-01,m,s,pos,Y,1,5.00", row, "B,2026-01-01,m,s,pos,X,1,1.00")
    assert read == 3
    assert (3, field, code) in [(flaw.row, flaw.field, flaw.code) for flaw in flaws]
    assert all(flaw.reason and flaw.reason_en for flaw in flaws)
    whole = row.startswith("A,")
    assert [order.order_id for order in orders] == (["B"] if whole else ["A", "B"])
    assert {flaw.row for flaw in flaws} == ({2, 3} if whole else {3})


def test_rows_that_disagree_reject_their_order(tmp_path: Path) -> None:
    orders, flaws, _ = _orders(
        tmp_path,
        "A,2026-01-01,m1,s1,pos,X,1,1.00",
        "A,2026-01-01,m2,s1,pos,Y,1,1.00",
        "B,2026-01-01,m1,s1,pos,X,1,1.00",
        "B,2026-01-01,,s1,,Y,1,1.00",
    )
    assert [(flaw.row, flaw.field, flaw.code) for flaw in flaws] == [
        (2, "member_id", "differs"),
        (3, "member_id", "differs"),
    ]
    assert [(order.order_id, order.member_id, order.channel) for order in orders] == [("B", "m1", "pos")]


def test_the_same_id_of_two_systems_is_two_orders(tmp_path: Path) -> None:
    orders, flaws, _ = _orders(
        tmp_path,
        "1,2026-01-01,m1,s1,pos,X,1,1.00,erp",
        "1,2026-01-02,m2,s1,pos,X,1,2.00,shop",
        header=f"{HEADER},source",
    )
    assert not flaws
    assert [(order.source, order.order_id, order.amount_fen) for order in orders] == [
        ("erp", "1", 100),
        ("shop", "1", 200),
    ]


def test_payments_coupons_and_list_prices(tmp_path: Path) -> None:
    orders, flaws, _ = _orders(
        tmp_path,
        "A,2026-01-01,m1,s1,pos,X,1,80.00,100.00,20.00,,wechat",
        "A,2026-01-01,m1,s1,pos,Y,1,20.00,20.00,,NEW20,alipay",
        "A,2026-01-01,m1,s1,pos,Z,1,5.00,5.00,0,,wechat",
        header=f"{HEADER},list_amount,discount,coupon_code,payment_method",
    )
    assert not flaws
    order = orders[0]
    assert [(line.list_fen, line.discount_fen) for line in order.lines] == [(10000, 2000), (2000, 0), (500, 0)]
    assert order.coupon_code == "NEW20"
    assert [(paid.method, paid.amount_fen) for paid in order.payments] == [("wechat", 8500), ("alipay", 2000)]


amounts = st.one_of(st.integers(0, 10**6), st.none())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 500), amounts), min_size=1, max_size=120), st.integers(1, 7)
)
def test_any_file_in_any_number_of_parts_equals_reading_it_by_hand(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, int | None]], part_rows: int
) -> None:
    folder = tmp_path_factory.mktemp("file")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    lines, by_order = [HEADER], defaultdict(list)
    for number, (order, minutes, fen) in enumerate(rows, 2):
        at = start + timedelta(minutes=minutes)
        written = "?" if fen is None else f"{fen / 100:.2f}"
        lines.append(f"O{order},{at.isoformat()},,,,S{number},1,{written}")
        by_order[f"O{order}"].append((number, at, fen))
    plan = plan_of(put(folder, "\n".join(lines)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "PART_ROWS", part_rows * 5)
        patch.setattr(spool, "RUN_ROWS", part_rows)
        orders, flaws, read = orders_of(plan, folder / "spool")
    expected = []
    for order_id, found in by_order.items():
        if all(fen is not None for _, _, fen in found):
            expected.append(
                (
                    min(at for _, at, _ in found),
                    found[0][0],
                    order_id,
                    [n for n, _, _ in found],
                    sum(f for _, _, f in found),
                )
            )
    assert [(o.occurred_at, o.rows[0], o.order_id, o.rows, o.amount_fen) for o in orders] == sorted(expected)
    kept = {row for order in orders for row in order.rows}
    assert {flaw.row for flaw in flaws} == set(range(2, len(rows) + 2)) - kept
    assert read == len(rows)


def test_a_second_look_takes_what_lies_there(tmp_path: Path) -> None:
    path = put(tmp_path, f"{HEADER}\nA,2026-01-01,m,s,pos,X,1,1.00\nB,2026-01-01,m,s,pos,X,1,x\n")
    plan = plan_of(path)
    first = spool.prepare(plan, tmp_path / "spool", lambda rows: None)
    told: list[int] = []
    assert spool.prepare(plan, tmp_path / "spool", told.append) == first
    assert told == []
    (tmp_path / "spool" / "done.json").unlink()
    assert spool.prepare(plan, tmp_path / "spool", told.append) == first
    assert told == [2]


def test_a_file_that_is_mostly_wrong_stops_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "HOPELESS", 3)
    path = put(tmp_path, f"{HEADER}\n" + "A,2026-01-01,m,s,pos,X,1,x\n" * 10)
    with pytest.raises(spool.Hopeless) as refusal:
        spool.prepare(plan_of(path), tmp_path / "spool", lambda rows: None)
    assert "not an amount" in refusal.value.message_en


def test_refunds_group_by_their_own_id(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        "refund_id,order_id,occurred_at,amount,sku,quantity\nR1,A,2026-02-01,10.00,X,1\nR2,B,2026-02-02,5.00,,\n"
        "R1,A,2026-02-01,2.50,Y,1\nR3,A,2026-02-03,1.00,,\nR3,B,2026-02-03,1.00,,\n",
        "refunds.csv",
    )
    plan = plan_of(path, "refunds")
    spooled = spool.prepare(plan, tmp_path / "spool", lambda rows: None)
    found = [refund for table in spool.merged(tmp_path / "spool") for refund in records.refunds(table)]
    assert [(r.item.refund_id, r.item.order_id, r.item.amount_fen, len(r.item.lines), r.rows) for r in found] == [
        ("R1", "A", 1250, 2, [2, 4]),
        ("R2", "B", 500, 0, [3]),
    ]
    assert [(flaw.row, flaw.field, flaw.code) for flaw in spooled.flaws] == [
        (5, "order_id", "differs"),
        (6, "order_id", "differs"),
    ]


def test_members_events_and_products_come_row_by_row(tmp_path: Path) -> None:
    members = put(
        tmp_path,
        "会员号,手机号,姓名,入会时间,city,birthday,vip,spent\nM1,13800138000,林晓芙,2025-05-20,上海,1992-03-08,是,12.50\n"
        ",,无名,,,,,\nM3,,,,,,maybe,\n",
        "members.csv",
    )
    plan = plan_of(members, "members", types={"vip": "bool", "spent": "number"})
    batches = list(reading.parsed(plan))
    (member,) = [member for batch in batches for member in records.members(batch)]
    assert (member.row, member.member_id, member.phone, member.name) == (2, "M1", "13800138000", "林晓芙")
    assert member.joined_at == datetime(2025, 5, 19, 16, tzinfo=UTC)
    assert member.attributes == {"city": "上海", "birthday": "1992-03-08", "vip": True, "spent": 12.5}
    flaws = sorted((flaw for batch in batches for found in batch.flaws.values() for flaw in found), key=lambda f: f.row)
    assert [(flaw.row, flaw.field, flaw.code) for flaw in flaws] == [
        (3, "member_id", "no_member"),
        (4, "vip", "not_boolean"),
    ]

    events = put(
        tmp_path,
        "event_id,occurred_at,member_id,event,sku,seconds\nE1,2026-01-01,M1,view,A,35\nE2,2026-01-01,M1,,A,\n",
        "e.csv",
    )
    batches = list(reading.parsed(plan_of(events, "events", types={"seconds": "int"})))
    (event,) = [event for batch in batches for event in records.events(batch)]
    assert event.rows == [2]
    assert (event.item.event, event.item.properties) == ("view", {"sku": "A", "seconds": 35})
    assert event.item.member == {"external": "M1"}

    products = put(tmp_path, "sku,product,category,brand,price\nA,精华,护肤,芙颜,239.00\n,x,,,\nB,,,,\n", "p.csv")
    batches = list(reading.parsed(plan_of(products, "products")))
    found = [product for batch in batches for product in records.products(batch)]
    assert [(product.sku, product.price_fen) for product in found] == [("A", 23900), ("B", None)]


def test_headers_are_recognised_and_values_help(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        "小票号,交易时间,会员卡号,门店,货号,件数,实收金额(元),stray,电话号\n"
        "1,2026-01-01 10:00,K1,静安,X,1,9.90,?,13800138000\n",
    )
    plan = plan_of(path)
    assert {ours: take.from_ for ours, take in plan.mapping.columns.items()} == {
        "order_id": "小票号", "occurred_at": "交易时间", "member_id": "会员卡号", "store_id": "门店", "sku": "货号",
        "quantity": "件数", "amount": "实收金额(元)", "phone": "电话号",
    }  # fmt: skip
    source = opening.inspect(put(tmp_path, "a,b,c\nx,2026-01-01,1.50\n", "odd.csv"))
    guessed = mapping.guess("orders", source)
    assert {ours: take.from_ for ours, take in guessed.columns.items()} == {"occurred_at": "b", "amount": "c"}
    assert mapping.lacking("orders", guessed) == ["order_id"]
    assert mapping.preview(source) == [{"a": "x", "b": "2026-01-01", "c": "1.50"}]


def test_a_mapping_says_what_headers_do_not(tmp_path: Path) -> None:
    path = put(tmp_path, "a,b,paid,saved,way,thing\n1,08/03/2026 14:05,1050,200,柜台,X\n", "odd.csv")
    told = {
        "columns": {
            "order_id": "a",
            "occurred_at": {"from": "b", "format": "%d/%m/%Y %H:%M", "zone": "UTC"},
            "amount": {"from": "paid", "unit": "fen"},
            "list_amount": {"from": ["paid", "saved"], "unit": "fen"},
            "channel": {"from": "way", "words": {"柜台": "pos"}},
            "store_id": {"value": "main"},
            "sku": "thing",
        }
    }
    orders, flaws, _ = orders_of(plan_of(path, told=told), tmp_path / "spool")
    assert not flaws
    order = orders[0]
    assert (order.amount_fen, order.channel, order.store_id) == (1050, "pos", "main")
    assert order.lines[0].list_fen == 1250
    assert order.occurred_at == datetime(2026, 3, 8, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "types", "word"),
    [
        ({"order_id": "nowhere"}, None, "nowhere"),
        ({"colour": "a"}, None, "colour"),
        ({"order_id": {"from": "a", "typo": 1}}, None, "typo"),
        ({"order_id": 3}, None, "order_id"),
        ({"order_id": {}}, None, "order_id"),
        (None, {"x": "int"}, "x"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(
    told: dict | None, types: dict | None, word: str, tmp_path: Path
) -> None:
    source = opening.inspect(put(tmp_path, f"{HEADER},a\n"))
    with pytest.raises(mapping.BadMapping) as refusal:
        mapping.decide("orders", source, told, types)
    assert word in refusal.value.message_en


def test_an_unknown_type_is_refused(tmp_path: Path) -> None:
    source = opening.inspect(put(tmp_path, "member_id,age\n1,2\n"))
    with pytest.raises(mapping.BadMapping):
        mapping.decide("members", source, None, {"age": "colour"})
    assert mapping.decide("members", source, None, {"age": "INT"}).further["age"].type == "integer"
    assert mapping.proposed_types(source, mapping.guess("members", source)) == {"age": "integer"}


def test_a_file_without_rows_is_an_empty_import(tmp_path: Path) -> None:
    assert orders_of(plan_of(put(tmp_path, HEADER)), tmp_path / "spool") == ([], [], 0)
    assert FAR > 0
