"""Permanent dedupe: one receipt per outside key, with hashes of what was asked and the answer that was given."""

from __future__ import annotations

import zlib
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.kit import errors

if TYPE_CHECKING:
    from shuke.ground.ingestion.policy.shapes import Item

READ = """
select r.source, r.key, r.body_hashes, r.answer, r.ref_id
from unnest(%(sources)s::text[], %(keys)s::text[]) as w(source, key) cross join lateral (
    select f.source, f.key, f.body_hashes, f.answer, f.ref_id from receipt f
    where f.merchant_id = %(merchant_id)s and f.source = w.source and f.key = w.key offset 0
) r
"""
"""Laterally, so that each key is one descent of the index whatever the planner believes of the table's size."""
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(dict[str, int]).decode


class DifferentBody(errors.Refused):
    """ "{key}" of source "{source}" was received before with another {fields}."""

    code = "different_body"
    http_status = 409
    zh = "「{source}」的「{key}」之前收到过，但 {fields} 不同。"
    cure = "Send exactly the same body to get the first answer again, or use a new id for something new."
    cure_zh = "要得到原来的结果，请发送完全相同的内容；新的业务请用新的编号。"


def hashes(item: Item) -> str:
    """A short hash per field that says something, as one JSON text: enough to tell which differ without keeping the body."""
    names = item.__struct_fields__
    said = zip(names, attrgetter(*names)(item), strict=True)
    return _encode({name: zlib.crc32(_encode(value)) for name, value in said if value or value is False}).decode()


def compare(item: Item, stored: str) -> None:
    """Refuses with the names of the fields when a repeated key brings another body."""
    fresh = hashes(item)
    if fresh == stored:
        return
    before, now = _decode(stored), _decode(fresh)
    differing = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    raise DifferentBody(
        field=differing[0], source=item.source, key=item.key.split(":", 1)[1], fields=", ".join(differing)
    )


def row(item: Item, answer: str, ref_id: int | None) -> dict[str, Any]:
    """The receipt to store."""
    return {"source": item.source, "key": item.key, "body_hashes": hashes(item), "answer": answer, "ref_id": ref_id}
