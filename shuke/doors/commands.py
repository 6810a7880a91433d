"""What the command line can have done: each command takes the open engines and plain arguments, and answers plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.doors import setup
from shuke.ground import access, tenancy
from shuke.kit import clock

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
    merchant_id = await setup.create_merchant(context.database, slug=slug, name=name, zone=zone, at=clock.now())
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


COMMANDS: dict[str, Callable[..., Awaitable[Any]]] = {
    "merchant.create": create_merchant,
    "staff.add": add_staff,
    "key.create": create_key,
    "status": status,
}
