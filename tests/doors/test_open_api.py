"""The API page and its document: complete, self-contained, and its examples run."""

from typing import Any

import httpx
import msgspec

from shuke.doors import console, keyed, open_api
from shuke.ground import access
from shuke.kit import clock
from shuke.kit.db import Database


async def test_every_route_is_in_the_document(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    known = {(method, path) for path, methods in document["paths"].items() for method in methods}
    expected = {("post", path) for path in ("/v1/orders", "/v1/refunds", "/v1/events")}
    handled = [(console.PREFIX, handler) for handler in console.routes] + [(keyed.PREFIX, one) for one in keyed.routes]
    for prefix, handler in handled:
        for path in handler.paths:
            plain = "/".join(
                f"{{{part[1:-1].split(':')[0]}}}" if part.startswith("{") else part for part in path.split("/")
            )
            expected |= {(method.lower(), f"{prefix}{plain}") for method in handler.http_methods if method != "OPTIONS"}
    assert known == expected
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            assert route["summary"] and route["responses"], (method, path)
            assert "`malformed`" in route["responses"]["400"]["description"]


async def test_the_page_needs_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    assert "/v1/orders" in page
    assert "unknown_store" in page
    for outside in ("<script", "http://", "https://", "<link", "@import", "url("):
        assert outside not in page.replace("http://www.w3.org", ""), outside


async def test_the_examples_run(client: httpx.AsyncClient, database: Database, merchant_id: int) -> None:
    """Each example is sent and answered in the shape that the document promises."""
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "示例", ["ingest"], clock.now())
    headers = {"Authorization": f"Bearer {secret}"}
    for operation in open_api.operations():
        body = msgspec.to_builtins(operation.body_example) | {"occurred_at": clock.now().isoformat()}
        answer = await client.post(operation.path, json=body, headers=headers)
        assert answer.status_code == operation.status, answer.text
        told = msgspec.convert(answer.json(), operation.answer)
        assert set(answer.json()) == set(operation.answer_example)
        assert _shape(answer.json()) == _shape(operation.answer_example), operation.path
        assert told.status == "accepted"


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_shape(value[0])] if value else []
    return type(value).__name__


async def test_wrong_keys_and_wrong_input_move_nothing(
    client: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    async with database.write(merchant_id) as tx:
        _, reading = await access.create_key(tx, "只读", ["read"], clock.now())
        _, secret = await access.create_key(tx, "写入", ["ingest"], clock.now())
    good = open_api.operations()[0].body_example | {"occurred_at": clock.now().isoformat()}
    key = {"Authorization": f"Bearer {secret}"}
    cases: list[tuple[Any, dict[str, str], int, str]] = [
        (good, {}, 401, "bad_key"), (good, {"Authorization": "Bearer sk_wrong"}, 401, "bad_key"),
        (good, {"Authorization": f"Bearer {reading}"}, 403, "forbidden"), (good | {"colour": 1}, key, 400, "malformed"),
        (good | {"occurred_at": "2099-01-01T00:00:00Z"}, key, 422, "future_date"),
        (good | {"store_id": "x"}, key, 422, "unknown_store"),
        (good | {"lines": [], "amount_fen": -1}, key, 400, "malformed"), (b"{", key, 400, "malformed"),
        (b"[" + b"1" * (10 << 20), key, 413, "too_large"),
    ]  # fmt: skip
    for body, headers, status, code in cases:
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        answer = await client.post("/v1/orders", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert {"message", "message_en"} <= answer.json().keys()
    async with database.read(merchant_id) as tx:
        assert await tx.value("select count(*) from orders where merchant_id = %(merchant_id)s") == 0
        assert await tx.value("select count(*) from member where merchant_id = %(merchant_id)s") == 0
