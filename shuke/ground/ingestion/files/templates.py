"""Empty files to fill in, with one example row: CSV that opens in Excel, Excel itself, JSON lines."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Literal

import msgspec

from shuke.ground.ingestion.files.shapes import SHAPES

if TYPE_CHECKING:
    from shuke.ground.ingestion.files.shapes import Kind

Format = Literal["csv", "xlsx", "jsonl"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "jsonl")

FURTHER = {
    "attributes": {"city": "上海", "birthday": "1992-03-08"},
    "properties": {"sku": "FY-SERUM-30", "seconds": "35"},
}


def template(kind: Kind, form: Format) -> bytes:
    """The template of one kind of import: every column we know, in Chinese order of importance, and one example."""
    shape = SHAPES[kind]
    row = {column.name: column.example for column in shape.columns if column.name != "source"}
    row |= FURTHER.get(shape.further, {})
    if form == "jsonl":
        return msgspec.json.encode(row) + b"\n"
    if form == "xlsx":
        import openpyxl  # only where somebody asks for a workbook

        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.title = kind
        sheet.append(list(row))
        sheet.append(list(row.values()))
        sheet.freeze_panes = "A2"
        target = io.BytesIO()
        book.save(target)
        return target.getvalue()
    text = io.StringIO(newline="")
    out = csv.writer(text)
    out.writerow(row)
    out.writerow(row.values())
    return text.getvalue().encode("utf-8-sig")
