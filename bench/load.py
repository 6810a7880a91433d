"""A load of HTTP calls from a process of its own: so many callers, each waiting for its answer before the next call."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from typing import TYPE_CHECKING

import uvloop

from shuke.kit import clock

if TYPE_CHECKING:
    from collections.abc import Iterator


class Caller(asyncio.Protocol):
    """One keep-alive connection: sends the next request when the answer to the last has come."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float], refused: list[bytes], until: float) -> None:
        self._requests = requests
        self._latencies = latencies
        self._refused = refused
        self._until = until
        self._buffer = b""
        self._sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._next()

    def _next(self) -> None:
        self._sent_at = clock.monotonic()
        request = next(self._requests, None) if self._sent_at < self._until else None
        if request is None:
            self._transport.close()
            return
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._buffer.lower().find(b"content-length:", 0, head)
        length = int(self._buffer[at + 15 : self._buffer.index(b"\r\n", at)])
        if len(self._buffer) < head + 4 + length:
            return
        if not self._buffer.startswith(b"HTTP/1.1 200"):
            self._refused.append(self._buffer[:300])
        self._latencies.append(clock.monotonic() - self._sent_at)
        self._buffer = b""
        self._next()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def order_requests(key: str, caller: int, members: int, at: str, path: str = "/v1/orders") -> Iterator[bytes]:
    """An endless supply of single orders of one caller: three lines, one of `members` members, a new key each."""
    for number in itertools.count():
        phone = f"139{(caller * 7919 + number * 104729) % members:08d}"
        body = (
            f'{{"order_id":"{caller}-{number}","occurred_at":"{at}","member":{{"phone":"{phone}"}},"store_id":"s1","channel":"pos",'
            f'"lines":[{{"sku":"JH-01","quantity":1,"amount_fen":19900,"product":"玫瑰精华","category":"护肤","brand":"芙颜"}},'
            f'{{"sku":"MM-07","quantity":2,"amount_fen":{5800 + number % 900},"discount_fen":600}},'
            f'{{"sku":"SF-03","quantity":1,"amount_fen":12000}}]}}'
        ).encode()
        yield (
            f"POST {path} HTTP/1.1\r\nHost: local\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


async def drive(plan: dict[str, object]) -> dict[str, object]:
    """Run the plan {port, keys, callers, seconds, members, at, offset}; calls a second, latencies in ms, refusals."""
    loop = asyncio.get_running_loop()
    keys, callers, seconds = plan["keys"], int(plan["callers"]), float(plan["seconds"])  # type: ignore[arg-type, call-overload]
    assert isinstance(keys, list)
    latencies: list[float] = []
    refused: list[bytes] = []
    began = clock.monotonic()
    opened = []
    for caller in range(callers):
        supply = order_requests(
            keys[caller % len(keys)],
            caller + int(plan["offset"]),
            int(plan["members"]),
            str(plan["at"]),  # type: ignore[call-overload]
        )
        _, protocol = await loop.create_connection(
            lambda supply=supply: Caller(supply, latencies, refused, began + seconds),
            "127.0.0.1",
            int(plan["port"]),  # type: ignore[call-overload, misc]
        )
        opened.append(protocol)
    await asyncio.gather(*(protocol.done for protocol in opened))
    took = clock.monotonic() - began
    ordered = sorted(latencies)
    return {
        "calls": len(ordered), "per_second": round(len(ordered) / took, 1),
        "p50_ms": round(ordered[len(ordered) // 2] * 1000, 2) if ordered else None,
        "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 2) if ordered else None,
        "refused": len(refused), "first_refusal": refused[0].decode(errors="replace") if refused else None,
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(uvloop.run(drive(json.loads(sys.stdin.read())))))
