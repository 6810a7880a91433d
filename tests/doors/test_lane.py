"""The short way of a single item, over a real socket: the same verdicts as the long way, in the order of the calls."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shuke.doors import asgi, lane, listening
from shuke.doors.context import Context
from shuke.ground import access
from shuke.kit import clock
from shuke.programs.intake import Collector
from shuke.programs.intake.open_api import Intake

ORDER = {"occurred_at": "2026-11-21T10:00:00+08:00", "member": {"phone": "13800138000"}, "amount_fen": 9_900}


@asynccontextmanager
async def serving(context: Context) -> AsyncIterator[tuple[int, Intake]]:
    """The web application on a free port; its port and its intake."""
    collector = Collector(context.database)
    intake = Intake(context.database, collector, context.keys)
    server = listening.server(asgi.create_app(context, intake), lane.protocol(intake, secure=False))
    socket = listening.on_port("127.0.0.1", 0)
    running = asyncio.create_task(server.serve(sockets=[socket]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield socket.getsockname()[1], intake
    server.should_exit = True
    await running
    await collector.close()


async def key_of(context: Context, merchant_id: int, scope: str = "orders.write") -> str:
    """A key this process has just seen."""
    async with context.database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "收银机", [scope], clock.now())
    await context.keys.caller(f"Bearer {secret}")
    return secret


def call(key: str, body: Any, *headers: str) -> bytes:
    """One POST of an order, or of a body as it stands."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = ["POST /v1/orders HTTP/1.1", "Host: shuke", f"Authorization: Bearer {key}", f"Content-Length: {len(text)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + text


async def answer_of(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], Any]:
    """The next answer on a connection."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)).decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    body = await reader.readexactly(int(headers["content-length"]))
    return int(head[0].split()[1]), headers, json.loads(body)


async def test_a_single_order_is_answered_with_the_headers_of_every_answer(context: Context, merchant_id: int) -> None:
    key = await key_of(context, merchant_id)
    async with serving(context) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(call(key, ORDER | {"order_id": "a"}))
        status, headers, body = await answer_of(reader)
        assert (status, body["points"]["earned"]) == (200, 99)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-type"] == "application/json"
        assert len(headers["x-request-id"]) == 16
        named = "X-Request-Id: till-7-0001"  # a header of its own: the long way
        writer.write(call(key, ORDER | {"order_id": "a"}, named))
        status, headers, again = await answer_of(reader)
        assert (status, again, headers["x-request-id"]) == (200, body | {"status": "duplicate"}, "till-7-0001")
        writer.close()


async def test_calls_sent_without_waiting_are_answered_in_their_order(context: Context, merchant_id: int) -> None:
    key = await key_of(context, merchant_id)
    async with serving(context) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        sent = [call(key, ORDER | {"order_id": f"p{number}"}) for number in range(5)]
        sent[2] = call(key, [ORDER | {"order_id": "p2"}])  # a list: the long way between four short ones
        whole = b"".join(sent)
        for start in range(0, len(whole), 700):
            writer.write(whole[start : start + 700])
            await writer.drain()
            await asyncio.sleep(0.005)
        bodies = [(await answer_of(reader))[2] for _ in sent]
        assert [body.get("order_id") for body in bodies] == ["p0", "p1", None, "p3", "p4"]
        assert bodies[2]["results"][0]["order_id"] == "p2"
        writer.close()


async def test_a_large_order_that_arrives_in_pieces_is_answered(context: Context, merchant_id: int) -> None:
    key = await key_of(context, merchant_id)
    lines = [{"sku": f"玫瑰精华礼盒-{number:04d}", "category": "美容礼盒", "amount_fen": 100} for number in range(800)]
    whole = call(key, ORDER | {"order_id": "团购", "amount_fen": 80_000, "lines": lines})
    assert 65_536 < len(whole) < 100_000
    async with serving(context) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for start in range(0, len(whole), 16_000):
            writer.write(whole[start : start + 16_000])
            await writer.drain()
            await asyncio.sleep(0.005)
        status, _, body = await answer_of(reader)
        assert (status, body["points"]["earned"]) == (200, 800)
        writer.close()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"order_id": "x", "occurred', "malformed"),
        ({**ORDER, "order_id": "x", "amount_fen": -1}, "malformed"),
        ({**ORDER, "order_id": "x", "store_id": "没有的店"}, "unknown_store"),
    ],
)
async def test_what_is_wrong_is_refused_as_on_the_long_way(
    context: Context, merchant_id: int, body: Any, code: str
) -> None:
    key = await key_of(context, merchant_id)
    async with serving(context) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answers = []
        for headers in ((), ("X-Way: long",)):
            writer.write(call(key, body, *headers))
            status, _, refusal = await answer_of(reader)
            answers.append((status, refusal))
        assert answers[0] == answers[1]
        assert answers[0][1]["code"] == code
        writer.close()


async def test_a_key_without_the_scope_and_an_unknown_one_are_refused(context: Context, merchant_id: int) -> None:
    reading = await key_of(context, merchant_id, "read")
    async with serving(context) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(call(reading, ORDER | {"order_id": "a"}))
        assert (await answer_of(reader))[0] == 403
        writer.write(call("sk_nobody", ORDER | {"order_id": "a"}))
        assert (await answer_of(reader))[0] == 401
        writer.close()


async def test_what_was_begun_is_answered_while_the_server_stops_and_a_caller_who_left_harms_nobody(
    context: Context, merchant_id: int
) -> None:
    key = await key_of(context, merchant_id)
    async with serving(context) as (port, _):
        _, leaving = await asyncio.open_connection("127.0.0.1", port)
        leaving.write(call(key, ORDER | {"order_id": "gone"}))
        await leaving.drain()
        leaving.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(call(key, ORDER | {"order_id": "last"}))
        await writer.drain()
        await asyncio.sleep(0.002)
    status, _, body = await answer_of(reader)
    assert (status, body["order_id"]) == (200, "last")
    writer.close()
