"""The life of one import: opened, started, moved on batch by batch, and ended."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from shuke.ground.ingestion import models, queries
from shuke.ground.ingestion.files.flaws import Refusal
from shuke.kit import errors
from shuke.kit.db import Tx


class ImportBusy(errors.Refused):
    """Another process is running this import, or it was cancelled."""

    code = "import_busy"
    zh = "这个导入正在另一处运行，或已被取消。"
    cure = "Wait for it to end, then look at its result."
    cure_zh = "请等它结束后查看结果。"


class ImportNotOpen(errors.Refused):
    """Import {import_id} is {state} and cannot be {wish}."""

    code = "import_not_open"
    zh = "导入 {import_id} 的状态是 {state}，现在不能这样操作。"
    cure = "Upload the file again for a new import."
    cure_zh = "请重新上传文件，新建一次导入。"


class Step(msgspec.Struct, frozen=True):
    """What one batch did: records passed, and how many rows were accepted, known already, refused; `rate` rows a second.
    `memberless`: orders taken in of whom nobody knows the member."""

    records: int
    accepted: int
    duplicates: int
    refusals: Sequence[Refusal]
    rate: int
    memberless: int = 0


async def open_import(
    tx: Tx,
    *,
    import_id: int,
    kind: str,
    file_name: str,
    file_hash: str,
    path: str,
    total_rows: int | None,
    at: datetime,
) -> None:
    """A new import of a file that was looked at, waiting for its mapping."""
    row = {
        "import_id": import_id, "kind": kind, "file_name": file_name, "file_hash": file_hash, "path": path,
        "total_rows": total_rows, "state": "mapping", "created_at": at,
    }  # fmt: skip
    await tx.insert(models.ImportRun, [row])


async def start_import(tx: Tx, import_id: int, mapping: Any, at: datetime) -> None:
    """From now on it runs, by this mapping. One that runs already keeps its own; an ended one refuses `ImportNotOpen`."""
    run = await queries.get_import(tx, import_id)
    if run.state == "running":
        return
    if run.state != "mapping":
        raise ImportNotOpen(import_id=import_id, state=run.state, wish="started")
    await tx.run(
        "update import_run i set state = 'running', started_at = %(at)s, mapping = %(mapping)s::jsonb "
        "where i.merchant_id = %(merchant_id)s and i.import_id = %(import_id)s and i.state = 'mapping'",
        import_id=import_id, at=at, mapping=msgspec.json.encode(mapping).decode(),
    )  # fmt: skip


async def point_import(tx: Tx, import_id: int, path: str) -> None:
    """Its file, the same bytes, lies elsewhere now."""
    await tx.run(
        "update import_run i set path = %(path)s where i.merchant_id = %(merchant_id)s and i.import_id = %(import_id)s",
        import_id=import_id, path=path,
    )  # fmt: skip


async def move_import(tx: Tx, import_id: int, position: int, step: Step) -> None:
    """Book one batch in the transaction that applied it; refuses `ImportBusy` when the import is not at `position`."""
    refused = len(step.refusals)
    moved = await tx.run(
        "update import_run i set position = i.position + %(records)s, accepted = i.accepted + %(accepted)s, "
        "duplicates = i.duplicates + %(duplicates)s, memberless = i.memberless + %(memberless)s, "
        "rejected = i.rejected + %(refused)s, rate = %(rate)s, "
        "read = i.read + %(accepted)s + %(duplicates)s + %(refused)s "
        "where i.merchant_id = %(merchant_id)s and i.import_id = %(import_id)s and i.position = %(position)s "
        "and i.state = 'running'",
        import_id=import_id, position=position, records=step.records, accepted=step.accepted,
        duplicates=step.duplicates, refused=refused, rate=step.rate, memberless=step.memberless,
    )  # fmt: skip
    if not moved:
        raise ImportBusy
    await tx.insert(
        models.ImportRefusal,
        [
            {"import_id": import_id, "row": found.row, "field": found.field, "reason": found.reason,
             "reason_en": found.reason_en}
            for found in _first_per_row(step.refusals)
        ],
    )  # fmt: skip


async def finish_import(tx: Tx, import_id: int, *, read: int, at: datetime) -> None:
    """It came to its end; of the rows read, those that were neither accepted nor known count as rejected. Repeatable."""
    await tx.run(
        "update import_run i set state = 'done', finished_at = %(at)s, read = %(read)s, total_rows = %(read)s, "
        "rejected = %(read)s - i.accepted - i.duplicates "
        "where i.merchant_id = %(merchant_id)s and i.import_id = %(import_id)s and i.state = 'running'",
        import_id=import_id, at=at, read=read,
    )  # fmt: skip


async def fail_import(tx: Tx, import_id: int, error: str, at: datetime) -> None:
    """It cannot go on; `error` says why in words for people. What was accepted stays."""
    await tx.run(
        "update import_run i set state = 'failed', finished_at = %(at)s, error = %(error)s "
        "where i.merchant_id = %(merchant_id)s and i.import_id = %(import_id)s and i.state in ('mapping', 'running')",
        import_id=import_id, at=at, error=error,
    )  # fmt: skip


async def cancel_import(tx: Tx, import_id: int, at: datetime) -> None:
    """Stop before the next batch. What was accepted stays; repeatable; an ended import refuses `ImportNotOpen`."""
    run = await queries.get_import(tx, import_id)
    if run.state == "cancelled":
        return
    if run.state not in {"mapping", "running"}:
        raise ImportNotOpen(import_id=import_id, state=run.state, wish="cancelled")
    await tx.run(
        "update import_run i set state = 'cancelled', finished_at = %(at)s "
        "where i.merchant_id = %(merchant_id)s and i.import_id = %(import_id)s and i.state in ('mapping', 'running')",
        import_id=import_id, at=at,
    )  # fmt: skip


def _first_per_row(refusals: Iterable[Refusal]) -> list[Refusal]:
    return list({refusal.row: refusal for refusal in refusals}.values())
