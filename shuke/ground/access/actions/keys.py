"""API keys: created once in the open, stored as a hash, recognised fast."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import TYPE_CHECKING

from shuke.ground.access import models, policy, queries
from shuke.kit import clock, errors
from shuke.kit.http import Caller

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shuke.kit.db import Database, Tx

KEEP_SECONDS = 2.0
NOTE_USE_EVERY_SECONDS = 60.0
MOST_KEPT = 20_000


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
    """The keys this process has seen within the last two seconds, so that a busy key costs one look-up per two seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[Caller | None, float]] = {}
        self._asked: dict[str, asyncio.Task[Caller | None]] = {}

    def forget(self) -> None:
        """Look every key up again: called when one was revoked."""
        self._known.clear()

    async def caller(self, authorization: str) -> Caller:
        """Who calls with that header; refuses `BadKey`."""
        kept = self._known.get(authorization)
        if kept is None or kept[1] < clock.monotonic():
            caller = await self._ask(authorization)
        else:
            caller = kept[0]
        if caller is None:
            raise BadKey
        return caller

    async def _ask(self, authorization: str) -> Caller | None:
        """One question per key at a time, however many callers wait for it."""
        task = self._asked.get(authorization)
        if task is None:
            task = asyncio.ensure_future(self._look_up(authorization))
            self._asked[authorization] = task
            task.add_done_callback(lambda _: self._asked.pop(authorization, None))
        return await asyncio.shield(task)

    async def _look_up(self, authorization: str) -> Caller | None:
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() != "bearer" or not secret.startswith("sk_") or len(secret) > 200:
            return None
        async with self._database.directory() as tx:
            caller = await _caller_of(tx, hash_of(secret.strip()), clock.now())
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        self._known[authorization] = (caller, clock.monotonic() + KEEP_SECONDS)
        return caller


async def _caller_of(tx: Tx, key_hash: bytes, now: datetime) -> Caller | None:
    row = await tx.one(
        "select key_id, merchant_id, name, scopes, last_used_at from api_key "
        "where key_hash = %(key_hash)s and revoked_at is null",
        key_hash=key_hash,
    )
    if row is None:
        return None
    if row.last_used_at is None or (now - row.last_used_at).total_seconds() > NOTE_USE_EVERY_SECONDS:
        await tx.run(
            "update api_key set last_used_at = %(now)s where key_hash = %(key_hash)s", key_hash=key_hash, now=now
        )
    return Caller(
        merchant_id=row.merchant_id,
        permissions=policy.allowed(row.scopes),
        name=row.name,
        key_id=row.key_id,
        role="key",
    )
