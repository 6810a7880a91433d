"""JSON lines: one object per line, plain or gzipped; the columns are all the keys that occur."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import msgspec
import numpy as np
import pyarrow as pa

from shuke.ground.ingestion.formats.source import Chunk, Source, Unreadable, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = 20_000
_decoder = msgspec.json.Decoder(dict[str, Any])
_keys = msgspec.json.Decoder(dict[str, msgspec.Raw])


def inspect(path: Path) -> Source:
    """Look through all lines for their keys, in order of appearance."""
    names: dict[str, None] = {}
    lines = good = 0
    try:
        with _open(path) as stream:
            for line in stream:
                lines += 1
                try:
                    names.update(dict.fromkeys(_keys.decode(_unmarked(line))))
                    good += 1
                except (msgspec.DecodeError, UnicodeDecodeError):
                    continue
    except (OSError, EOFError) as error:
        raise Unreadable(reason=f"the compressed file is damaged ({error}).", reason_zh="压缩文件已损坏。") from error
    if not good:
        raise Unreadable(reason="no line is a JSON object.", reason_zh="没有一行是 JSON 对象。")
    return Source(str(path), "jsonl", tuple(names), lines, fingerprint(path), approximate=True)


def chunks(source: Source) -> Iterator[Chunk]:
    """All lines as text columns (numbers as written in JSON); a line that is no object comes marked as broken."""
    records: list[dict[str, Any]] = []
    numbers: list[int] = []
    broken: dict[int, tuple[str, str, int]] = {}
    with _open(Path(source.path)) as stream:
        for number, line in enumerate(stream, source.first_row):
            if not line.strip():
                continue
            try:
                records.append(_decoder.decode(_unmarked(line)))
            except (msgspec.DecodeError, UnicodeDecodeError):
                broken[len(records)] = ("not_json", "", 0)
                records.append({})
            numbers.append(number)
            if len(records) == ROWS:
                yield _chunk(source, records, numbers, broken)
                records, numbers, broken = [], [], {}
    if records:
        yield _chunk(source, records, numbers, broken)


def _chunk(source: Source, records: list[dict[str, Any]], numbers: list[int], broken: dict[int, Any]) -> Chunk:
    columns = [pa.array([_text(record.get(name)) for record in records], pa.string()) for name in source.columns]
    return Chunk(pa.record_batch(columns, names=list(source.columns)), np.array(numbers), broken)


def _open(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb"))


def _unmarked(line: bytes) -> bytes:
    return line.removeprefix(b"\xef\xbb\xbf")


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.15g}"
    return msgspec.json.encode(value).decode()
