"""Somebody whose role is for one store looks around among its members only, and serves whoever stands at the till."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shuke.doors.context import Context
from shuke.ground import ingestion, members, mirror, tenancy
from shuke.kit import clock
from shuke.programs import intake
from tests.conftest import signed_in

API = "/console/api"
HERE, THERE, ONLINE, NEW = 1, 2, 3, 4  # the members, by where they bought


@pytest.fixture
async def chain(mirrored: Context, merchant_id: int) -> int:
    """静安店 and 湖滨店; one member of each, one who only bought online, and one who never did."""
    database, now = mirrored.database, clock.now()
    phones = ["13800138001", "13800138002", "13800138003", "13800138004"]
    async with database.write(merchant_id) as tx:
        await tenancy.ensure_stores(
            tx, [{"code": "jingan", "name": "静安店"}, {"code": "hubin", "name": "湖滨店"}], now
        )
        await members.ensure_members(tx, [{"phone": phone} for phone in phones], now)
        await members.write_profiles(tx, [(n, {"name": f"王小{c}"}) for n, c in enumerate("美丽芳婷", 1)])
    orders = [
        ingestion.OrderIn(
            order_id=f"SO-{n}", occurred_at=now - timedelta(days=n), member={"phone": phones[n - 1]}, store_id=store,
            amount_fen=10_000,
        )
        for n, store in ((HERE, "jingan"), (THERE, "hubin"), (ONLINE, ""))
    ]  # fmt: skip
    answers = await intake.apply(database, merchant_id, orders, at=now)
    assert all(answer.accepted for answer in answers)
    await mirror.drain(mirrored.mirror, database, merchant_id)
    return merchant_id


@pytest.fixture
async def clerk(app: Any, mirrored: Context, chain: int) -> httpx.AsyncClient:
    """The clerk of 静安店."""
    return await signed_in(app, mirrored.database, chain, ("clerk", "jingan"))


async def _listed(client: httpx.AsyncClient, **asked: str) -> tuple[list[int], int]:
    page = (await client.get(f"{API}/members", params=asked)).json()
    return sorted(one["member_id"] for one in page["items"]), page["total"]


@pytest.mark.usefixtures("chain")
async def test_lists_and_searches_stay_in_the_store(clerk: httpx.AsyncClient, owner: httpx.AsyncClient) -> None:
    assert await _listed(clerk) == ([HERE, ONLINE, NEW], 3)
    assert await _listed(clerk, q="王小") == ([HERE, ONLINE, NEW], 3)
    assert await _listed(clerk, q="8002") == ([], 0)
    assert await _listed(clerk, store="hubin") == ([], 0)
    assert await _listed(owner) == ([HERE, THERE, ONLINE, NEW], 4)
    found = (await clerk.get(f"{API}/search", params={"q": "王小"})).json()["members"]
    assert sorted(one["member_id"] for one in found) == [HERE, ONLINE, NEW]


@pytest.mark.usefixtures("chain")
async def test_who_stands_at_the_till_is_served_on_record(clerk: httpx.AsyncClient, owner: httpx.AsyncClient) -> None:
    assert await _listed(clerk, q="138 0013 8002") == ([THERE], 1)
    assert (await clerk.get(f"{API}/search", params={"q": "13800138002"})).json()["members"][0]["member_id"] == THERE
    for number in (HERE, THERE, ONLINE, NEW):
        assert (await clerk.get(f"{API}/members/{number}")).status_code == 200
        assert (await owner.get(f"{API}/members/{number}")).status_code == 200
    acts = (await owner.get(f"{API}/audit-trail", params={"action": "member.opened_elsewhere"})).json()["items"]
    assert [act["subject"] for act in acts] == [str(THERE)]
    assert acts[0]["sentence"]["zh"] == "小美查看了其他门店的会员 2"
