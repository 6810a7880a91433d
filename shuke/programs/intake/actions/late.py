"""Items that came after the lateness window: set aside once, then accepted as history or dismissed by a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from shuke.ground import ingestion
from shuke.kit import errors, paging
from shuke.kit.db import Tx
from shuke.programs.intake.actions.batch import Answer, Batch, encode

_SHAPES: dict[str, type[ingestion.OrderIn] | type[ingestion.EventIn]] = {
    "order": ingestion.OrderIn,
    "event": ingestion.EventIn,
}
_KNOWN = """
select l.source, l.kind, l.key, l.body, l.state from late_item l
join unnest(%(sources)s::text[], %(kinds)s::text[], %(keys)s::text[]) as w(source, kind, key)
    on l.source = w.source and l.kind = w.kind and l.key = w.key
where l.merchant_id = %(merchant_id)s
"""
_REASONS = {
    "waiting": {"zh": "超过补录期限，等待人工确认", "en": "Later than the lateness window; waits for review"},
    "dismissed": {"zh": "超过补录期限，已被人工驳回", "en": "Later than the lateness window; dismissed by a person"},
}


class NoSuchLateItem(errors.NotFound):
    """There is no late item {item_id} waiting."""

    code = "no_such_late_item"
    zh = "没有编号为 {item_id} 的待确认记录，或已处理。"

    def __init__(self, item_id: int) -> None:
        errors.Refused.__init__(self, item_id=item_id)


class StillRefused(errors.Refused):
    """It cannot be recorded: {reason}"""

    code = "late_item_refused"
    http_status = 422
    zh = "不能补录：{reason_zh}"
    cure = "Mend what it names, e.g. create the store, then accept again; or dismiss it."
    cure_zh = "请先处理所说的问题（例如添加门店）再补录，或驳回。"

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(reason=answer.get("message_en", ""), reason_zh=answer.get("message", ""))


class LateItem(msgspec.Struct, frozen=True, kw_only=True):
    """One order or event that waits for a person, as it was sent."""

    item_id: int
    kind: str
    source: str
    key: str
    state: str
    received_at: datetime
    body: dict[str, Any]


def set_aside(tx: Tx, batch: Batch, index: int, item: ingestion.Item) -> None:
    """Too late to count by itself: kept for a person to decide. Repeats are answered alike."""
    kind, key = item.key.split(":", 1)
    row = {
        "item_id": tx.ids.take(1)[0], "kind": kind, "source": item.source, "key": key,
        "body": ingestion.builtins(item), "state": "waiting", "received_at": batch.now,
    }  # fmt: skip
    if not any((other["source"], other["kind"], other["key"]) == (item.source, kind, key) for other in batch.late):
        batch.late.append(row)
    batch.answers[index] = _answer(kind, key, "waiting")


async def answer_known(tx: Tx, batch: Batch, indexes: Sequence[int], items: Sequence[ingestion.Item]) -> None:
    """Answer late items that were set aside before; another body under the same key is refused."""
    asked = {(items[i].source, *items[i].key.split(":", 1)): i for i in indexes if batch.answers[i] is None}
    if not asked:
        return
    columns = list(zip(*asked, strict=True))
    rows = await tx.rows(_KNOWN, sources=list(columns[0]), kinds=list(columns[1]), keys=list(columns[2]))
    for row in rows:
        if row.state == "accepted":
            continue  # its receipt answers
        index = asked[row.source, row.kind, row.key]
        sent = msgspec.json.decode(encode(ingestion.builtins(items[index])))
        differing = sorted(name for name in sent.keys() | row.body.keys() if sent.get(name) != row.body.get(name))
        if differing:
            refusal = ingestion.DifferentBody(
                field=differing[0], source=row.source, key=row.key, fields=", ".join(differing)
            )
            batch.refuse(index, refusal)
        else:
            batch.answers[index] = _answer(row.kind, row.key, row.state)


def _answer(kind: str, key: str, state: str) -> Answer:
    status = "review" if state == "waiting" else state
    return Answer(200, encode({"status": status, f"{kind}_id": key, "reason": _REASONS[state]}))


async def list_late(tx: Tx, cursor: str | None, limit: int) -> paging.Page:
    """What waits for a person, the oldest first."""
    after = paging.decode(cursor, 1)
    rows = await tx.rows(
        "select item_id, kind, source, key, state, received_at, body from late_item "
        "where merchant_id = %(merchant_id)s and state = 'waiting' and item_id > %(after)s "
        "order by item_id limit %(limit)s",
        after=after[0] if after else 0, limit=limit + 1,
    )  # fmt: skip
    return paging.page([LateItem(**row._asdict()) for row in rows], limit, lambda item: [item.item_id])


async def take_late(tx: Tx, item_id: int) -> ingestion.OrderIn | ingestion.EventIn:
    """Lock one that waits, for deciding on it; refuses `NoSuchLateItem`."""
    row = await tx.one(
        "select kind, body from late_item where merchant_id = %(merchant_id)s and item_id = %(item_id)s "
        "and state = 'waiting' for no key update",
        item_id=item_id,
    )
    if row is None:
        raise NoSuchLateItem(item_id)
    return msgspec.convert(row.body, _SHAPES[row.kind], strict=False)


async def close_late(tx: Tx, item_id: int, state: str, at: datetime) -> None:
    """Note what was decided: accepted or dismissed."""
    await tx.run(
        "update late_item set state = %(state)s, decided_at = %(at)s "
        "where merchant_id = %(merchant_id)s and item_id = %(item_id)s",
        item_id=item_id, state=state, at=at,
    )  # fmt: skip
