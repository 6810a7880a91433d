"""Writing small files and reading them back as records."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from shuke.ground.ingestion.files import flaws, mapping, opening, reading, records, shapes, spool

FAR = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
HEADER = "order_id,occurred_at,member_id,store_id,channel,sku,quantity,amount"


def plan_of(
    path: Path,
    kind: shapes.Kind = "orders",
    told: dict | None = None,
    types: dict[str, str] | None = None,
    zone: str = "Asia/Shanghai",
    not_after: int = FAR,
) -> reading.Plan:
    source = opening.inspect(path)
    return reading.Plan(kind, source, mapping.decide(kind, source, told, types), zone, not_after)


def put(folder: Path, text: str, name: str = "orders.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    raw = text.encode(encoding)
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return path


class Read:
    """An order with the rows it came from, and its member's identities by name."""

    def __init__(self, filed: records.Filed) -> None:
        self.rows = filed.rows
        self.item = filed.item
        self.member_id = (filed.item.member or {}).get("external", "")

    def __getattr__(self, name: str):
        return getattr(self.item, name)


def orders_of(plan: reading.Plan, folder: Path) -> tuple[list[Read], list[flaws.Flaw], int]:
    """All orders of a file, what was left out, and the rows read."""
    spooled = spool.prepare(plan, folder, lambda rows: None)
    found = [Read(order) for table in spool.merged(folder) for order in records.orders(table)]
    return found, spooled.flaws, spooled.read


def column(*cells: object) -> pa.Array:
    return pa.array(cells)
