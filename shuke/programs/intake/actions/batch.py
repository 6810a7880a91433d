"""Many items on their way through one transaction, and the verdict on each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from shuke.ground import ingestion
from shuke.kit import errors

Statement = tuple[str, dict[str, Any]]
encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Answer:
    """The verdict on one item: an HTTP status and the JSON body."""

    status: int
    body: bytes

    @property
    def accepted(self) -> bool:
        """Whether something was recorded now (not a repeat, not a refusal)."""
        return self.status < 300 and not self.body.startswith(b'{"status":"duplicate"')


@dataclass(slots=True)
class Batch:
    """The items of one transaction on their way: what is decided, and what is still to be stored."""

    history: bool
    now: datetime
    answers: list[Answer | None]
    people: dict[int, Mapping[str, str]] = field(default_factory=dict)
    receipts: list[dict[str, Any]] = field(default_factory=list)
    behaviour: list[ingestion.Behaviour] = field(default_factory=list)
    late: list[dict[str, Any]] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)

    def refuse(self, index: int, refusal: errors.Refused) -> None:
        """This item is not recorded, and why."""
        self.answers[index] = Answer(refusal.http_status, encode(refusal.body()))

    def accept(self, index: int, item: ingestion.Item, answer: dict[str, Any], ref_id: int | None) -> None:
        """This item is recorded; its receipt will be stored with the answer."""
        body = encode(answer)
        self.answers[index] = Answer(200, body)
        self.receipts.append(ingestion.receipts.row(item, body.decode(), ref_id))

    def repeat(self, index: int, item: ingestion.Item, body_hashes: str, answer: str) -> None:
        """A repeated key: the first answer again, or the refusal that says which fields differ."""
        try:
            ingestion.receipts.compare(item, body_hashes)
        except errors.Refused as refusal:
            self.refuse(index, refusal)
            return
        head, _, rest = answer.partition(",")
        assert head.startswith('{"status"')
        self.answers[index] = Answer(200, f'{{"status":"duplicate",{rest}'.encode())
