"""Which column of a file is which of ours: guessed from headers and values, or told by a mapping."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.ground.ingestion.files import cells, opening
from shuke.ground.ingestion.files.instants import instants
from shuke.ground.ingestion.files.shapes import SHAPES
from shuke.ground.ingestion.files.typed import NAMES, Type
from shuke.kit.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from shuke.ground.ingestion.files.shapes import Kind
    from shuke.ground.ingestion.formats.source import Source

SAMPLE_ROWS = 200


class BadMapping(Refused):
    """The mapping does not fit: {reason}"""

    code = "bad_mapping"
    http_status = 422
    zh = "列的对应关系有问题：{reason_zh}"
    cure = "Name a column of the file for each column that is needed; docs/guides/importing.md shows the form."
    cure_zh = "请为每个必需的列指定文件里的一列，写法见 docs/guides/importing.zh.md。"


class Take(msgspec.Struct, frozen=True, omit_defaults=True, rename={"from_": "from"}, forbid_unknown_fields=True):
    """Where one of our columns comes from.

    `from`: a column, or several whose money is added up · `value`: the same for every row · `type`: of an attribute
    or property · `unit`: yuan or fen · `format`: a strptime pattern · `zone`: of instants without offset ·
    `words`: what the file writes → what it means. An empty one says that the column is not taken.
    """

    from_: str | list[str] | None = None
    value: str | None = None
    type: str | None = None
    unit: str = "yuan"
    format: str | None = None
    zone: str | None = None
    words: dict[str, str] | None = None

    @property
    def columns(self) -> list[str]:
        if self.from_ is None:
            return []
        return [self.from_] if isinstance(self.from_, str) else list(self.from_)


class Mapping(msgspec.Struct, frozen=True):
    """All of a file's columns that are taken, by our names; further ones become attributes or properties."""

    columns: dict[str, Take]
    further: dict[str, Take] = {}

    def used(self) -> set[str]:
        """The file's columns that must be read."""
        return {name for take in (*self.columns.values(), *self.further.values()) for name in take.columns}


def guess(kind: Kind, source: Source, told: dict[str, Take] | None = None) -> Mapping:
    """What is told, completed by what headers say, then by what values look like; every source column once."""
    shape = SHAPES[kind]
    columns = {name: take for name, take in (told or {}).items() if shape.column(name)}
    free = [name for name in source.columns if name not in {c for take in columns.values() for c in take.columns}]
    for wanted in _by_header(kind):
        for name in list(free):
            ours = wanted.get(_plain(name))
            if ours is not None and ours not in columns:
                columns[ours] = Take(name)
                free.remove(name)
    for ours, name in _by_values(kind, source, columns, free):
        columns[ours] = Take(name)
        free.remove(name)
    columns = {
        column.name: columns[column.name]
        for column in shape.columns
        if column.name in columns and columns[column.name] != Take()
    }
    further = {name: take for name, take in (told or {}).items() if not shape.column(name)}
    if shape.further != "ignored":
        taken = {c for take in further.values() for c in take.columns}
        further |= {name: Take(name) for name in free if name not in taken}
    return Mapping(columns, further)


def decide(
    kind: Kind, source: Source, told: dict[str, Any] | None, types: dict[str, str] | None, *, complete: bool = True
) -> Mapping:
    """The mapping an import runs by; refuses unknown columns, unknown types, and a needed column without a source.

    `complete`: what is not told is guessed; a person who has seen the guess tells all.
    """
    takes = {name: _take(name, value) for name, value in _unfold(told or {}).items()}
    shape = SHAPES[kind]
    for name, take in takes.items():
        absent = [column for column in take.columns if column not in source.columns]
        if absent:
            listed = ", ".join(source.columns)
            raise BadMapping(
                field=name, reason=f"the file has no column '{absent[0]}'; it has {listed}.",
                reason_zh=f"文件里没有“{absent[0]}”这一列，只有 {listed}。",
            )  # fmt: skip
        if shape.column(name) is None and shape.further == "ignored":
            known = ", ".join(column.name for column in shape.columns)
            raise BadMapping(
                field=name, reason=f"{kind} have no column '{name}'; they have {known}.",
                reason_zh=f"{kind} 没有“{name}”这一列，可用的有 {known}。",
            )  # fmt: skip
    mapping = guess(kind, source, takes) if complete else _only(kind, takes)
    further = dict(mapping.further)
    for name, written in (types or {}).items():
        if name in further:
            further[name] = msgspec.structs.replace(further[name], type=written)
        elif name not in mapping.columns:
            raise BadMapping(
                field=name, reason=f"there is no column '{name}' to give a type.", reason_zh=f"没有“{name}”这一列。"
            )
    further = {name: msgspec.structs.replace(take, type=_type(name, take.type)) for name, take in further.items()}
    missing = lacking(kind, mapping)
    if missing:
        raise BadMapping(
            field=missing[0], reason=f"no column for {', '.join(missing)}; the file has {', '.join(source.columns)}.",
            reason_zh=f"找不到{'、'.join(missing)}对应的列，文件里有 {', '.join(source.columns)}。",
        )  # fmt: skip
    return Mapping(mapping.columns, further)


def _only(kind: Kind, takes: dict[str, Take]) -> Mapping:
    ours = {name: take for name, take in takes.items() if SHAPES[kind].column(name) and take != Take()}
    return Mapping(ours, {name: take for name, take in takes.items() if not SHAPES[kind].column(name)})


def lacking(kind: Kind, mapping: Mapping) -> list[str]:
    """Our columns that this kind of file must have and the mapping does not give."""
    shape = SHAPES[kind]
    missing = [column.name for column in shape.columns if column.required and column.name not in mapping.columns]
    if shape.either and not any(name in mapping.columns for name in shape.either):
        missing.append(shape.either[0])
    return missing


def proposed_types(source: Source, mapping: Mapping) -> dict[str, str]:
    """What the values of the further columns look like, for a person to confirm."""
    table = _sample(source, {name for take in mapping.further.values() for name in take.columns})
    return {
        name: take.type or _looks_like([cell for cell in cells.text(table[take.columns[0]]).to_pylist() if cell])
        for name, take in mapping.further.items()
        if table is not None and take.columns
    }


def preview(source: Source, rows: int = 5) -> list[dict[str, str]]:
    """The first rows as they are written."""
    table = _sample(source, set(source.columns))
    if table is None:
        return []
    columns = {name: cells.text(table[name]).to_pylist()[:rows] for name in source.columns}
    return [{name: columns[name][row] for name in columns} for row in range(min(rows, table.num_rows))]


def _unfold(told: dict[str, Any]) -> dict[str, Any]:
    """`{"columns": {...}}` and the flat form mean the same."""
    inner = told.get("columns")
    return inner if isinstance(inner, dict) and "from" not in inner else told


def _take(name: str, value: Any) -> Take:
    if isinstance(value, str | list):
        value = {"from": value}
    try:
        return msgspec.convert(value, Take)
    except msgspec.ValidationError as error:
        raise BadMapping(
            field=name, reason=f"{name}: {error}.", reason_zh=f"“{name}”的写法不对（{error}）。"
        ) from error


def _type(name: str, written: str | None) -> Type:
    known = NAMES.get((written or "text").strip().lower())
    if known is None:
        listed = ", ".join(sorted(set(NAMES.values())))
        raise BadMapping(
            field=name,
            reason=f"'{written}' is no type; take {listed}.",
            reason_zh=f"没有“{written}”这种类型，可用 {listed}。",
        )
    return known


def _plain(title: str) -> str:
    return re.sub(r"[(（](元|yuan|rmb|cny)[)）]$|[\s_\-./()（）\[\]【】#:：*]", "", title.strip().lower())


def _by_header(kind: Kind) -> Iterator[dict[str, str]]:
    """From surest to loosest: our own names, their Chinese names, then synonyms in their order."""
    columns = SHAPES[kind].columns
    yield {_plain(column.name): column.name for column in columns}
    yield {_plain(column.zh): column.name for column in columns}
    for rank in range(max(len(column.synonyms) for column in columns)):
        yield {_plain(column.synonyms[rank]): column.name for column in columns if rank < len(column.synonyms)}


def _by_values(kind: Kind, source: Source, columns: dict[str, Take], free: list[str]) -> Iterator[tuple[str, str]]:
    """For needed columns that no header names: the one free column whose values can be nothing else."""
    wanted = [ours for ours in ("occurred_at", "phone", "amount") if SHAPES[kind].column(ours) and ours not in columns]
    if not wanted or not free:
        return
    table = _sample(source, set(free))
    if table is None:
        return
    free = list(free)
    for ours in wanted:
        fitting = [name for name in free if _fits(ours, table[name])]
        if len(fitting) == 1:
            yield ours, fitting[0]
            free.remove(fitting[0])


def _fits(ours: str, column: pa.Array) -> bool:
    written = [cell for cell in cells.text(column).to_pylist() if cell]
    if not written:
        return False
    if ours == "phone":
        return all(re.fullmatch(r"1\d{10}", cell) for cell in written)
    if ours == "amount":
        return all(re.fullmatch(r"[¥￥]?\d+\.\d{1,2}", cell) for cell in written)
    return all(len(cell) >= 8 and not cell.isdigit() for cell in written) and not instants(column, "UTC")[1]


def _looks_like(written: list[str]) -> str:
    if not written:
        return "text"
    if all(re.fullmatch(r"-?(0|[1-9]\d{0,8})", cell) for cell in written):
        return "integer"
    if all(re.fullmatch(r"-?\d{1,12}(\.\d+)?", cell) and not re.match(r"-?0\d", cell) for cell in written):
        return "number"
    if {cell.lower() for cell in written} <= {"true", "false", "yes", "no", "是", "否"}:
        return "boolean"
    if all(re.fullmatch(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?", cell) for cell in written):
        return "date"
    if all(re.match(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?[T ]\d{1,2}:", cell) for cell in written):
        return "datetime"
    return "text"


def _sample(source: Source, columns: set[str]) -> pa.RecordBatch | None:
    for chunk in opening.chunks(source, columns):
        return chunk.table.slice(0, SAMPLE_ROWS)
    return None
