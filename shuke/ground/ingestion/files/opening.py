"""Opens a file by what its name ends in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shuke.ground.ingestion.formats import delimited, json_lines, parquet, workbook
from shuke.ground.ingestion.formats.source import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from shuke.ground.ingestion.formats.source import Chunk, Source

_ENDINGS = {
    ".csv": delimited, ".tsv": delimited, ".txt": delimited,
    ".xlsx": workbook, ".xlsm": workbook,
    ".parquet": parquet, ".pq": parquet,
    ".jsonl": json_lines, ".ndjson": json_lines,
}  # fmt: skip
_FORMATS = {"csv": delimited, "xlsx": workbook, "jsonl": json_lines}


def inspect(path: Path) -> Source:
    """Columns, expected rows and fingerprint of a file; refuses what is missing, unknown or damaged."""
    if not path.is_file():
        raise Unreadable(reason=f"there is no file {path}.", reason_zh=f"找不到文件 {path}。")
    endings = [suffix.lower() for suffix in path.suffixes[-2:]]
    zipped = endings[-1:] == [".gz"]
    ending = endings[0] if zipped and len(endings) == 2 else "".join(endings[-1:])
    reader = _ENDINGS.get(ending)
    if reader is None or (zipped and reader not in {delimited, json_lines}):
        raise Unreadable(
            reason=f"'{path.name}' is none of .csv, .tsv, .xlsx, .parquet, .jsonl (text ones also as .gz).",
            reason_zh=f"“{path.name}”不是 .csv、.tsv、.xlsx、.parquet、.jsonl 文件（文本格式也可以是 .gz）。",
        )
    return reader.inspect(path)


def chunks(source: Source, columns: Iterable[str]) -> Iterator[Chunk]:
    """All rows of the source, in its order; at least the named columns are there."""
    if source.format == "parquet":
        return parquet.chunks(source, [name for name in source.columns if name in set(columns)])
    return _FORMATS[source.format].chunks(source)
