"""Parquet: typed columns, read in batches; one row group need not fit into memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as arrow_parquet

from shuke.ground.ingestion.formats.source import BATCH_ROWS, Chunk, Source, Unreadable, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator


def inspect(path: Path) -> Source:
    """Read the footer: columns and number of rows."""
    try:
        with arrow_parquet.ParquetFile(path) as file:
            names, rows = tuple(file.schema_arrow.names), file.metadata.num_rows
    except (pa.ArrowInvalid, OSError) as error:
        raise Unreadable(
            reason="it is not a Parquet file, or damaged.", reason_zh="不是 Parquet 文件，或已损坏。"
        ) from error
    return Source(str(path), "parquet", names, rows, fingerprint(path), approximate=True)


def chunks(source: Source, columns: list[str] | None = None) -> Iterator[Chunk]:
    """All rows with their own types; only the columns asked for are decoded."""
    start = source.first_row
    with arrow_parquet.ParquetFile(Path(source.path), pre_buffer=False) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False):
            rows = np.arange(start, start + batch.num_rows)
            start += batch.num_rows
            yield Chunk(batch, rows)
