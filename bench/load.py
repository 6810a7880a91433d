"""A load of HTTP calls from a process of its own: so many callers, each waiting for its answer before the next call."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from typing import TYPE_CHECKING, Any

import uvloop

from shuke.kit import clock

if TYPE_CHECKING:
    from collections.abc import Iterator


class Caller(asyncio.Protocol):
    """One keep-alive connection: sends the next request when the answer to the last has come, and with `every` not before
    so many seconds after it was due."""

    def __init__(
        self, requests: Iterator[bytes], latencies: list[float], refused: list[bytes], until: float,
        pace: tuple[float, float] = (0.0, 0.0),
    ) -> None:  # fmt: skip
        self._requests = requests
        self._latencies = latencies
        self._refused = refused
        self._until = until
        self._buffer = b""
        self._sent_at = 0.0
        self._due, self._every = pace
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._next()

    def _next(self) -> None:
        wait = self._due - clock.monotonic()
        self._due += self._every
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._send)
        else:
            self._send()

    def _send(self) -> None:
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


def _order(caller: int, number: int, member: int, at: str) -> str:
    """One order of three lines."""
    return (
        f'{{"order_id":"{caller}-{number}","occurred_at":"{at}","member":{{"phone":"139{member:08d}"}},"store_id":"s1",'
        f'"channel":"pos","lines":[{{"sku":"JH-01","quantity":1,"amount_fen":19900,"product":"玫瑰精华","category":"护肤",'
        f'"brand":"芙颜"}},{{"sku":"MM-07","quantity":2,"amount_fen":{5800 + number % 900},"discount_fen":600}},'
        f'{{"sku":"SF-03","quantity":1,"amount_fen":12000}}]}}'
    )


def _request(key: str, text: str) -> bytes:
    body = text.encode()
    head = (
        f"POST /v1/orders HTTP/1.1\r\nHost: local\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def order_requests(plan: dict[str, Any], caller: int) -> Iterator[bytes]:
    """The requests of one caller: endless single orders, or lists of `batch`; a negative batch lets each key's
    first -batch members buy once, in lists, and ends."""
    keys, members, at, batch = plan["keys"], plan["members"], plan["at"], plan["batch"]
    name = caller + plan["offset"]
    if batch < 0:
        for key in keys[caller :: plan["callers"]]:
            for first in range(0, -batch, 500):
                listed = (_order(name, number, number, at) for number in range(first, min(first + 500, -batch)))
                yield _request(key, f"[{','.join(listed)}]")
        return
    key = keys[caller % len(keys)]
    for number in itertools.count():
        if plan.get("each_once"):
            yield _request(key, _order(name, number, (number * plan["callers"] + caller) % members, at))
        elif batch == 1:
            yield _request(key, _order(name, number, (caller * 7919 + number * 104729) % members, at))
        else:
            numbers = range(number * batch, (number + 1) * batch)
            listed = (_order(name, each, (caller * 7919 + each * 104729) % members, at) for each in numbers)
            yield _request(key, f"[{','.join(listed)}]")


async def drive(plan: dict[str, Any]) -> dict[str, Any]:
    """Run the plan {port, keys, callers, seconds, members, at, offset, batch}; orders a second, latencies, refusals.

    With `rate` the callers together send so many a second, with `each_once` one member after the other."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    refused: list[bytes] = []
    began = clock.monotonic()
    until = began + plan["seconds"] if plan["batch"] > 0 else float("inf")
    opened = []
    every = plan["callers"] / plan["rate"] if plan.get("rate") else 0.0
    for caller in range(plan["callers"]):
        pace = (began + every * caller / plan["callers"], every)
        protocol = Caller(order_requests(plan, caller), latencies, refused, until, pace)
        await loop.create_connection(lambda protocol=protocol: protocol, "127.0.0.1", plan["port"])  # type: ignore[misc]
        opened.append(protocol)
    await asyncio.gather(*(protocol.done for protocol in opened))
    took = clock.monotonic() - began
    ordered = sorted(latencies)
    return {
        "calls": len(ordered), "per_second": round(len(ordered) * max(plan["batch"], 1) / took, 1),
        "p50_ms": round(ordered[len(ordered) // 2] * 1000, 2) if ordered else None,
        "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 2) if ordered else None,
        "refused": len(refused), "first_refusal": refused[0].decode(errors="replace") if refused else None,
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(uvloop.run(drive(json.loads(sys.stdin.read())))))
