"""Settings and stores of the merchant, each change on record."""

from typing import Annotated, Any, Literal, cast

import msgspec
from litestar import get, patch, post
from msgspec import UNSET, Meta, UnsetType

from shuke.assets.points import clawback_of
from shuke.ground import access, tenancy
from shuke.kit import clock, durations, errors, http
from shuke.kit.db import Database
from shuke.kit.http import Caller, requires
from shuke.programs.earning import multiplying

VALIDITY, LATENESS_DAYS = "1Y_U", 30
Name = Annotated[str, Meta(min_length=1, max_length=100)]
DayStart = Annotated[str, Meta(pattern=r"^(?:[01]\d|2[0-3]):[0-5]\d$")]
Zone = Annotated[str, Meta(min_length=1, max_length=64)]


class PointsSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Settings of points: how long adjusted points last, what 100 points are worth, how late an order may come.

    `clawback` says what happens where a refund takes back more than the member has (`most_debt`: the most that is owed),
    `multiplier_policy` how several multipliers meet, at most `multiplier_most_percent` together; left out, they stay.
    """

    validity: str = VALIDITY
    value_fen_per_100: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    lateness_days: Annotated[int, Meta(ge=0, le=3_650)] = LATENESS_DAYS
    clawback: Literal["debt", "balance", "pending", "cash"] | UnsetType = UNSET
    most_debt: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None | UnsetType = UNSET
    multiplier_policy: Literal["sum", "max", "product"] | UnsetType = UNSET
    multiplier_most_percent: Annotated[int, Meta(ge=100, le=10_000)] | UnsetType = UNSET


class WorthMissing(errors.Refused):
    """Points that a refund cannot take back come off the money only where 100 points have a worth."""

    code = "worth_missing"
    http_status = 422
    zh = "要从退款里扣，先填 100 积分值多少钱。"
    cure = "Say what 100 points are worth, or choose another way."
    cure_zh = "填上 100 积分的价值，或换一种做法。"


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
    settings = merchant.settings
    points, back, meeting = settings.get("points", {}), clawback_of(settings), multiplying(settings)
    return SettingsShown(
        name=merchant.name, zone=merchant.zone, day_start=f"{hours:02d}:{minutes:02d}", locale=merchant.locale,
        currency=merchant.currency,
        points=PointsSettings(
            points.get("validity", VALIDITY), points.get("value_fen_per_100"),
            settings.get("lateness_days", LATENESS_DAYS), cast("Any", back.policy), back.most_debt,
            cast("Any", meeting.policy), meeting.most_percent,
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
    responses=http.declares(tenancy.BadZone, durations.BadDuration, WorthMissing),
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
        changes["settings"] = settings | _points(data.points, settings)
    return changes


def _points(wanted: PointsSettings, settings: dict[str, Any]) -> dict[str, Any]:
    back = dict(settings.get("points", {}).get("clawback", {}))
    back |= {"policy": wanted.clawback} if wanted.clawback is not UNSET else {}
    back |= {"most_debt": wanted.most_debt} if wanted.most_debt is not UNSET else {}
    points = {"validity": wanted.validity, "value_fen_per_100": wanted.value_fen_per_100, "clawback": back}
    if back.get("policy") == "cash" and not wanted.value_fen_per_100:
        raise WorthMissing(field="value_fen_per_100")
    meeting = {name: getattr(wanted, name) for name in ("multiplier_policy", "multiplier_most_percent")}
    kept = {name: value for name, value in meeting.items() if value is not UNSET}
    return {"points": points, "lateness_days": wanted.lateness_days, **kept}


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
