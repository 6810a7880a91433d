"""Signing in and out. Only hashes of tokens are stored; a stolen table signs nobody in."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from shuke.ground.access import policy, queries
from shuke.ground.access.actions import passwords, trail
from shuke.kit import errors
from shuke.kit.db import Database, Tx

TOUCH_EVERY = timedelta(minutes=1)


class BadCredentials(errors.Refused):
    """The login or the password is wrong."""

    code = "bad_credentials"
    http_status = 401
    zh = "账号或密码不对。"
    cure = "Check both; the owner of the shop can set a new password."
    cure_zh = "请核对后再试，忘记密码可以请店主重置。"


class TooManyTries(errors.Refused):
    """Too many failed attempts; try again in {retry_after_seconds} seconds."""

    code = "too_many_tries"
    http_status = 429
    zh = "失败次数太多，请 {retry_after_seconds} 秒后再试。"
    cure = "Wait, or let the owner of the shop set a new password."
    cure_zh = "请稍等，或请店主重置密码。"


class NotYourMerchant(errors.NotFound):
    """You do not work at this merchant."""

    code = "no_such_merchant"
    zh = "找不到这个商户。"


def token_hash(token: str) -> bytes:
    """What is stored of a session's token."""
    return hashlib.sha256(token.encode()).digest()


async def sign_in(
    database: Database, login: str, password: str, *, ip: str, agent: str, at: datetime
) -> tuple[str, queries.Session]:
    """Open a session: (the token for the cookie, the session). Takes three short transactions, so that no connection waits
    for argon2. Refuses `BadCredentials` and, after five failures in a row, `TooManyTries`.
    """
    async with database.directory() as tx:
        person = await _count_try(tx, login.strip().lower(), at)
    fits = await passwords.verify(person.password_hash if person and person.state == "active" else None, password)
    if person is None or not fits:
        raise BadCredentials
    async with database.directory() as tx:
        merchants = await queries.merchants_of(tx, person.staff_id)
    if not merchants:
        raise BadCredentials
    async with database.write(merchants[0]) as tx:
        await tx.run(
            "update staff set failed_count = 0, locked_until = null, last_seen_at = %(at)s where staff_id = %(staff_id)s",
            staff_id=person.staff_id, at=at,
        )  # fmt: skip
        token, session = await _open(tx, person.staff_id, merchants[0], ip=ip, agent=agent, at=at)
        await trail.record(tx, session.caller(ip), "session.opened", ("staff", session.login), at=at)
    return token, session


async def _count_try(tx: Tx, login: str, at: datetime) -> Any:
    """Count the attempt before the password is looked at, so that a hundred at once do not all get a free try."""
    person = await tx.one("select * from staff where login = %(login)s for update", login=login)
    if person is None:
        return None
    if person.locked_until is not None and person.locked_until > at:
        raise TooManyTries(retry_after_seconds=int((person.locked_until - at).total_seconds()) + 1)
    await tx.run(
        "update staff set failed_count = failed_count + 1, locked_until = %(until)s where staff_id = %(staff_id)s",
        staff_id=person.staff_id, until=policy.locked_until(person.failed_count + 1, at),
    )  # fmt: skip
    return person


async def _open(
    tx: Tx, staff_id: int, merchant_id: int, *, ip: str, agent: str, at: datetime
) -> tuple[str, queries.Session]:
    token = secrets.token_urlsafe(32)
    await tx.run(
        "delete from staff_session where staff_id = %(staff_id)s and expires_at < %(at)s", staff_id=staff_id, at=at
    )
    await tx.run(
        "insert into staff_session (token_hash, staff_id, merchant_id, csrf_token, created_at, seen_at, expires_at, ip, agent) "
        "values (%(token_hash)s, %(staff_id)s, %(merchant)s, %(csrf)s, %(at)s, %(at)s, %(until)s, %(ip)s, %(agent)s)",
        token_hash=token_hash(token), staff_id=staff_id, merchant=merchant_id, csrf=secrets.token_urlsafe(24), at=at,
        until=at + policy.IDLE, ip=ip, agent=agent[:200],
    )  # fmt: skip
    session = await queries.find_session(tx, token_hash(token), at)
    assert session is not None, "a session just opened is valid"
    return token, session


async def touch_session(tx: Tx, session: queries.Session, at: datetime) -> None:
    """Prolong a session in use; at most once a minute. Asked of the directory."""
    if at - session.seen_at < TOUCH_EVERY:
        return
    until = min(at + policy.IDLE, session.created_at + policy.LONGEST)
    await tx.run(
        "update staff_session set seen_at = %(at)s, expires_at = %(until)s where token_hash = %(token_hash)s",
        token_hash=session.token_hash, at=at, until=until,
    )  # fmt: skip
    await tx.run(
        "update staff set last_seen_at = %(at)s where staff_id = %(staff_id)s", staff_id=session.staff_id, at=at
    )


async def close_session(tx: Tx, session: queries.Session, ip: str, at: datetime) -> None:
    """Sign out this browser; its token is worthless from now on. Repeatable."""
    await tx.run("delete from staff_session where token_hash = %(token_hash)s", token_hash=session.token_hash)
    await trail.record(tx, session.caller(ip), "session.closed", ("staff", session.login), at=at)


async def switch_merchant(tx: Tx, session: queries.Session, merchant_id: int) -> None:
    """Look at another merchant where this person works; refuses `NotYourMerchant`. Asked of the directory."""
    if merchant_id not in await queries.merchants_of(tx, session.staff_id):
        raise NotYourMerchant(field="slug")
    await tx.run(
        "update staff_session set merchant_id = %(to)s where token_hash = %(token_hash)s",
        token_hash=session.token_hash, to=merchant_id,
    )  # fmt: skip


async def set_locale(tx: Tx, staff_id: int, locale: str) -> None:
    """Remember the language a person reads. Asked of the directory."""
    await tx.run("update staff set locale = %(locale)s where staff_id = %(staff_id)s", staff_id=staff_id, locale=locale)
