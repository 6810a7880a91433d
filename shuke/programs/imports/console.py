"""Imports on the console: from the upload to what was left out."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body

from shuke.ground import access, ingestion
from shuke.kit import clock, errors, http, jobs, paging
from shuke.kit.config import Settings
from shuke.kit.db import Database
from shuke.programs.imports.actions import running as imports

GUARDS = [http.requires("imports.write")]
files = ingestion.files
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
}
Kind = Literal["orders", "members", "products", "events", "refunds"]


class NothingRejected(errors.NotFound):
    """Import {import_id} has left no rows out, or is not finished."""

    code = "nothing_rejected"
    zh = "导入 {import_id} 没有未通过的行，或者还没有完成。"

    def __init__(self, import_id: int) -> None:
        errors.Refused.__init__(self, import_id=import_id)


class Upload(msgspec.Struct):
    """A file and what it holds."""

    file: UploadFile
    kind: Kind = "orders"


class Start(msgspec.Struct, forbid_unknown_fields=True):
    """Our column → where it comes from; columns of the file under their own name become attributes or properties."""

    mapping: dict[str, Any]


@get("/imports", guards=GUARDS, responses=http.declares(paging.BadCursor))
async def list_imports(request: Request, database: Database, cursor: str | None = None, limit: int = 50) -> paging.Page:
    """Imports, the latest first."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        page = await ingestion.list_imports(tx, cursor=cursor, limit=paging.limited(limit))
    return paging.Page([_shown(run) for run in page.items], page.next_cursor, page.total)


@post("/imports", guards=GUARDS, responses=http.declares(ingestion.formats.source.Unreadable))
async def upload(
    request: Request,
    database: Database,
    settings: Settings,
    data: Annotated[Upload, Body(media_type=RequestEncodingType.MULTI_PART)],
) -> dict[str, Any]:
    """Keep a file and look at it: its columns, the guessed mapping, what it lacks, and its first rows."""
    caller = http.caller_of(request)
    name = re.sub(r"[^\w.\-() ]", "_", Path(data.file.filename).name).strip(". ")[-120:] or "file"
    [import_id] = await database.ids.fresh(1)
    folder = imports.import_folder(settings.home, caller.merchant_id, import_id)
    path = folder / name
    try:
        await asyncio.to_thread(_keep, data.file, path)
        source = await asyncio.to_thread(files.opening.inspect, path)
        draft = await asyncio.to_thread(_draft, data.kind, source)
    except errors.Refused:
        await asyncio.to_thread(shutil.rmtree, folder, True)
        raise
    async with database.write(caller.merchant_id) as tx:
        await ingestion.imports.open_import(
            tx, import_id=import_id, kind=data.kind, file_name=name, file_hash=source.fingerprint, path=str(path),
            total_rows=source.rows, at=clock.now(),
        )  # fmt: skip
        await access.record(tx, caller, "import.uploaded", ("import", name), at=clock.now())
    return {"import_id": import_id, **draft}


@get("/imports/template", guards=GUARDS)
async def template(kind: Kind = "orders", format: Literal["csv", "xlsx", "jsonl"] = "csv") -> Response[bytes]:
    """An empty file with every column we know and one example row."""
    return _file(files.templates.template(kind, format), f"shuke-{kind}.{format}", _TYPES[format])


@get("/imports/{import_id:int}", guards=GUARDS, responses=http.declares(ingestion.NoSuchImport))
async def get_import(request: Request, database: Database, import_id: int) -> dict[str, Any]:
    """One import; while it waits for its mapping also what the upload answered."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        run = await ingestion.get_import(tx, import_id)
    if run.state != "mapping":
        return _shown(run)
    try:
        source = await asyncio.to_thread(files.opening.inspect, Path(run.path))
        return _shown(run) | await asyncio.to_thread(_draft, run.kind, source)
    except ingestion.formats.source.Unreadable:
        return _shown(run)


@post(
    "/imports/{import_id:int}/start",
    guards=GUARDS,
    status_code=200,
    responses=http.declares(ingestion.NoSuchImport, imports.BadMapping, ingestion.imports.ImportNotOpen),
)
async def start(request: Request, database: Database, import_id: int, data: Start) -> dict[str, Any]:
    """Run the import by this mapping; it goes on in the background, also after a restart."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        run = await ingestion.get_import(tx, import_id)
    source = await asyncio.to_thread(files.opening.inspect, Path(run.path))
    mapping = await asyncio.to_thread(
        files.mapping.decide, run.kind, source, {"columns": data.mapping}, None, complete=False
    )
    async with database.write(caller.merchant_id) as tx:
        await ingestion.imports.start_import(tx, import_id, msgspec.to_builtins(mapping), clock.now())
        await jobs.wake(tx, imports.WORK, clock.now())
        await access.record(tx, caller, "import.started", ("import", run.file_name), at=clock.now())
        return _shown(await ingestion.get_import(tx, import_id))


@post(
    "/imports/{import_id:int}/cancel",
    guards=GUARDS,
    status_code=200,
    responses=http.declares(ingestion.NoSuchImport, ingestion.imports.ImportNotOpen),
)
async def cancel(request: Request, database: Database, import_id: int) -> dict[str, Any]:
    """Stop the import before its next batch; what was accepted stays."""
    caller = http.caller_of(request)
    async with database.write(caller.merchant_id) as tx:
        run = await ingestion.get_import(tx, import_id)
        await ingestion.imports.cancel_import(tx, import_id, clock.now())
        await access.record(tx, caller, "import.cancelled", ("import", run.file_name), at=clock.now())
        return _shown(await ingestion.get_import(tx, import_id))


@get(
    "/imports/{import_id:int}/rejected",
    guards=GUARDS,
    responses=http.declares(ingestion.NoSuchImport, NothingRejected),
)
async def rejected(request: Request, database: Database, settings: Settings, import_id: int) -> Response[bytes]:
    """The rows that were left out, each with row, field and reason; mended, the file can be imported."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        run = await ingestion.get_import(tx, import_id)
    path = imports.import_folder(settings.home, caller.merchant_id, import_id) / "rejected.csv"
    body = await asyncio.to_thread(_read, path) if run.state == "done" else None
    if body is None:
        raise NothingRejected(import_id)
    return _file(body, f"{Path(run.file_name).stem}-rejected.csv", _TYPES["csv"])


def _shown(run: ingestion.ImportRun) -> dict[str, Any]:
    zh, _, en = (run.error or "").partition("\n")
    return {
        "import_id": run.import_id, "kind": run.kind, "file_name": run.file_name, "state": run.state, "read": run.read,
        "accepted": run.accepted, "duplicates": run.duplicates, "rejected": run.rejected,
        "memberless": run.memberless, "total_rows": run.total_rows,
        "rate": run.rate, "seconds_left": run.seconds_left, "created_at": run.created_at,
        "finished_at": run.finished_at, "error": {"zh": zh, "en": en or zh} if run.error else None,
    }  # fmt: skip


def _draft(kind: Kind, source: ingestion.formats.source.Source) -> dict[str, Any]:
    mapping = files.mapping.guess(kind, source)
    types = files.mapping.proposed_types(source, mapping)
    guess = {ours: {"from": take.from_, "type": None} for ours, take in mapping.columns.items()}
    guess |= {name: {"from": take.from_, "type": types.get(name, "text")} for name, take in mapping.further.items()}
    shape = files.shapes.SHAPES[kind]
    fields = [
        {"name": column.name, "label": {"zh": column.zh, "en": column.name.replace("_", " ").capitalize()},
         "required": column.required, "type": column.parse}
        for column in shape.columns
    ]  # fmt: skip
    return {
        "columns": list(source.columns), "guess": guess, "preview": files.mapping.preview(source),
        "missing": files.mapping.lacking(kind, mapping), "fields": fields, "further": shape.further != "ignored",
        "total_rows": source.rows,
    }  # fmt: skip


def _keep(uploaded: UploadFile, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    uploaded.file.seek(0)
    with path.open("wb") as target:
        shutil.copyfileobj(uploaded.file, target, 1 << 20)


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _file(body: bytes, name: str, kind: str) -> Response[bytes]:
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    return Response(body, media_type=kind, headers={"content-disposition": disposition})


routes = [list_imports, upload, template, get_import, start, cancel, rejected]
