"""API keys: created once in the open, stored as a hash, recognised fast."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shuke.ground.access import models, policy, queries
from shuke.kit import clock, errors
from shuke.kit.http import Caller

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from shuke.kit.db import Database, Tx

KEEP_SECONDS = 2.0
NOTE_USE_EVERY = timedelta(minutes=1)


class BadKey(errors.Refused):
    """The API key is missing, unknown or revoked."""

    code = "bad_key"
    http_status = 401
    zh = "接口密钥缺失、不存在或已被吊销。"
    cure = "Send the header `Authorization: Bearer sk_…` with a key from Settings → API keys."
    cure_zh = "请在请求头带上 `Authorization: Bearer sk_…`,密钥在「设置 → 接口密钥」里创建。"


class NoSuchScope(errors.Refused):
    """There is no scope "{scope}"; known are: {known}."""

    code = "no_such_scope"
    http_status = 422
    zh = "没有「{scope}」这个权限范围，可用的有：{known}。"
    cure = "Give at least one of the known scopes."
    cure_zh = "请至少选一个列出的权限范围。"


async def create_key(tx: Tx, name: str, scopes: Sequence[str], at: datetime) -> tuple[int, str]:
    """A new key: (its number, its secret). The secret is shown this once and never again."""
    known = ", ".join(policy.SCOPES)
    try:
        fitting = policy.fitting_scopes(scopes)
    except KeyError as error:
        raise NoSuchScope(field="scopes", scope=error.args[0], known=known) from error
    if not fitting:
        raise NoSuchScope(field="scopes", scope="", known=known)
    secret = f"sk_{secrets.token_urlsafe(30)}"
    [key_id] = await tx.fresh_ids(1)
    row = {
        "key_hash": hash_of(secret), "key_id": key_id, "name": name.strip(), "prefix": secret[:9],
        "scopes": fitting, "created_at": at,
    }  # fmt: skip
    await tx.insert(models.ApiKey, [row])
    return key_id, secret


async def revoke_key(tx: Tx, key_id: int, at: datetime) -> None:
    """Make a key worthless: here at once, in other processes within two seconds. Repeatable; refuses `NoSuchKey`."""
    found = await tx.run(
        "update api_key set revoked_at = coalesce(revoked_at, %(at)s) "
        "where merchant_id = %(merchant_id)s and key_id = %(key_id)s",
        key_id=key_id, at=at,
    )  # fmt: skip
    if not found:
        raise queries.NoSuchKey


def hash_of(secret: str) -> bytes:
    """What is stored of a key. A key is 240 random bits, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


class KeyRing:
    """The keys this process has seen within the last two seconds. All that are in use are looked up together, so that the
    cost stays one question every two seconds for any number of busy keys."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[Caller | None, float]] = {}
        self._used: set[str] = set()
        self._wanted: set[str] = set()
        self._looking: asyncio.Task[None] | None = None
        self._turn = 0

    def forget(self) -> None:
        """Look every key up again: called when one was revoked."""
        self._known.clear()
        self._turn += 1

    def remembered(self, authorization: str) -> Caller | None:
        """Who calls with that header, as far as it is known without asking."""
        kept = self._known.get(authorization)
        if kept is None or kept[0] is None or kept[1] < clock.monotonic():
            return None
        self._used.add(authorization)
        return kept[0]

    async def caller(self, authorization: str) -> Caller:
        """Who calls with that header; refuses `BadKey`."""
        while (kept := self._known.get(authorization)) is None or kept[1] < clock.monotonic():
            self._wanted.add(authorization)
            if self._looking is None:
                self._looking = asyncio.ensure_future(self._look_up())
            await asyncio.shield(self._looking)
        if kept[0] is None:
            raise BadKey
        self._used.add(authorization)
        return kept[0]

    async def _look_up(self) -> None:
        """Answer all that are asked for, and again those that were used since the last time."""
        try:
            wanted, used = self._wanted, self._used
            self._wanted, self._used = set(), set()
            hashes = {each: found for each in wanted | used if (found := _hash_in(each))}
            turn = self._turn
            callers = await _callers_of(self._database, hashes) if hashes else {}
            if turn != self._turn:
                return  # a key was revoked meanwhile: whoever waits asks again
            until = clock.monotonic() + KEEP_SECONDS
            self._known = {each: (callers.get(each), until) for each in wanted | used}
        finally:
            self._looking = None


def _hash_in(authorization: str) -> bytes | None:
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer" or not secret.startswith("sk_") or len(secret) > 200:
        return None
    return hash_of(secret.strip())


async def _callers_of(database: Database, hashes: Mapping[str, bytes]) -> dict[str, Caller]:
    """The callers of these keys that are known and not revoked, in one statement; notes which were used."""
    now = clock.now()
    async with database.directory() as tx:
        rows = await tx.rows(
            "select key_hash, key_id, merchant_id, name, scopes, last_used_at from api_key "
            "where key_hash = any(%(hashes)s) and revoked_at is null",
            hashes=list(hashes.values()),
        )
        silent = [row.key_hash for row in rows if row.last_used_at is None or now - row.last_used_at > NOTE_USE_EVERY]
        if silent:
            await tx.run(
                "update api_key set last_used_at = %(now)s where key_hash = any(%(hashes)s)", hashes=silent, now=now
            )
    found = {bytes(row.key_hash): row for row in rows}
    return {each: _caller(found[key_hash]) for each, key_hash in hashes.items() if key_hash in found}


def _caller(row: Any) -> Caller:
    return Caller(
        merchant_id=row.merchant_id,
        permissions=policy.allowed(row.scopes),
        name=row.name,
        key_id=row.key_id,
        role="key",
    )
