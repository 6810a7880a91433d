"""CSV and its relatives: UTF-8 (with or without mark), UTF-16, GB18030; comma, semicolon, tab; plain or gzipped."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from shuke.ground.ingestion.formats.source import Chunk, Source, Unreadable, fingerprint, named, without_blanks

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 1 << 22
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def inspect(path: Path) -> Source:
    """Look through the whole file once for its encoding and number of lines; refuses bytes that are no text."""
    encoding, lines = _survey(path)
    with _open(path) as raw, io.TextIOWrapper(raw, encoding, newline="") as stream:
        start = stream.read(1 << 16)
    delimiter = _delimiter(start)
    reader = csv.reader(io.StringIO(start), delimiter=delimiter)
    header = next((row for row in reader if any(cell.strip() for cell in row)), None)
    if header is None:
        raise Unreadable(reason="it is empty.", reason_zh="里面是空的。")
    details = {"encoding": encoding, "delimiter": delimiter, "skip": reader.line_num}
    rows = max(lines - reader.line_num, 0)
    return Source(str(path), "csv", tuple(named(header)), rows, fingerprint(path), first_row=2, details=details)


def chunks(source: Source) -> Iterator[Chunk]:
    """All rows as text columns; a row with another number of columns than the header comes marked as broken."""
    numbering = _Numbering(source)
    details = source.details
    # A mark, if there is one, stands before the header, which is skipped.
    encoding = "utf8" if details["encoding"].startswith("utf-8") else details["encoding"]
    text = {name: pa.string() for name in source.columns}
    try:
        with _open(Path(source.path)) as stream:
            reader = arrow_csv.open_csv(
                stream,
                arrow_csv.ReadOptions(
                    use_threads=False, block_size=BLOCK, column_names=list(source.columns),
                    skip_rows=details["skip"], encoding=encoding,
                ),
                arrow_csv.ParseOptions(
                    delimiter=details["delimiter"], newlines_in_values=True, ignore_empty_lines=False,
                    invalid_row_handler=numbering.skip,
                ),
                arrow_csv.ConvertOptions(column_types=text, strings_can_be_null=False),
            )  # fmt: skip
            for batch in reader:
                yield from numbering.chunks(batch)
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error) or "Could not skip" in str(error):
            return  # a header and nothing below it
        raise _unclosed() from error
    yield from numbering.rest()


class _Numbering:
    """Gives every row its number in the file although the parser drops ragged rows; hands those back as broken."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.next_row = source.first_row
        self.shift = source.first_row - source.details["skip"] - 1
        self.ragged: dict[int, Any] = {}

    def skip(self, row: Any) -> str:
        number = row.number + self.shift
        self.ragged[number] = None if not row.text.strip(" \r\n\t,;") else (row.text, row.actual_columns)
        return "skip"

    def chunks(self, batch: pa.RecordBatch) -> Iterator[Chunk]:
        if batch.num_rows:
            rows = self._numbers(batch.num_rows)
            yield without_blanks(Chunk(batch, rows))
        yield from self._broken(self.next_row)

    def rest(self) -> Iterator[Chunk]:
        yield from self._broken(max(self.ragged, default=0) + 1)

    def _numbers(self, count: int) -> np.ndarray:
        numbers = np.arange(self.next_row, self.next_row + count)
        for number in sorted(self.ragged):
            if number > numbers[-1]:
                break
            numbers[numbers >= number] += 1
        self.next_row = int(numbers[-1]) + 1
        return numbers

    def _broken(self, before: int) -> Iterator[Chunk]:
        due = sorted(number for number in self.ragged if number < before)
        found = [(number, self.ragged.pop(number)) for number in due]
        real = [(number, *facts) for number, facts in found if facts is not None]
        if not real:
            return
        width = len(self.source.columns)
        if any(len(text) > csv.field_size_limit() for _, text, _ in real):
            raise _unclosed()
        cells = [next(csv.reader([text], delimiter=self.source.details["delimiter"])) for _, text, _ in real]
        padded = [(row + [""] * width)[:width] for row in cells]
        columns = [pa.array(column, pa.string()) for column in zip(*padded, strict=True)]
        table = pa.record_batch(columns, names=list(self.source.columns))
        broken = {position: ("ragged", str(actual), width) for position, (_, _, actual) in enumerate(real)}
        yield Chunk(table, np.array([number for number, _, _ in real]), broken)


def _unclosed() -> Unreadable:
    return Unreadable(
        reason=f"a quote is not closed, or a cell is larger than {BLOCK >> 20} MB.",
        reason_zh=f"有引号没有成对，或单元格超过 {BLOCK >> 20} MB。",
    )


def _open(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb"))


def _survey(path: Path) -> tuple[str, int]:
    """The encoding that all bytes agree with, and the number of line ends."""
    try:
        with _open(path) as stream:
            start = stream.read(4)
        marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
        for encoding in (marked,) if marked else ("utf-8", "gb18030"):
            lines = _decodes(path, encoding)
            if lines is not None:
                return encoding, lines
    except (OSError, EOFError) as error:
        raise Unreadable(reason=f"the compressed file is damaged ({error}).", reason_zh="压缩文件已损坏。") from error
    raise Unreadable(reason="it is neither UTF-8 nor GB18030 text.", reason_zh="文字编码既不是 UTF-8 也不是 GB18030。")


def _decodes(path: Path, encoding: str) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, last = 0, "\n"
    try:
        with _open(path) as stream:
            while block := stream.read(BLOCK):
                text = decoder.decode(block)
                lines += text.count("\n")
                last = text[-1:] or last
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return lines + (last != "\n")


def _delimiter(start: str) -> str:
    first = next((line for line in start.splitlines() if line.strip()), "")
    return max((",", "\t", ";", "|"), key=lambda mark: (first.count(mark), mark == ","))
