"""Verbs on merchants and stores."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfoNotFoundError

import msgspec

from shuke.ground.tenancy import models, queries
from shuke.kit import clock, errors
from shuke.kit.db import Tx

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class BadSlug(errors.Refused):
    """ "{slug}" cannot be a merchant's short name."""

    code = "bad_slug"
    http_status = 422
    zh = "「{slug}」不能作为商户短名。"
    cure = "Use lower-case letters, digits and hyphens, at most 63 characters."
    cure_zh = "只用小写字母、数字和连字符，最多 63 个字符。"


class SlugTaken(errors.Refused):
    """There is already a merchant "{slug}"."""

    code = "slug_taken"
    zh = "商户「{slug}」已经存在。"
    cure = "Choose another short name."
    cure_zh = "请换一个短名。"


class StoreTaken(errors.Refused):
    """There is already a store "{code}"."""

    code = "store_taken"
    zh = "门店编号「{code}」已经存在。"
    cure = "Choose another code, or change the existing store."
    cure_zh = "请换一个编号，或直接修改已有门店。"


class BadZone(errors.Refused):
    """There is no time zone "{zone}"."""

    code = "bad_zone"
    http_status = 422
    zh = "没有「{zone}」这个时区。"
    cure = "Give an IANA name such as Asia/Shanghai."
    cure_zh = "请填 IANA 时区名，例如 Asia/Shanghai。"


async def create_merchant(
    tx: Tx, slug: str, name: str, zone: str, at: datetime, state: Literal["active", "loading"] = "active"
) -> int:
    """Create a merchant in the directory; returns its number. Refuses a taken or unfit slug and an unknown zone.

    One that is `loading` is left alone by background work until `activate`.
    """
    if not _SLUG.fullmatch(slug):
        raise BadSlug(field="slug", slug=slug)
    _known_zone(zone)
    await tx.run("lock table merchant in share row exclusive mode")
    if await queries.find_merchant(tx, slug):
        raise SlugTaken(field="slug", slug=slug)
    merchant_id = 1 + (await tx.value("select coalesce(max(merchant_id), 0) from merchant"))
    await tx.run(
        "insert into merchant (merchant_id, slug, name, zone, state, created_at) "
        "values (%(id)s, %(slug)s, %(name)s, %(zone)s, %(state)s, %(at)s)",
        id=merchant_id, slug=slug, name=name, zone=zone, state=state, at=at,
    )  # fmt: skip
    await tx.run("insert into merchant_head (merchant_id) values (%(id)s)", id=merchant_id)
    return int(merchant_id)


async def activate(tx: Tx, merchant_id: int) -> None:
    """A merchant that was loading is open from now on."""
    await tx.run(
        "update merchant set state = 'active' where merchant_id = %(id)s and state = 'loading'", id=merchant_id
    )


async def drop_unfinished(tx: Tx, slug: str) -> bool:
    """Put aside a merchant whose loading was cut off: closed, and its short name free again; whether there was one."""
    return bool(
        await tx.run(
            "update merchant set state = 'closed', slug = slug || '-unfinished-' || merchant_id "
            "where slug = %(slug)s and state = 'loading'",
            slug=slug,
        )
    )


async def ensure_stores(tx: Tx, stores: Iterable[dict[str, Any]], at: datetime) -> dict[str, int]:
    """Create the stores (code, name and any other columns) that do not exist; repeatable. Returns numbers by code."""
    known = await queries.store_ids(tx)
    fresh = [store for store in stores if store["code"] not in known]
    if not fresh:
        return known
    ids = await tx.fresh_ids(len(fresh))
    for store, store_id in zip(fresh, ids, strict=True):
        row = {"name": store["code"], **store, "store_id": store_id, "created_at": at}
        await tx.insert(models.Store, [row], conflict="ignore")
    await tell_processes(tx)
    return await queries.store_ids(tx)


async def change_merchant(tx: Tx, **changes: Any) -> None:
    """Change name, zone, day_start_minutes, locale or settings of the transaction's merchant; the rest stays.

    A new zone or start of day holds from now on: business dates already written stay as they are. Refuses an unknown zone.
    """
    unknown = changes.keys() - {"name", "zone", "day_start_minutes", "locale", "settings"}
    assert not unknown, f"a merchant has no {unknown}"
    if "zone" in changes:
        _known_zone(changes["zone"])
    for column, value in changes.items():
        cast = "::jsonb" if column == "settings" else ""
        written = msgspec.json.encode(value).decode() if cast else value
        await tx.run(
            f"update merchant set {column} = %(value)s{cast} where merchant_id = %(merchant_id)s", value=written
        )
    await tell_processes(tx)


async def create_store(tx: Tx, code: str, at: datetime, **columns: Any) -> queries.StorePlace:
    """A new store; refuses a code that is taken and an unknown zone. For many, or repeatable: `ensure_stores`."""
    _known_zone(columns.get("zone"))
    [store_id] = await tx.fresh_ids(1)
    row = {"name": code, **columns, "store_id": store_id, "code": code, "created_at": at}
    if not await tx.insert(models.Store, [row], conflict="ignore"):
        raise StoreTaken(field="code", code=code)
    await tell_processes(tx)
    return await queries.get_place(tx, code)


async def change_store(tx: Tx, code: str, **columns: Any) -> queries.StorePlace:
    """Change a store's name, address, place, zone or state; its code stays. Refuses an unknown store or zone."""
    unknown = columns.keys() - {"name", "address", "latitude", "longitude", "zone", "state"}
    assert not unknown, f"a store has no {unknown}"
    _known_zone(columns.get("zone"))
    await queries.get_place(tx, code)
    for column, value in columns.items():
        await tx.run(
            f"update store set {column} = %(value)s where merchant_id = %(merchant_id)s and code = %(code)s",
            code=code, value=value,
        )  # fmt: skip
    await tell_processes(tx)
    return await queries.get_place(tx, code)


async def tell_processes(tx: Tx) -> None:
    """Every process keeps settings and stores by this version; it reads them anew when the version moves."""
    await tx.run("update merchant_head h set rules_version = h.rules_version + 1 where h.merchant_id = %(merchant_id)s")


def _known_zone(zone: str | None) -> None:
    if zone is None:
        return
    try:
        clock.zone(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadZone(field="zone", zone=zone) from error
