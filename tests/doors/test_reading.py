"""What an integrator reads with a key of the scope `read`, and what other keys may not."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shuke.assets import offers
from shuke.ground import access, orders
from shuke.kit import clock
from shuke.kit.db import Database
from tests.statements import counted

TERMS = offers.Terms(name="500 积分抵 50 元", points=500, value_fen=5_000)


async def _key(database: Database, merchant_id: int, scope: str) -> dict[str, str]:
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, scope, [scope], clock.now())
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
async def reader(client: httpx.AsyncClient, database: Database, merchant_id: int) -> httpx.AsyncClient:
    """A client with a key to read; 林 bought three times, a guest once, and 林 holds an offer."""
    now = clock.now()
    sold: list[dict[str, Any]] = [
        {"order_id": f"SO-{n}", "occurred_at": (now - timedelta(days=5 - n)).isoformat(), "store_id": "s1",
         "amount_fen": 10_000 * n, "member": {"phone": "13800138001"}} for n in (1, 2, 3)
    ]  # fmt: skip
    sold.append({"order_id": "SO-4", "occurred_at": now.isoformat(), "store_id": "s1", "amount_fen": 500})
    sent = await client.post("/v1/orders", json=sold, headers=await _key(database, merchant_id, "ingest"))
    assert [one["status"] for one in sent.json()["results"]] == ["accepted"] * 4
    async with database.write(merchant_id) as tx:
        offer = await offers.create_offer(tx, "o", TERMS, now)
        await offers.grant(tx, [offers.Grant(offer_id=offer.offer_id, member_id=1, key="k")], now)
    client.headers.update(await _key(database, merchant_id, "read"))
    return client


async def test_a_member_is_looked_up_by_identity(reader: httpx.AsyncClient) -> None:
    found = (await reader.get("/v1/members/lookup", params={"kind": "phone", "value": "138 0013 8001"})).json()
    assert (found["member_id"], found["phone_masked"], found["tier"]["level"]) == (1, "138****8001", 0)
    assert found["points"]["available"] == 600
    assert [(one["name"], one["state"]) for one in found["offers"]] == [("500 积分抵 50 元", "usable")]
    assert "13800138001" not in str(found)


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"kind": "phone", "value": "13900139000"}, 404, "nobody_known"),
        ({"kind": "phone", "value": "abc"}, 422, "bad_identity"),
        ({"kind": "shoe", "value": "42"}, 422, "unknown_identity"),
        ({"kind": "phone"}, 400, "malformed"),
    ],
)
async def test_who_is_not_known_is_not_made(
    reader: httpx.AsyncClient, database: Database, merchant_id: int, asked: dict[str, str], status: int, code: str
) -> None:
    answer = await reader.get("/v1/members/lookup", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    async with database.read(merchant_id) as tx:
        assert await tx.value("select count(*) from member where merchant_id = %(merchant_id)s") == 1


async def _walked(reader: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    """All items of a list, one a page."""
    items, cursor = [], ""
    while True:
        page = (await reader.get(path, params={"limit": 1} | ({"cursor": cursor} if cursor else {}))).json()
        items += page["items"]
        if not page["next_cursor"]:
            return items
        cursor = page["next_cursor"]


async def test_lists_are_read_page_by_page(reader: httpx.AsyncClient) -> None:
    entries = await _walked(reader, "/v1/members/1/entries")
    assert [(one["points"], one["balance_after"]) for one in entries] == [(300, 600), (200, 300), (100, 100)]
    assert all(one["why"]["zh"] and one["why"]["en"] for one in entries)
    own = await _walked(reader, "/v1/members/1/orders")
    assert [one["order_id"] for one in own] == ["SO-3", "SO-2", "SO-1"]
    everything = await _walked(reader, "/v1/orders")
    assert [(one["order_id"], one["member_id"], one["amount_fen"]) for one in everything] == [
        ("SO-4", None, 500), ("SO-3", 1, 30_000), ("SO-2", 1, 20_000), ("SO-1", 1, 10_000),
    ]  # fmt: skip
    assert (await reader.get("/v1/members/77/entries")).json()["code"] == "no_such_member"
    assert (await reader.get("/v1/orders", params={"cursor": "x"})).json()["code"] == "bad_cursor"


@pytest.mark.usefixtures("reader")
async def test_a_page_costs_the_same_for_any_length(database: Database, merchant_id: int) -> None:
    costs = []
    for limit in (1, 4):
        async with database.read(merchant_id) as tx:
            counting = counted(tx)
            assert len((await orders.latest(tx, None, limit)).items) == limit
            costs.append(counting.count)
    assert costs[0] == costs[1]


async def test_other_scopes_do_not_read(reader: httpx.AsyncClient, database: Database, merchant_id: int) -> None:
    paths = (
        "/v1/members/lookup?kind=phone&value=13800138001",
        "/v1/members/1/entries",
        "/v1/members/1/orders",
        "/v1/orders",
    )
    for headers, status in ((await _key(database, merchant_id, "ingest"), 403), ({"Authorization": "Bearer no"}, 401)):
        for path in paths:
            assert (await reader.get(path, headers=headers)).status_code == status, path
