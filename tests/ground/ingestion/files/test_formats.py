"""The same rows come out of every format and encoding, with the numbers that people see beside them."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shuke.ground.ingestion.files import opening, rejects, spool, templates
from shuke.ground.ingestion.files.flaws import Flaw
from shuke.ground.ingestion.formats import source
from tests.ground.ingestion.files.world import HEADER, orders_of, plan_of, put

ROWS = [
    ("SO-1", "2026-03-08 14:05:00", "M-1", "静安店", "pos", "A-1", 2, 199.5),
    ("SO-1", "2026-03-08 14:05:00", "M-1", "静安店", "pos", "B-1", 1, 0.0),
    ("SO-2", "2026-03-08 15:00:00", "", "静安店", "pos", "A-1", 1, 99.9),
]
TEXT = "\n".join([HEADER, *(",".join(map(str, row)) for row in ROWS)]) + "\n"


def _write(folder: Path, form: str) -> Path:
    names = HEADER.split(",")
    if form.startswith("csv"):
        _, encoding, *zipped = form.split(":")
        return put(folder, TEXT, "orders.csv.gz" if zipped else "orders.csv", encoding)
    if form == "tsv":
        return put(folder, TEXT.replace(",", "\t"), "orders.tsv")
    if form == "jsonl":
        lines = [msgspec.json.encode(dict(zip(names, row, strict=True))).decode() for row in ROWS]
        return put(folder, "\n".join(lines), "orders.jsonl")
    if form == "xlsx":
        book = openpyxl.Workbook()
        for row in (names, *ROWS):
            book.active.append([datetime.fromisoformat(cell) if str(cell).startswith("2026") else cell for cell in row])
        book.save(folder / "orders.xlsx")
        return folder / "orders.xlsx"
    columns = list(zip(*ROWS, strict=True))
    columns[1] = tuple(datetime.fromisoformat(cell) for cell in columns[1])
    pq.write_table(pa.table(columns, names=names), folder / "orders.parquet")
    return folder / "orders.parquet"


@pytest.mark.parametrize(
    "form",
    ["csv:utf-8", "csv:utf-8-sig", "csv:gb18030", "csv:utf-16", "csv:utf-8:gz", "csv:gb18030:gz",
     "tsv", "jsonl", "xlsx", "parquet"],
)  # fmt: skip
def test_every_format_gives_the_same_orders(form: str, tmp_path: Path) -> None:
    plan = plan_of(_write(tmp_path, form))
    orders, flaws, read = orders_of(plan, tmp_path / "spool")
    assert (read, flaws) == (3, [])
    assert plan.source.rows == 3
    first, second = orders
    assert (first.order_id, first.member_id, first.store_id, first.channel) == ("SO-1", "M-1", "静安店", "pos")
    assert first.occurred_at == datetime(2026, 3, 8, 6, 5, tzinfo=UTC)
    assert [(line.sku, line.quantity, line.amount_fen) for line in first.lines] == [("A-1", 2, 19950), ("B-1", 1, 0)]
    assert (first.amount_fen, first.source) == (19950, "import")
    assert (second.member_id, second.amount_fen) == ("", 9990)
    start = 2 if form.startswith(("csv", "tsv", "xlsx")) else 1
    assert (first.rows, second.rows) == ([start, start + 1], [start + 2])


def test_quotes_blank_lines_and_ragged_rows_keep_their_numbers(tmp_path: Path) -> None:
    text = (
        'order_id,occurred_at,amount,product\r\nA,2026-01-01,1.00,"said ""so"",\r\ntwice"\r\n\r\nB,2026-01-02\r\n'
        "C,2026-01-03,3.00,x,extra\r\nD,2026-01-04,4.00,\r\n,,,\r\nE,2026-01-05,5.00,y"
    )
    orders, flaws, read = orders_of(plan_of(put(tmp_path, text)), tmp_path / "spool")
    assert [(order.order_id, order.rows) for order in orders] == [("A", [2]), ("D", [6]), ("E", [8])]
    assert [(flaw.row, flaw.code, flaw.value, flaw.limit) for flaw in flaws] == [
        (4, "ragged", "2", 4),
        (5, "ragged", "5", 4),
    ]
    assert read == 5


def test_a_cell_over_several_lines_stays_one(tmp_path: Path) -> None:
    text = f'{HEADER},product\nA,2026-01-01,,,,S,1,1.00,"two\nlines, one ""cell"""\n'
    orders, _, _ = orders_of(plan_of(put(tmp_path, text)), tmp_path / "spool")
    assert orders[0].lines[0].product == 'two\nlines, one "cell"'


def test_a_bad_json_line_is_one_bad_row(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        '{"order_id":"A","occurred_at":"2026-01-01","amount":1}\n[1]\n{"order_id":"B",\n\n'
        '{"order_id":"C","occurred_at":"2026-01-01","amount":"2.50","channel":"web"}\n',
        "o.jsonl",
    )
    orders, flaws, read = orders_of(plan_of(path), tmp_path / "spool")
    assert [(order.order_id, order.amount_fen, order.rows) for order in orders] == [("A", 100, [1]), ("C", 250, [5])]
    assert [(flaw.row, flaw.code) for flaw in flaws] == [(2, "not_json"), (3, "not_json")]
    assert read == 4


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("x.csv", b"", "empty"),
        ("x.csv", b"a,b\n\xff\xfe\x81", "UTF-8"),
        ("x.xlsx", b"not a zip", "xlsx"),
        ("x.xls", b"", "none of"),
        ("x.parquet", b"PAR1", "Parquet"),
        ("x.jsonl", b"1\n2\n", "JSON"),
        ("x.csv.gz", b"plain", "damaged"),
        ("x.parquet.gz", b"", "none of"),
        ("x", b"a,b", "none of"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(name: str, content: bytes, word: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(source.Unreadable) as refusal:
        opening.inspect(tmp_path / name)
    assert word in refusal.value.message_en
    assert refusal.value.body()["cure"]


def test_a_missing_file_and_an_open_quote_are_refused(tmp_path: Path) -> None:
    with pytest.raises(source.Unreadable):
        opening.inspect(tmp_path / "nowhere.csv")
    text = f"{HEADER}\n" + 'A,2026-01-01,,,,"never closed,1,1.00\n' + "B,2026-01-01,,,,S,1,1.00\n" * 200_000
    plan = plan_of(put(tmp_path, text))
    with pytest.raises(source.Unreadable) as refusal:
        spool.prepare(plan, tmp_path / "spool", lambda rows: None)
    assert "quote" in refusal.value.message_en


def test_the_rejected_file_can_be_mended_and_imported(tmp_path: Path) -> None:
    text = f"{HEADER}\nA,2026-01-01,m,s,pos,S,1,1.00\nA,2026-01-01,m,s,pos,T,x,2.00\nB,2026-01-02,m,s,pos,S,1,3.00\n"
    plan = plan_of(put(tmp_path, text))
    orders, flaws, _ = orders_of(plan, tmp_path / "spool")
    assert [order.order_id for order in orders] == ["B"]
    rejected = tmp_path / "rejected.csv"
    assert rejects.write(plan.source, flaws, rejected) == 2
    lines = rejected.read_text("utf-8-sig").splitlines()
    assert lines[0] == f"row,field,reason,reason_en,{HEADER}"
    assert lines[1].startswith("2,,同一单的第 3 行有误，整单未导入,")
    assert lines[2].startswith("3,quantity,“x”不是整数,'x' is not a whole number,A,2026-01-01")
    mended = put(tmp_path, rejected.read_text("utf-8-sig").replace(",x,2.00", ",2,2.00"), "mended.csv")
    again, flaws, _ = orders_of(plan_of(mended), tmp_path / "again")
    assert not flaws
    assert [(order.order_id, order.amount_fen) for order in again] == [("A", 300)]


def test_a_reason_from_the_write_path_stands_in_the_file_too(tmp_path: Path) -> None:
    plan = plan_of(put(tmp_path, TEXT))
    flaw = Flaw(3, "store_id", "missing", zh="门店编号")
    assert rejects.write(plan.source, [flaw, Flaw(3, "amount", "not_money", "x")], tmp_path / "r.csv") == 1
    assert (
        (tmp_path / "r.csv")
        .read_text("utf-8-sig")
        .splitlines()[1]
        .startswith(
            "3,\"store_id,amount\",门店编号是空的；“x”不是金额,store_id is empty; 'x' is not an amount of money,SO-1"
        )
    )


@pytest.mark.parametrize("form", templates.FORMATS)
def test_our_templates_are_valid_files(form: templates.Format, tmp_path: Path) -> None:
    path = tmp_path / f"orders.{form}"
    path.write_bytes(templates.template("orders", form))
    orders, flaws, read = orders_of(plan_of(path), tmp_path / "spool")
    assert (read, flaws, len(orders)) == (1, [], 1)
    assert (orders[0].order_id, orders[0].amount_fen, orders[0].lines[0].list_fen) == ("SO-1001", 19900, 23900)
    assert orders[0].item.member == {"external": "M-0001", "phone": "13900000001"}
    assert [(paid.method, paid.amount_fen) for paid in orders[0].payments] == [("wechat", 19900)]
