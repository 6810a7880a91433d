"""Refusals come in the language that the caller prefers: on ordinary routes, on raw ones, and on the short way."""

import asyncio
from typing import Any

import httpx
import pytest

from shuke.doors.context import Context
from shuke.ground import access
from shuke.kit import clock, http
from shuke.kit.db import Database
from tests.doors.test_lane import ORDER, answer_of, call, key_of, serving

BAD = {"occurred_at": "2026-11-21T10:00:00+08:00", "order_id": "SO-1", "store_id": "nowhere", "amount_fen": 100}


@pytest.mark.parametrize(
    ("accepted", "english"),
    [
        ("", False), ("*", False), ("zh-CN,zh;q=0.9,en;q=0.8", False), ("en-US,en;q=0.9", True), ("en", True),
        ("en-GB,en;q=0.9,zh-CN;q=0.8", True), ("fr, en;q=0.5", True), ("zh, en", False), ("en, zh", True),
        ("en;q=0, zh;q=0.1", False), ("zh;q=0.3,en;q=0.7", True), ("de,fr;q=0.5", False), ("en;q=abc", False),
    ],
)  # fmt: skip
def test_which_language_a_header_prefers(accepted: str, english: bool) -> None:
    assert http.prefers_english(accepted) is english


def _chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def _is_chinese(body: dict[str, Any]) -> bool:
    assert not _chinese(body["message_en"] + body["cure_en"])
    return "message_zh" not in body and _chinese(body["message"]) and _chinese(body["cure"])


def _is_english(body: dict[str, Any]) -> bool:
    same = body["message"] == body["message_en"] and body["cure"] == body["cure_en"]
    return same and _chinese(body["message_zh"]) and _chinese(body["cure_zh"])


async def test_ordinary_and_raw_routes_answer_in_the_callers_language(
    client: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "收银", ["ingest", "read", "members"], clock.now())
    key = {"Authorization": f"Bearer {secret}"}
    asked: list[tuple[str, str, Any, dict[str, str]]] = [
        ("GET", "/v1/segments/nowhere", None, key), ("GET", "/v1/segments/nowhere", None, {}), ("GET", "/v1/none", None, key),
        ("POST", "/v1/orders", BAD, key), ("POST", "/v1/orders", BAD, {}), ("POST", "/v1/orders", {"order_id": 1}, key),
        ("POST", "/v1/members", {"member": {"phone": "12"}}, key),
    ]  # fmt: skip
    for method, path, body, headers in asked:
        english = await client.request(method, path, json=body, headers=headers | {"Accept-Language": "en-US,en;q=0.9"})
        chinese = await client.request(method, path, json=body, headers=headers | {"Accept-Language": "zh-CN,en;q=0.5"})
        plain = await client.request(method, path, json=body, headers=headers | {"Accept-Language": ""})
        assert _is_english(english.json()), (path, english.text)
        assert _is_chinese(chinese.json()) and chinese.json() == plain.json(), (path, chinese.text)
        assert english.status_code == chinese.status_code >= 400
        assert int(english.headers["content-length"]) == len(english.content)
    for path, good in (
        ("/v1/orders", BAD | {"order_id": "SO-2", "store_id": "s1"}),
        ("/v1/members", {"member": {"card": "7"}}),
    ):
        bad = BAD if path == "/v1/orders" else {"member": {"phone": "12"}}
        many = await client.post(path, json=[good, bad], headers=key | {"Accept-Language": "en"})
        fine, refused = many.json()["results"]
        assert "error" not in fine and _is_english(refused["error"]), many.text


async def test_the_console_keeps_both_languages_in_their_places(owner: httpx.AsyncClient) -> None:
    answer = await owner.get("/console/api/segments/nowhere", headers={"Accept-Language": "en"})
    assert _is_chinese(answer.json())


async def test_a_single_order_on_the_short_way_is_refused_in_english(context: Context, merchant_id: int) -> None:
    key = await key_of(context, merchant_id)
    async with serving(context) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(call(key, BAD, "Accept-Language: en-US,en;q=0.9") + call(key, BAD, "Accept-Language: zh-CN"))
        writer.write(call(key, ORDER | {"order_id": "a"}, "Accept-Language: en"))
        first, second, third = [await answer_of(reader) for _ in range(3)]
        assert (first[0], first[2]["code"]) == (422, "unknown_store")
        assert _is_english(first[2]) and _is_chinese(second[2])
        assert (third[0], third[2]["points"]["earned"]) == (200, 99)
        writer.close()
