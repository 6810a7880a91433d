"""`/v1/orders`, `/v1/refunds`, `/v1/events`: one item or up to 1,000 a call, as raw ASGI for speed; and previews of refunds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import structlog
from litestar import post

from shuke.assets import offers, points
from shuke.ground import access, ingestion, members
from shuke.kit import clock, errors, http
from shuke.kit.db import Database
from shuke.kit.http import Caller
from shuke.programs.intake import policy
from shuke.programs.intake.actions import previewing
from shuke.programs.intake.actions.apply import Answer, apply

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from shuke.programs.intake.actions.collector import Collector

log = structlog.get_logger("intake")
LIMIT_MB = 8
JSON = (b"content-type", b"application/json")
_encode = msgspec.json.Encoder().encode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode


_ALWAYS = (
    errors.Malformed, http.Forbidden, errors.TooLarge, errors.TooMany, ingestion.DifferentBody, members.UnknownIdentity,
    members.BadIdentity, members.NoIdentity, policy.FutureDate,
)  # fmt: skip
REFUSALS: dict[str, tuple[type[errors.Refused], ...]] = {
    "/v1/orders": (
        *_ALWAYS, policy.UnknownStore, policy.AmountMissing, policy.AmountMismatch, policy.MemberNeeded,
        points.NotEnoughPoints, offers.NoSuchOffer, offers.ShareExceeded,
    ),
    "/v1/refunds": (*_ALWAYS, policy.RefundTooLarge),
    "/v1/events": (*_ALWAYS, policy.UnknownStore, policy.OwnedEvent),
}  # fmt: skip
"""What each route may refuse, for the API page."""


class Intake:
    """The three routes."""

    def __init__(self, database: Database, collector: Collector, keys: access.KeyRing) -> None:
        self._database = database
        self._collector = collector
        self._keys = keys
        self._shapes: dict[str, tuple[Callable[[bytes], Any], str]] = {
            "/v1/orders": (msgspec.json.Decoder(ingestion.OrderIn).decode, "orders.write"),
            "/v1/refunds": (msgspec.json.Decoder(ingestion.RefundIn).decode, "refunds.write"),
            "/v1/events": (msgspec.json.Decoder(ingestion.EventIn).decode, "events.write"),
        }

    @property
    def paths(self) -> frozenset[str]:
        """Which paths (POST) this answers."""
        return frozenset(self._shapes)

    def begin(
        self, path: str, headers: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> tuple[int, asyncio.Future[Answer]] | None:
        """Begin to record one item: its merchant and its verdict to come. None where the long way has to say more: a key
        not seen lately or not allowed, a list, a body that cannot be read."""
        decode, permission = self._shapes[path]
        header = next((value for name, value in headers if name == b"authorization"), b"")
        caller = self._keys.remembered(header.decode("latin-1"))
        if caller is None or permission not in caller.permissions or body.lstrip()[:1] == b"[":
            return None
        try:
            return caller.merchant_id, self._collector.put(caller.merchant_id, decode(body))
        except (msgspec.DecodeError, UnicodeDecodeError, errors.Unavailable):
            return None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one POST; every refusal and outage has its documented body."""
        try:
            status, body = await self._answer(scope, receive)
            headers = [JSON]
        except errors.Refused as refusal:
            status, body, headers = refusal.http_status, _encode(refusal.body()), [JSON]
        except errors.Unavailable as outage:
            refusal_body = http.unavailable_body()
            status, body = 503, _encode(refusal_body)
            headers = [JSON, (b"retry-after", str(outage.retry_after_seconds).encode())]
        except Exception:
            log.exception("unexpected", path=scope["path"])
            status, body, headers = 500, _encode(http.unexpected_body()), [JSON]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Any, receive: Any) -> tuple[int, bytes]:
        decode, permission = self._shapes[scope["path"]]
        header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        caller = await self._keys.caller(header.decode("latin-1"))
        if permission not in caller.permissions:
            raise http.Forbidden(permission=permission)
        scope["shuke.caller"] = caller
        body = await _body(receive)
        if body.lstrip()[:1] == b"[":
            return 200, await self._many(caller.merchant_id, decode, body)
        answer = await self._collector.submit(caller.merchant_id, _decoded(decode, body))
        return answer.status, answer.body

    async def _many(self, merchant_id: int, decode: Callable[[bytes], Any], body: bytes) -> bytes:
        """A list: each item gets its own verdict, in order, with its row."""
        try:
            parts = _items(body)
        except msgspec.DecodeError as error:
            raise http.malformed(str(error)) from error
        if len(parts) > ingestion.MAX_ITEMS:
            raise errors.TooMany(most=ingestion.MAX_ITEMS, count=len(parts))
        results: list[bytes] = [b""] * len(parts)
        good: list[tuple[int, Any]] = []
        for row, part in enumerate(parts):
            try:
                good.append((row, _decoded(decode, bytes(part))))
            except errors.Refused as refusal:
                results[row] = _refused(_encode(refusal.body()))
        answers = await apply(self._database, merchant_id, [item for _, item in good])
        for (row, _), answer in zip(good, answers, strict=True):
            results[row] = _result(answer)
        return b'{"results":[' + b",".join(results) + b"]}"


def _result(answer: Answer) -> bytes:
    return answer.body if answer.status < 300 else _refused(answer.body)


def _refused(body: bytes) -> bytes:
    return b'{"status":"refused","error":' + body + b"}"


def _decoded(decode: Callable[[bytes], Any], body: bytes) -> Any:
    try:
        return decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise http.malformed(str(error)) from error


async def _body(receive: Any) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > LIMIT_MB << 20:
            raise errors.TooLarge(limit_mb=LIMIT_MB)
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LIMIT_MB << 20:
            raise errors.TooLarge(limit_mb=LIMIT_MB)
    return b"".join(parts)


class PreviewBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which order, and how much of its money would go back; without an amount all that is left."""

    order_id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = "api"
    amount_fen: Annotated[int, msgspec.Meta(ge=0)] | None = None


@post(
    "/refunds/preview",
    guards=[http.requires("refunds.write")],
    status_code=200,
    responses=http.declares(previewing.UnknownOrder, policy.RefundTooLarge),
)
async def preview_refund(data: PreviewBody, database: Database, caller: Caller) -> previewing.RefundPreview:
    """What a refund would do, before it is final · 退款试算: points taken back from which lots, debt, points given back, and the
    money to hand over. Nothing moves; the refund then does exactly this if nothing happens in between."""
    return await previewing.preview(
        database, caller.merchant_id, data.source, data.order_id, data.amount_fen, clock.now()
    )


routes = [preview_refund]
