"""What the command line can have done: each command takes the open engines and plain arguments, and answers plain values."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shuke.assets import audit as auditor
from shuke.assets import digests
from shuke.doors import setup
from shuke.ground import access, mirror, tenancy
from shuke.insight import profiles, segments
from shuke.kit import clock, errors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from shuke.doors.context import Context


async def run(context: Context, name: str, arguments: dict[str, Any]) -> Any:
    """Carry out a command by name."""
    return await COMMANDS[name](context, **arguments)


async def create_merchant(
    context: Context, slug: str, name: str = "", zone: str = "Asia/Shanghai", owner: str | None = None
) -> dict[str, Any]:
    """Create a merchant; with `owner`, also the login of its owner (somebody who exists keeps the password)."""
    merchant_id = await setup.create_merchant(
        context.database, slug=slug, name=name, zone=zone, at=clock.now(), ready_made=True
    )
    answer: dict[str, Any] = {"merchant_id": merchant_id, "slug": slug, "name": name or slug, "zone": zone}
    if owner:
        answer |= await add_staff(context, slug, owner, role="owner")
    return answer


async def add_staff(
    context: Context, merchant: str, login: str, name: str = "", role: str = "owner", password: str | None = None
) -> dict[str, Any]:
    """Give somebody a role at a merchant for all stores; a new person gets a password, which is in the answer once."""
    made_up = password or access.suggest_password()
    password_hash = await access.hash_password(made_up)
    async with context.database.directory() as tx:
        merchant_id = (await known_merchant(context, merchant)).merchant_id
        known = await tx.value("select 1 from staff where login = %(login)s", login=login.strip().lower())
    async with context.database.write(merchant_id) as tx:
        await access.ensure_staff(
            tx, login=login, name=name or login, password_hash=password_hash, roles=[(role, None)], at=clock.now()
        )
    return {"login": login, "role": role, "password": None if known else made_up}


async def create_key(context: Context, merchant: str, name: str, scopes: list[str]) -> dict[str, Any]:
    """A new API key; its secret is in the answer, once."""
    found = await known_merchant(context, merchant)
    async with context.database.write(found.merchant_id) as tx:
        key_id, secret = await access.create_key(tx, name, scopes, clock.now())
    return {"key_id": key_id, "name": name, "scopes": scopes, "secret": secret}


async def known_merchant(context: Context, slug: str) -> tenancy.MerchantSettings:
    """The merchant of that slug; refuses `NoSuchMerchant`."""
    async with context.database.directory() as tx:
        merchant = await tenancy.find_merchant(tx, slug)
    if merchant is None:
        raise tenancy.NoSuchMerchant(slug=slug)
    return merchant


async def status(context: Context) -> dict[str, Any]:
    """How far each merchant is, and how far its readers are behind."""
    async with context.database.directory() as tx:
        rows = await tx.rows(
            "select m.merchant_id, m.slug, m.name, h.seq, "
            "(select jsonb_object_agg(c.reader, h.seq - c.seq) from relay_cursor c where c.merchant_id = m.merchant_id) as behind "
            "from merchant m join merchant_head h on h.merchant_id = m.merchant_id order by m.merchant_id"
        )
    merchants = [{"slug": row.slug, "name": row.name, "announced": row.seq, "behind": row.behind or {}} for row in rows]
    return {"as_of": clock.now().isoformat(), "merchants": merchants}


async def count_segment(
    context: Context, merchant: str, rule: Any, as_of: str | None = None, ids: bool = False
) -> dict[str, Any]:
    """How many members a rule stands for, up to the merchant's last word; with `ids`, their outside ids too."""
    found = await known_merchant(context, merchant)
    instant = clock.now() if as_of is None else read_instant(as_of, found.zone)
    counted = await segments.count(context.database, opened_mirror(context), found.merchant_id, rule, instant, ids=ids)
    answer: dict[str, Any] = {"count": counted.count}
    return answer | {"ids": counted.ids or []} if ids else answer


async def fit_profile(
    context: Context, merchant: str, model: str, until: str | None = None, predict_days: int = profiles.PREDICTED_DAYS,
    ids: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Fit a model to what was known at an instant; a date alone is the end of that business day."""
    found = await known_merchant(context, merchant)
    instant = clock.now() if until is None else read_instant(until, found.zone, "until")
    if until is not None and _is_date(until):
        tomorrow = instant.date() + timedelta(days=1)
        instant = clock.day_starts(tomorrow, found.zone, found.day_start_minutes) - timedelta(microseconds=1)
    fitted = await profiles.fit(
        context.database, opened_mirror(context), found.merchant_id, model, instant, predict_days
    )
    return await profiles.told(context.database, found.merchant_id, fitted, ids=ids)


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


class NotAnInstant(errors.Refused):
    """'{text}' is not an instant."""

    code = "not_an_instant"
    http_status = 422
    zh = "「{text}」不是时间。"
    cure = "Write a date or an instant as ISO 8601: 2026-03-31, 2026-03-31T18:00 or 2026-03-31T18:00+08:00."
    cure_zh = "请按 ISO 8601 写日期或时间：2026-03-31、2026-03-31T18:00 或 2026-03-31T18:00+08:00。"


def read_instant(text: str, zone: str, field: str = "as_of") -> datetime:
    """An ISO 8601 instant; without an offset it is in the merchant's zone. Refuses `NotAnInstant`."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise NotAnInstant(field=field, text=text) from error
    return instant if instant.tzinfo else instant.replace(tzinfo=clock.zone(zone))


def opened_mirror(context: Context) -> mirror.Mirror:
    """The mirror; an outage where it does not answer."""
    if context.mirror is None:
        raise errors.Unavailable("the mirror does not answer")
    return context.mirror


async def load_demo(context: Context) -> dict[str, Any]:
    """Load the demonstration merchant, unless it is there; how to sign in."""
    from shuke.doors.demo import load, shop

    answer = {"merchant": shop.SLUG, "login": shop.STAFF[0].login, "password": shop.PASSWORD}
    async with context.database.directory() as tx:
        there = shop.SLUG in {merchant.slug for merchant in await tenancy.list_merchants(tx)}
    if there:
        return answer | {"loaded": False}
    opened_mirror(context)
    started = clock.monotonic()
    await load.load_until_yesterday(context, lambda words, share: None)
    return answer | {"loaded": True, "seconds": round(clock.monotonic() - started, 3)}


async def audit(context: Context, merchant: str | None = None, against: str | None = None) -> dict[str, Any]:
    """Check the ledger of one merchant or of all: totals per wallet, and every difference that was found.

    `against` is the text of daily digests that somebody kept; one that is not ours is a difference too.
    """
    if merchant is not None:
        chosen = [await known_merchant(context, merchant)]
    else:
        async with context.database.directory() as tx:
            chosen = await tenancy.list_merchants(tx)
    results = []
    for one in chosen:
        result = await auditor.audit(context.database, one.merchant_id, clock.now())
        results.append({"merchant": one.slug, **result})
    if merchant is not None:
        if against is not None:
            async with context.database.read(chosen[0].merchant_id) as tx:
                compared = await digests.compare(tx, against)
            results[0] |= {"kept": compared, "differences": results[0]["differences"] + len(compared.differs)}
        return results[0]
    totals: dict[str, Counter[str]] = {}
    for result in results:
        for wallet, sums in result["totals"].items():
            totals.setdefault(wallet, Counter()).update(sums)
    return {
        "differences": sum(result["differences"] for result in results),
        "totals": {wallet: dict(sums) for wallet, sums in totals.items()}, "merchants": results,
    }  # fmt: skip


async def rebuild_mirror(context: Context, merchant: str | None = None) -> dict[str, Any]:
    """Throw the columnar copy of one merchant, or of all, away and make it anew from the log."""
    opened = opened_mirror(context)
    async with context.database.directory() as tx:
        everyone = await tenancy.list_merchants(tx)
    chosen = [await known_merchant(context, merchant)] if merchant is not None else everyone
    started = clock.monotonic()
    rebuilt = {one.slug: await mirror.rebuild(opened, context.database, one.merchant_id) for one in chosen}
    return {"announcements": rebuilt, "seconds": round(clock.monotonic() - started, 3)}


async def drain_mirror(context: Context, merchant: str | None = None) -> dict[str, Any]:
    """Copy until the mirror holds everything announced by now."""
    opened = opened_mirror(context)
    async with context.database.directory() as tx:
        everyone = await tenancy.list_merchants(tx)
    chosen = [await known_merchant(context, merchant)] if merchant is not None else everyone
    return {one.slug: await mirror.drain(opened, context.database, one.merchant_id) for one in chosen}


async def mirror_status(context: Context) -> list[dict[str, Any]]:
    """How far every merchant is copied."""
    async with context.database.directory() as tx:
        return await mirror.status(tx)


COMMANDS: dict[str, Callable[..., Awaitable[Any]]] = {
    "merchant.create": create_merchant,
    "staff.add": add_staff,
    "key.create": create_key,
    "status": status,
    "segment.count": count_segment,
    "profile.fit": fit_profile,
    "demo.load": load_demo,
    "audit": audit,
    "mirror.rebuild": rebuild_mirror,
    "mirror.drain": drain_mirror,
    "mirror.status": mirror_status,
}
