"""Questions about merchants and stores."""

from typing import Any

import msgspec

from shuke.kit import errors
from shuke.kit.db import Tx


class NoSuchMerchant(errors.NotFound):
    """There is no merchant "{slug}"."""

    code = "no_such_merchant"
    zh = "没有商户「{slug}」。"
    cure = "Create it with `shuke merchant create {slug}`, or check the spelling."
    cure_zh = "用 `shuke merchant create {slug}` 创建,或检查拼写。"


class MerchantSettings(msgspec.Struct, frozen=True):
    """What the rest of the house needs to know of a merchant; zone and day_start decide business dates."""

    merchant_id: int
    slug: str
    name: str
    zone: str
    day_start_minutes: int
    locale: str
    currency: str
    settings: dict[str, Any]


class StoreName(msgspec.Struct, frozen=True):
    """A store as others mention it."""

    store_id: int
    code: str
    name: str


_MERCHANT = "select merchant_id, slug, name, zone, day_start_minutes, locale, currency, settings from merchant"


async def find_merchant(tx: Tx, slug: str) -> MerchantSettings | None:
    """The merchant of that slug; asked of the directory."""
    row = await tx.one(f"{_MERCHANT} where slug = %(slug)s", slug=slug)
    return None if row is None else MerchantSettings(*row)


async def get_merchant(tx: Tx, merchant_id: int | None = None) -> MerchantSettings:
    """The merchant of that number, by default the transaction's own; raises `NoSuchMerchant`."""
    wanted = tx.merchant_id if merchant_id is None else merchant_id
    row = await tx.one(f"{_MERCHANT} where merchant_id = %(wanted)s", wanted=wanted)
    if row is None:
        raise NoSuchMerchant(slug=str(wanted))
    return MerchantSettings(*row)


async def list_merchants(tx: Tx) -> list[MerchantSettings]:
    """All merchants of the installation, by number; asked of the directory."""
    return [MerchantSettings(*row) for row in await tx.rows(f"{_MERCHANT} order by merchant_id")]


async def list_stores(tx: Tx) -> list[StoreName]:
    """The merchant's stores, by number."""
    rows = await tx.rows(
        "select store_id, code, name from store where merchant_id = %(merchant_id)s order by store_id"
    )
    return [StoreName(*row) for row in rows]


async def store_ids(tx: Tx) -> dict[str, int]:
    """Store numbers by code."""
    return {store.code: store.store_id for store in await list_stores(tx)}
