"""One file as a stream of records that can be entered at any point: the same order of records every time."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from shuke.ground.ingestion.files import reading, records, spool
from shuke.ground.ingestion.files.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shuke.ground.ingestion.files.flaws import Flaw

GROUPED: dict[str, Callable[[Any], list[Any]]] = {"orders": records.orders, "refunds": records.refunds}
PLAIN: dict[str, Callable[[Any], list[Any]]] = {
    "members": records.members,
    "events": records.events,
    "products": records.products,
}


class Stream:
    """The records of a file below a folder for its runs. `flaws` and `read` are complete when the stream has ended."""

    def __init__(self, plan: reading.Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.flaws: list[Flaw] = []
        self.read = 0

    def prepare(self, told: Callable[[int], None]) -> None:
        """Bring orders and refunds into sequence; the other kinds are read as they stand. `told` hears the rows read."""
        if SHAPES[self.plan.kind].groups_by is not None:
            spooled = spool.prepare(self.plan, self.folder, told)
            self.flaws, self.read = spooled.flaws, spooled.read

    def batches(self, start: int, size: int) -> Iterator[list[Any]]:
        """The records from the `start`-th on, `size` at once."""
        found = islice(self._records(), start, None)
        while batch := list(islice(found, size)):
            yield batch

    def _records(self) -> Iterator[Any]:
        build = GROUPED.get(self.plan.kind)
        if build is not None:
            for table in spool.merged(self.folder):
                yield from build(table)
            return
        for batch in reading.parsed(self.plan):
            self.read += len(batch.rows)
            self.flaws += [flaw for found in batch.flaws.values() for flaw in found]
            yield from PLAIN[self.plan.kind](batch)


def rows_of(record: Any) -> list[int]:
    """The rows of the file that a record came from."""
    return record.rows if isinstance(record, records.Filed) else [record.row]
