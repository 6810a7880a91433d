"""One file per format: `inspect(path)` looks at a file, `chunks(source)` streams its rows."""

from shuke.ground.ingestion.formats import delimited, json_lines, parquet, source, workbook

__all__ = ["delimited", "json_lines", "parquet", "source", "workbook"]
