"""Files of orders, members, products, events and refunds: formats, columns, rows, and what was wrong with them."""

from shuke.ground.ingestion.files import (
    cells,
    flaws,
    formats,
    grouping,
    instants,
    mapping,
    opening,
    reading,
    records,
    rejects,
    shapes,
    source,
    spool,
    stream,
    templates,
    typed,
)  # fmt: skip

__all__ = [
    "cells",
    "flaws",
    "formats",
    "grouping",
    "instants",
    "mapping",
    "opening",
    "reading",
    "records",
    "rejects",
    "shapes",
    "source",
    "spool",
    "stream",
    "templates",
    "typed",
]
