"""The file of rows that were left out: why, and the row as it was, so that it can be mended and imported again."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from shuke.ground.ingestion.files import cells, opening

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from shuke.ground.ingestion.files.flaws import Flaw, Refusal
    from shuke.ground.ingestion.formats.source import Source

HEADER = ("row", "field", "reason", "reason_en")


def write(source: Source, flaws: Iterable[Flaw | Refusal], path: Path) -> int:
    """Write every row that has a flaw, once, in the file's order, with all its reasons; returns how many.

    The original columns follow, so that the mended file is a valid import: the first four columns are ignored there.
    """
    by_row: dict[int, list[Flaw | Refusal]] = {}
    for flaw in flaws:
        by_row.setdefault(flaw.row, []).append(flaw)
    wanted = np.array(sorted(by_row))
    titles = [*HEADER, *(name if name not in HEADER else f"{name}'" for name in source.columns)]
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(titles)
        for chunk in opening.chunks(source, source.columns) if by_row else ():
            at = np.flatnonzero(np.isin(chunk.rows, wanted))
            if not len(at):
                continue
            taken = chunk.table.take(pa.array(at))
            columns = [cells.text(taken.column(name)).to_pylist() for name in source.columns]
            for number, row in zip(chunk.rows[at].tolist(), zip(*columns, strict=True), strict=True):
                out.writerow([*_reasons(number, by_row[number]), *row])
    return len(by_row)


def _reasons(number: int, flaws: list[Flaw | Refusal]) -> tuple[int, str, str, str]:
    told = dict.fromkeys((flaw.field, flaw.reason, flaw.reason_en) for flaw in flaws)
    fields = dict.fromkeys(field for field, _, _ in told if field)
    return number, ",".join(fields), "；".join(zh for _, zh, _ in told), "; ".join(en for _, _, en in told)
