"""Routes for staff: the session, colleagues, API keys and the audit trail."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.datastructures import Cookie
from msgspec import Meta

from shuke.ground import tenancy
from shuke.ground.access import actions, policy, queries
from shuke.kit import clock, http, paging
from shuke.kit.config import Settings
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller, requires

COOKIE = "shuke_session"
Name = Annotated[str, Meta(min_length=1, max_length=100)]


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """Login and password."""

    login: Annotated[str, Meta(max_length=100)]
    password: Annotated[str, Meta(max_length=500)]


class StaffName(msgspec.Struct):
    """Who is signed in."""

    staff_id: int
    name: str
    login: str


class MerchantName(msgspec.Struct):
    """The merchant one looks at."""

    merchant_id: int
    slug: str
    name: str
    zone: str


class SlugName(msgspec.Struct):
    """A merchant one could look at."""

    slug: str
    name: str


class CodeName(msgspec.Struct):
    """A store of the merchant."""

    code: str
    name: str


class SessionShown(msgspec.Struct):
    """All that the console needs to know of who is signed in."""

    staff: StaffName
    merchant: MerchantName
    merchants: list[SlugName]
    role: str
    stores: list[CodeName]
    permissions: list[str]
    csrf_token: str
    locale: str


class SwitchTo(msgspec.Struct, forbid_unknown_fields=True):
    """The merchant to look at."""

    slug: str


class Speak(msgspec.Struct, forbid_unknown_fields=True):
    """The language to read."""

    locale: Literal["zh", "en"]


class RoleAt(msgspec.Struct, forbid_unknown_fields=True):
    """A role, for one store by its code or for all of them."""

    role: str
    store: str | None = None


class NewStaff(msgspec.Struct, forbid_unknown_fields=True):
    """A new colleague; without a password one is made up and shown once."""

    login: str
    name: Name
    roles: list[RoleAt]
    password: str | None = None


class StaffChange(msgspec.Struct, forbid_unknown_fields=True):
    """What to change about a colleague."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    roles: list[RoleAt] | msgspec.UnsetType = msgspec.UNSET
    state: Literal["active", "disabled"] | msgspec.UnsetType = msgspec.UNSET


class NewPassword(msgspec.Struct, forbid_unknown_fields=True):
    """A new password; without one it is made up and shown once."""

    password: str | None = None


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    """A new API key."""

    name: Name
    scopes: list[str]


async def shown(database: Database, session: queries.Session) -> SessionShown:
    """The session as the console reads it."""
    async with database.read(session.merchant_id) as tx:
        merchants = [
            await tenancy.get_merchant(tx, number) for number in await queries.merchants_of(tx, session.staff_id)
        ]
        stores = [
            CodeName(store.code, store.name)
            for store in await tenancy.list_stores(tx)
            if not session.stores or store.store_id in session.stores
        ]
    here = next(merchant for merchant in merchants if merchant.merchant_id == session.merchant_id)
    return SessionShown(
        staff=StaffName(session.staff_id, session.name, session.login),
        merchant=MerchantName(here.merchant_id, here.slug, here.name, here.zone),
        merchants=[SlugName(merchant.slug, merchant.name) for merchant in merchants],
        role=session.role, stores=stores, permissions=sorted(session.permissions), csrf_token=session.csrf_token,
        locale=session.locale,
    )  # fmt: skip


def session_of(request: Request[Any, Any, Any]) -> queries.Session:
    """The session that the door recognised; refuses when nobody is signed in."""
    session: queries.Session | None = request.scope.get("shuke.session")  # type: ignore[assignment]
    if session is None:
        raise http.NotSignedIn
    return session


async def reread(database: Database, session: queries.Session, now: datetime) -> SessionShown:
    """The session after something about it changed."""
    async with database.directory() as tx:
        fresh = await queries.find_session(tx, session.token_hash, now)
    if fresh is None:
        raise http.NotSignedIn
    return await shown(database, fresh)


@post(
    "/session",
    status_code=200,
    opt={"open": True},
    responses=http.declares(actions.BadCredentials, actions.TooManyTries),
)
async def sign_in(
    data: SignIn, request: Request[Any, Any, Any], database: Database, settings: Settings
) -> Response[SessionShown]:
    """Sign in: sets the session's cookie. The token for writes is `csrf_token`, sent back as `X-CSRF-Token`."""
    ip = request.client.host if request.client else ""
    agent = request.headers.get("user-agent", "")
    token, session = await actions.sign_in(database, data.login, data.password, ip=ip, agent=agent, at=clock.now())
    cookie = Cookie(
        key=COOKIE, value=token, path="/", httponly=True, samesite="lax", secure=settings.secure_cookies,
        max_age=int(policy.LONGEST.total_seconds()),
    )  # fmt: skip
    return Response(await shown(database, session), cookies=[cookie], headers={"Cache-Control": "no-store"})


@get("/session", responses=http.declares(http.NotSignedIn))
async def show_session(request: Request[Any, Any, Any], database: Database) -> SessionShown:
    """Who is signed in, where, and what they may do."""
    return await shown(database, session_of(request))


@delete("/session")
async def sign_out(request: Request[Any, Any, Any], database: Database, settings: Settings) -> Response[None]:
    """Sign out this browser."""
    session = session_of(request)
    async with database.write(session.merchant_id) as tx:
        await actions.close_session(tx, session, request.client.host if request.client else "", clock.now())
    gone = Cookie(
        key=COOKIE, value="", path="/", httponly=True, samesite="lax", secure=settings.secure_cookies, max_age=0
    )
    return Response(None, status_code=204, cookies=[gone])


@post("/session/merchant", status_code=200, responses=http.declares(actions.NotYourMerchant))
async def switch_merchant(data: SwitchTo, request: Request[Any, Any, Any], database: Database) -> SessionShown:
    """Look at another merchant where one works."""
    session = session_of(request)
    async with database.directory() as tx:
        merchant = await tenancy.find_merchant(tx, data.slug)
        await actions.switch_merchant(tx, session, merchant.merchant_id if merchant else 0)
    return await reread(database, session, clock.now())


@post("/session/locale", status_code=200)
async def set_locale(data: Speak, request: Request[Any, Any, Any], database: Database) -> SessionShown:
    """Remember the language one reads."""
    session = session_of(request)
    async with database.directory() as tx:
        await actions.set_locale(tx, session.staff_id, data.locale)
    return await reread(database, session, clock.now())


async def _store_codes(tx: Tx) -> dict[int, str]:
    return {store.store_id: store.code for store in await tenancy.list_stores(tx)}


def _pairs(roles: Sequence[RoleAt]) -> list[tuple[str, str | None]]:
    return [(role.role, role.store) for role in roles]


def _noted(person: queries.StaffMember) -> dict[str, Any]:
    return {"name": person.name, "roles": msgspec.to_builtins(person.roles), "state": person.state}


@get("/staff", guards=[requires("staff.write")])
async def list_staff(database: Database, caller: Caller) -> dict[str, list[queries.StaffMember]]:
    """Everyone who works here."""
    async with database.read(caller.merchant_id) as tx:
        return {"items": await queries.list_staff(tx, await _store_codes(tx))}


@post(
    "/staff",
    guards=[requires("staff.write")],
    responses=http.declares(
        actions.BadLogin, actions.LoginTaken, actions.BadRole, actions.WeakPassword, tenancy.NoSuchStore
    ),
)
async def create_staff(data: NewStaff, database: Database, caller: Caller) -> dict[str, Any]:
    """Add a colleague. A password made up here is in the answer, once."""
    password = data.password or actions.suggest_password()
    password_hash = await actions.hash_password(password)
    async with database.write(caller.merchant_id) as tx:
        staff_id = await actions.create_staff(
            tx, login=data.login, name=data.name, password_hash=password_hash, roles=_pairs(data.roles), at=clock.now()
        )
        person = await queries.get_staff(tx, staff_id, await _store_codes(tx))
        await actions.record(tx, caller, "staff.created", ("staff", person.name), after=_noted(person), at=clock.now())
    answer = msgspec.to_builtins(person, builtin_types=(datetime,))
    return answer if data.password else answer | {"password": password}


@patch(
    "/staff/{staff_id:int}",
    guards=[requires("staff.write")],
    responses=http.declares(
        queries.NoSuchStaff, actions.BadRole, actions.LastOwner, actions.SharedStaff, tenancy.NoSuchStore
    ),
)
async def change_staff(staff_id: int, data: StaffChange, database: Database, caller: Caller) -> queries.StaffMember:
    """Change a colleague's name, roles or state; a disabled one is signed out at once."""
    async with database.write(caller.merchant_id) as tx:
        codes = await _store_codes(tx)
        before = await queries.get_staff(tx, staff_id, codes)
        await actions.change_staff(
            tx, staff_id, name=data.name or None, state=data.state or None,
            roles=_pairs(data.roles) if data.roles is not msgspec.UNSET else None,
        )  # fmt: skip
        after = await queries.get_staff(tx, staff_id, codes)
        await actions.record(
            tx,
            caller,
            "staff.changed",
            ("staff", after.name),
            before=_noted(before),
            after=_noted(after),
            at=clock.now(),
        )
    return after


@post(
    "/staff/{staff_id:int}/password",
    status_code=200,
    guards=[requires("staff.write")],
    responses=http.declares(queries.NoSuchStaff, actions.SharedStaff, actions.WeakPassword),
)
async def reset_password(staff_id: int, data: NewPassword, database: Database, caller: Caller) -> dict[str, str | None]:
    """Give a colleague a new password; one made up here is in the answer, once. Ends their sessions."""
    password = data.password or actions.suggest_password()
    password_hash = await actions.hash_password(password)
    async with database.write(caller.merchant_id) as tx:
        person = await queries.get_staff(tx, staff_id, await _store_codes(tx))
        await actions.reset_password(tx, staff_id, password_hash)
        await actions.record(tx, caller, "staff.password_reset", ("staff", person.name), at=clock.now())
    return {"password": None if data.password else password}


@get("/api-keys", guards=[requires("keys.write")])
async def list_keys(database: Database, caller: Caller) -> dict[str, list[queries.Key]]:
    """The API keys, newest first."""
    async with database.read(caller.merchant_id) as tx:
        return {"items": await queries.list_keys(tx)}


@post("/api-keys", guards=[requires("keys.write")], responses=http.declares(actions.NoSuchScope))
async def create_key(data: NewKey, database: Database, caller: Caller) -> dict[str, Any]:
    """A new key. Its secret is in this answer and nowhere else."""
    async with database.write(caller.merchant_id) as tx:
        key_id, secret = await actions.create_key(tx, data.name, data.scopes, clock.now())
        key = await queries.get_key(tx, key_id)
        after = {"prefix": key.prefix, "scopes": key.scopes}
        await actions.record(tx, caller, "key.created", ("key", key.name), after=after, at=clock.now())
    return msgspec.to_builtins(key, builtin_types=(datetime,)) | {"secret": secret}


@post(
    "/api-keys/{key_id:int}/revoke",
    status_code=200,
    guards=[requires("keys.write")],
    responses=http.declares(queries.NoSuchKey),
)
async def revoke_key(key_id: int, database: Database, caller: Caller, keys: actions.KeyRing) -> queries.Key:
    """Make a key worthless at once."""
    async with database.write(caller.merchant_id) as tx:
        await actions.revoke_key(tx, key_id, clock.now())
        key = await queries.get_key(tx, key_id)
        await actions.record(tx, caller, "key.revoked", ("key", key.name), after={"prefix": key.prefix}, at=clock.now())
    keys.forget()
    return key


@get("/audit-trail", guards=[requires("audit.read")], responses=http.declares(paging.BadCursor))
async def list_trail(
    database: Database,
    caller: Caller,
    actor: str | None = None,
    action: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> paging.Page:
    """What staff did, newest first; `actor` is a number or a name, `action` a code or its first part."""
    async with database.read(caller.merchant_id) as tx:
        return await queries.list_trail(tx, actor=actor, action=action, cursor=cursor, limit=paging.limited(limit))


@get("/audit-trail/actions", guards=[requires("audit.read")])
async def list_actions() -> dict[str, list[dict[str, Any]]]:
    """Every kind of act that the trail tells of, with its words, for the filter."""
    return {
        "items": [{"action": code, "name": {"zh": words.zh, "en": words.en}} for code, words in policy.acts().items()]
    }


routes = [
    sign_in, show_session, sign_out, switch_merchant, set_locale, list_staff, create_staff, change_staff, reset_password, list_keys,
    create_key, revoke_key, list_trail, list_actions,
]  # fmt: skip
