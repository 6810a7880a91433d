"""Records of a file into the rooms: orders, refunds and events through `apply`, members and products by their verbs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from shuke.ground import catalog, ingestion, members, tenancy
from shuke.kit import clock, errors
from shuke.programs.intake import Answer, Strangers, apply_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shuke.kit.db import Database, Tx

BIRTHDAYS = ("birthday", "生日", "出生日期")
GENDERS = ("gender", "性别")


class Refused(msgspec.Struct, frozen=True):
    """Why a record was refused, in both languages."""

    field: str
    reason: str
    reason_en: str


Verdict = Literal["accepted", "duplicate"] | Refused


class Writer:
    """Writes the batches of one import and remembers which stores and products are there already."""

    def __init__(self, database: Database, merchant_id: int) -> None:
        self.database = database
        self.merchant_id = merchant_id
        self.stores: set[str] = set()
        self.skus: set[str] = set()

    async def prepare(self, batch: Sequence[Any]) -> None:
        """Create the stores and products that the batch names and nobody knows; in a transaction of its own, before it."""
        items = [record.item for record in batch if isinstance(record, ingestion.files.records.Filed)]
        codes = {getattr(item, "store_id", "") for item in items} - {""} - self.stores
        lines = [line for item in items if isinstance(item, ingestion.OrderIn) for line in item.lines]
        skus = {line.sku for line in lines} - self.skus
        if not codes and not skus:
            return
        products = [
            {"sku": line.sku, "name": line.product, "category": line.category, "brand": line.brand}
            for line in lines
            if line.sku in skus
        ]
        async with self.database.write(self.merchant_id) as tx:
            self.stores |= set(await tenancy.ensure_stores(tx, [{"code": code} for code in sorted(codes)], clock.now()))
            await catalog.ensure_products(tx, products, clock.now())
        self.skus |= skus

    async def write(self, tx: Tx, batch: Sequence[Any], refused: Mapping[int, Answer]) -> list[Verdict]:
        """All records of one kind but those `refused` (by place) already; a verdict each. Repeatable."""
        first = batch[0]
        if isinstance(first, ingestion.files.records.FileMember):
            return await _members(tx, batch)
        if isinstance(first, ingestion.files.records.FileProduct):
            return await _products(tx, batch)
        kept = [place for place in range(len(batch)) if place not in refused]
        try:
            answers = await apply_in(tx, [batch[place].item for place in kept], history=True)
        except Strangers as strangers:
            raise Strangers({kept[place]: answer for place, answer in strangers.answers.items()}) from None
        found = dict(refused) | dict(zip(kept, answers, strict=True))
        return [_verdict(found[place]) for place in range(len(batch))]


def _verdict(answer: Answer) -> Verdict:
    if answer.accepted:
        return "accepted"
    if answer.status < 300:
        return "duplicate"
    body = msgspec.json.decode(answer.body)
    return Refused(str(body.get("field") or ""), body["message"], body["message_en"])


async def _members(tx: Tx, batch: Sequence[ingestion.files.records.FileMember]) -> list[Verdict]:
    verdicts: list[Verdict | None] = [None] * len(batch)
    people: list[dict[str, str]] = []
    places: list[int] = []
    for place, record in enumerate(batch):
        try:
            people.append(members.identities_of({"external": record.member_id, "phone": record.phone}))
            places.append(place)
        except errors.Refused as refusal:
            verdicts[place] = Refused(refusal.field or "", refusal.message_zh, refusal.message_en)
    known = await members.resolve(tx, people)
    joined = [batch[place].joined_at for place in places]
    found = await members.ensure_members(tx, people, clock.now(), joined)
    changes = [(member_id, _profile(batch[place])) for place, member_id in zip(places, found, strict=True)]
    changed = set(await members.write_profiles(tx, changes))
    seen: set[int] = set()
    for place, before, member_id in zip(places, known, found, strict=True):
        new = before is None or member_id in changed
        verdicts[place] = "accepted" if new and member_id not in seen else "duplicate"
        seen.add(member_id)
    return [verdict for verdict in verdicts if verdict is not None]


def _profile(record: ingestion.files.records.FileMember) -> dict[str, Any]:
    attributes = dict(record.attributes)
    change: dict[str, Any] = {"attributes": attributes}
    if record.name:
        change["name"] = record.name
    if record.joined_at is not None:
        change["joined_at"] = record.joined_at
    for name in BIRTHDAYS:
        if birthday := _date(attributes.get(name)):
            change["birthday"] = birthday
            if name == "birthday":
                del attributes[name]
    for name in GENDERS:
        if isinstance(attributes.get(name), str):
            change["gender"] = attributes.pop(name) if name == "gender" else attributes[name]
    return change


def _date(written: Any) -> date | None:
    try:
        return ingestion.files.instants.parse(written, None).date() if isinstance(written, str) else None
    except ValueError:
        return None


async def _products(tx: Tx, batch: Sequence[ingestion.files.records.FileProduct]) -> list[Verdict]:
    """What a file leaves empty stays as it is known."""
    known = await catalog.products_of(tx, [record.sku for record in batch])
    wanted: dict[str, dict[str, Any]] = {}
    verdicts: list[Verdict] = []
    for record in batch:
        before = known.get(record.sku)
        told = {
            "name": record.product, "category": record.category, "brand": record.brand, "price_fen": record.price_fen,
        }  # fmt: skip
        after = wanted.get(record.sku) or {name: getattr(before, name, None) for name in told}
        after = {name: value if value not in {"", None} else after[name] for name, value in told.items()}
        same = before is not None and all(after[name] == getattr(before, name) for name in told)
        verdicts.append("duplicate" if same else "accepted")
        if not same:
            wanted[record.sku] = {"sku": record.sku, **after}
    await catalog.put_products(tx, wanted.values(), clock.now())
    return verdicts
