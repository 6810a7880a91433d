"""Questions about merchants and stores."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from shuke.kit import errors
from shuke.kit.db import Tx


class NoSuchMerchant(errors.NotFound):
    """There is no merchant "{slug}"."""

    code = "no_such_merchant"
    zh = "没有商户「{slug}」。"
    cure = "Create it with `shuke merchant create {slug}`, or check the spelling."
    cure_zh = "用 `shuke merchant create {slug}` 创建，或检查拼写。"


class NoSuchStore(errors.NotFound):
    """There is no store "{code}"."""

    code = "no_such_store"
    zh = "没有门店「{code}」。"
    cure = "Check the store's code under Settings → Stores."
    cure_zh = "请在「设置 → 门店」核对门店编号。"

    def __init__(self, code: str, **facts: Any) -> None:
        errors.Refused.__init__(self, code=code, **facts)


async def born_at(tx: Tx) -> datetime:
    """When this merchant was created."""
    at: datetime = await tx.value("select created_at from merchant where merchant_id = %(merchant_id)s")
    return at


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


class StorePlace(msgspec.Struct, frozen=True):
    """A store with where it is, as its own page shows it."""

    store_id: int
    code: str
    name: str
    address: str
    lat: float | None
    lng: float | None
    zone: str | None
    state: str


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
    """The open merchants of the installation, by number; asked of the directory."""
    rows = await tx.rows(f"{_MERCHANT} where state = 'active' order by merchant_id")
    return [MerchantSettings(*row) for row in rows]


async def open_among(tx: Tx, merchant_ids: Iterable[int]) -> list[int]:
    """Which of these merchants are open, neither being loaded nor closed, in their order; asked of the directory."""
    asked = list(merchant_ids)
    if not asked:
        return []
    rows = await tx.rows(
        "select merchant_id as m from merchant where state = 'active' and merchant_id = any(%(asked)s)", asked=asked
    )
    found = {row.m for row in rows}
    return [number for number in asked if number in found]


async def list_stores(tx: Tx) -> list[StoreName]:
    """The merchant's stores, by number."""
    rows = await tx.rows("select store_id, code, name from store where merchant_id = %(merchant_id)s order by store_id")
    return [StoreName(*row) for row in rows]


async def store_names(tx: Tx) -> dict[str, str]:
    """What stores are called, by code; those without a name are left out."""
    return {store.code: store.name for store in await list_stores(tx) if store.name}


async def store_ids(tx: Tx) -> dict[str, int]:
    """Store numbers by code."""
    return {store.code: store.store_id for store in await list_stores(tx)}


_STORE = (
    "select store_id, code, name, address, latitude, longitude, zone, state from store "
    "where merchant_id = %(merchant_id)s"
)


async def list_places(tx: Tx) -> list[StorePlace]:
    """The merchant's stores with their places, by number."""
    return [StorePlace(*row) for row in await tx.rows(f"{_STORE} order by store_id")]


async def get_place(tx: Tx, code: str) -> StorePlace:
    """One store by its code; refuses `NoSuchStore`."""
    row = await tx.one(f"{_STORE} and code = %(code)s", code=code)
    if row is None:
        raise NoSuchStore(code=code)
    return StorePlace(*row)
