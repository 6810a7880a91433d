"""The tables of the copy as the columnar engine writes them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shuke.ground.mirror.policy.declared import Table
    from shuke.ground.mirror.policy.registry import Registry

COLUMN_TYPES = {
    "word": "LowCardinality(String)",
    "text": "String",
    "whole": "Int64 CODEC(T64, LZ4)",
    "small": "UInt8",
    "sign": "Int8",
    "key": "UInt64",
    "instant": "DateTime64(6, 'UTC') CODEC(Delta, LZ4)",
    "day": "Date",
    "decimal": "Decimal(38, 9)",
    "texts": "Map(LowCardinality(String), String)",
    "numbers": "Map(LowCardinality(String), Decimal(38, 9))",
}
# A round of the live loop asks for some hundred members, far apart: little is read, and unpacked, for each of them. Each
# round adds small parts; joining a dozen at a time writes a row less often than five, which cost half of a core under load.
PIECES = "index_granularity = 1024, min_compress_block_size = 16384, max_compress_block_size = 65536, merge_selector_base = 12"
OWN_COLUMNS = (
    "merchant UInt32, member UInt32, seq UInt64 CODEC(Delta, LZ4), idx UInt32 CODEC(T64, LZ4), "
    "applied UInt64 CODEC(Delta, LZ4)"
)


def create_table(table: Table, name: str, order: tuple[str, ...], engine: str) -> str:
    """The statement that creates one sort order of a table; only `engine` differs between one server and a cluster."""
    columns = ", ".join(f"{column.name} {COLUMN_TYPES[column.type]}" for column in table.columns)
    key = ", ".join(("merchant", *order, "seq", "idx"))
    return (
        f"CREATE TABLE IF NOT EXISTS {name} ({OWN_COLUMNS}, {columns}) ENGINE = {engine} ORDER BY ({key}) "
        f"SETTINGS {PIECES}"
    )


def schema_mark(registry: Registry) -> str:
    """A short name for all tables as they are declared; another one means that the copy is made anew."""
    statements = sorted(
        create_table(table, name, order, "") for table in registry.tables.values() for name, order in table.physical
    )
    return hashlib.sha256("\n".join(statements).encode()).hexdigest()[:12]
