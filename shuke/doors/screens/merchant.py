"""Settings and stores of the merchant, each change on record."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import get, patch, post
from msgspec import UNSET, Meta, UnsetType

from shuke.ground import access, tenancy
from shuke.kit import clock, durations, http
from shuke.kit.db import Database
from shuke.kit.http import Caller, requires

VALIDITY, LATENESS_DAYS = "1Y_U", 30
Name = Annotated[str, Meta(min_length=1, max_length=100)]
DayStart = Annotated[str, Meta(pattern=r"^(?:[01]\d|2[0-3]):[0-5]\d$")]
Zone = Annotated[str, Meta(min_length=1, max_length=64)]


class PointsSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Settings of points: how long adjusted points last, what 100 points are worth, how late an order may come."""

    validity: str = VALIDITY
    value_fen_per_100: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    lateness_days: Annotated[int, Meta(ge=0, le=3_650)] = LATENESS_DAYS


class SettingsShown(msgspec.Struct):
    """All settings of a merchant; `day_start` is the local time at which a business date begins."""

    name: str
    zone: str
    day_start: str
    locale: str
    currency: str
    points: PointsSettings


class SettingsChange(msgspec.Struct, forbid_unknown_fields=True):
    """What to change."""

    name: Name | UnsetType = UNSET
    zone: Zone | UnsetType = UNSET
    day_start: DayStart | UnsetType = UNSET
    locale: Literal["zh", "en"] | UnsetType = UNSET
    points: PointsSettings | UnsetType = UNSET


class NewStore(msgspec.Struct, forbid_unknown_fields=True):
    """A new store; `code` is what tills and files call it."""

    code: Annotated[str, Meta(pattern=r"^[^\s/?#]{1,64}$")]
    name: Name
    address: Annotated[str, Meta(max_length=200)] = ""
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lng: Annotated[float, Meta(ge=-180, le=180)] | None = None
    zone: str | None = None
    state: Literal["open", "closed"] = "open"


class StoreChange(msgspec.Struct, forbid_unknown_fields=True):
    """What to change about a store."""

    name: Name | UnsetType = UNSET
    address: Annotated[str, Meta(max_length=200)] | None | UnsetType = UNSET
    lat: Annotated[float, Meta(ge=-90, le=90)] | None | UnsetType = UNSET
    lng: Annotated[float, Meta(ge=-180, le=180)] | None | UnsetType = UNSET
    zone: str | None | UnsetType = UNSET
    state: Literal["open", "closed"] | UnsetType = UNSET


def shown(merchant: tenancy.MerchantSettings) -> SettingsShown:
    """The settings as the console reads them."""
    hours, minutes = divmod(merchant.day_start_minutes, 60)
    points = merchant.settings.get("points", {})
    return SettingsShown(
        name=merchant.name, zone=merchant.zone, day_start=f"{hours:02d}:{minutes:02d}", locale=merchant.locale,
        currency=merchant.currency,
        points=PointsSettings(
            points.get("validity", VALIDITY), points.get("value_fen_per_100"),
            merchant.settings.get("lateness_days", LATENESS_DAYS),
        ),
    )  # fmt: skip


@get("/settings")
async def show_settings(database: Database, caller: Caller) -> SettingsShown:
    """The merchant's settings."""
    async with database.read(caller.merchant_id) as tx:
        return shown(await tenancy.get_merchant(tx))


@patch(
    "/settings",
    guards=[requires("settings.write")],
    responses=http.declares(tenancy.BadZone, durations.BadDuration),
)
async def change_settings(data: SettingsChange, database: Database, caller: Caller) -> SettingsShown:
    """Change settings. A new zone or start of day holds from now on; past business dates stay."""
    async with database.write(caller.merchant_id) as tx:
        merchant = await tenancy.get_merchant(tx)
        before = shown(merchant)
        await tenancy.change_merchant(tx, **_changes(data, merchant.settings))
        after = shown(await tenancy.get_merchant(tx))
        await access.record(
            tx, caller, "settings.changed", ("settings", after.name), before=msgspec.to_builtins(before),
            after=msgspec.to_builtins(after), at=clock.now(),
        )  # fmt: skip
    return after


def _changes(data: SettingsChange, settings: dict[str, Any]) -> dict[str, Any]:
    given = {name: getattr(data, name) for name in ("name", "zone", "locale")}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not UNSET}
    if data.day_start is not UNSET:
        hours, _, minutes = data.day_start.partition(":")
        changes["day_start_minutes"] = int(hours) * 60 + int(minutes)
    if data.points is not UNSET:
        durations.parse(data.points.validity)
        points = {"validity": data.points.validity, "value_fen_per_100": data.points.value_fen_per_100}
        changes["settings"] = settings | {"points": points, "lateness_days": data.points.lateness_days}
    return changes


def _place(store: tenancy.StorePlace) -> dict[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(store).items() if name != "store_id"}


_COLUMNS = {"lat": "latitude", "lng": "longitude"}


@get("/stores")
async def list_stores(database: Database, caller: Caller) -> dict[str, list[dict[str, Any]]]:
    """The merchant's stores."""
    async with database.read(caller.merchant_id) as tx:
        return {"items": [_place(store) for store in await tenancy.list_places(tx)]}


@post(
    "/stores",
    guards=[requires("stores.write")],
    responses=http.declares(tenancy.StoreTaken, tenancy.BadZone, http.Forbidden),
)
async def create_store(data: NewStore, database: Database, caller: Caller) -> dict[str, Any]:
    """Open a store; somebody whose role is for single stores cannot."""
    if caller.stores:
        raise http.Forbidden(permission="stores.write")
    columns = {_COLUMNS.get(name, name): value for name, value in msgspec.to_builtins(data).items()}
    async with database.write(caller.merchant_id) as tx:
        store = await tenancy.create_store(tx, columns.pop("code"), clock.now(), **columns)
        await access.record(tx, caller, "store.created", ("store", store.name), after=_place(store), at=clock.now())
    return _place(store)


@patch(
    "/stores/{code:str}",
    guards=[requires("stores.write")],
    responses=http.declares(tenancy.NoSuchStore, tenancy.BadZone, http.Forbidden),
)
async def change_store(code: str, data: StoreChange, database: Database, caller: Caller) -> dict[str, Any]:
    """Change a store; its code stays. Somebody whose role is for single stores changes only those."""
    columns = {_COLUMNS.get(name, name): value for name, value in msgspec.to_builtins(data).items()}
    if columns.get("address", "") is None:
        columns["address"] = ""
    async with database.write(caller.merchant_id) as tx:
        before = await tenancy.get_place(tx, code)
        if caller.stores and before.store_id not in caller.stores:
            raise http.Forbidden(permission="stores.write")
        after = await tenancy.change_store(tx, code, **columns)
        await access.record(
            tx,
            caller,
            "store.changed",
            ("store", after.name),
            before=_place(before),
            after=_place(after),
            at=clock.now(),
        )
    return _place(after)


routes = [show_settings, change_settings, list_stores, create_store, change_store]
