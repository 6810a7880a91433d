"""Files of orders, members, products, events and refunds: columns, rows, and what was wrong with them."""

from shuke.ground.ingestion.files import (
    cells,
    flaws,
    grouping,
    instants,
    mapping,
    opening,
    reading,
    records,
    rejects,
    shapes,
    spool,
    stream,
    templates,
    typed,
)  # fmt: skip

__all__ = [
    "cells",
    "flaws",
    "grouping",
    "instants",
    "mapping",
    "opening",
    "reading",
    "records",
    "rejects",
    "shapes",
    "spool",
    "stream",
    "templates",
    "typed",
]
