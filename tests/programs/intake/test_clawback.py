"""A refund takes back more than the member has: owed, let go, only what is pending, or off the money, as the merchant says."""

from typing import Any

import httpx
import pytest

from shuke.assets import audit, points
from shuke.ground import tenancy
from shuke.kit.db import Database
from tests.programs.intake.test_orders import NOW, balance, give_offer, order, refund, send


async def _choose(database: Database, merchant_id: int, **chosen: Any) -> None:
    async with database.write(merchant_id) as tx:
        merchant = await tenancy.get_merchant(tx)
        wanted = {"value_fen_per_100": 1000, "clawback": chosen}
        await tenancy.change_merchant(tx, settings=merchant.settings | {"points": wanted})


async def _spent(database: Database, merchant_id: int) -> None:
    """600 points earned, 500 of them spent as cash in another order, which earned one more."""
    await send(database, merchant_id, order("a", yuan=600))
    await give_offer(database, merchant_id)
    await send(database, merchant_id, order("b", yuan=1, points_spent=500))


async def _why(database: Database, merchant_id: int, member_id: int) -> str:
    async with database.read(merchant_id) as tx:
        entries = (await points.entries_of(tx, member_id)).items
    return next(entry.why.zh for entry in entries if entry.type == "clawback")


@pytest.mark.parametrize(
    ("chosen", "taken_back", "debt", "offset", "said"),
    [
        ({}, 600, 499, 0, "其中 499 分收不回，499 分记为欠分"),
        ({"policy": "debt", "most_debt": 300}, 401, 300, 0, "其中 499 分收不回，300 分记为欠分，199 分不再追"),
        ({"policy": "balance"}, 101, 0, 0, "其中 499 分收不回，499 分不再追"),
        ({"policy": "pending"}, 0, 0, 0, "其中 600 分收不回，600 分不再追"),
        ({"policy": "cash"}, 101, 0, 4990, "其中 499 分收不回，499 分折成 49.90 元从退款里扣"),
    ],
)
async def test_each_policy_books_what_it_says(
    database: Database, merchant_id: int, chosen: dict[str, Any], taken_back: int, debt: int, offset: int, said: str
) -> None:
    await _spent(database, merchant_id)
    await _choose(database, merchant_id, **chosen)
    ((status, body),) = await send(database, merchant_id, refund("1", "a", 60_000))
    found = body["points"]
    answered = (status, found["taken_back"], found["debt"], found.get("cash_offset_fen", 0))
    assert answered == (200, taken_back, debt, offset)
    assert said in body["why"][0]["zh"]
    assert (await _why(database, merchant_id, body["member_id"])).endswith(said)
    assert await balance(database, merchant_id) == 101 - taken_back  # a debt counts below zero
    assert (await audit.audit(database, merchant_id, NOW))["found"] == []


async def test_two_part_refunds_let_go_of_nothing_twice(database: Database, merchant_id: int) -> None:
    await _spent(database, merchant_id)
    await _choose(database, merchant_id, policy="balance")
    taken = []
    for number, fen in (("1", 20_000), ("2", 40_000)):
        ((_, body),) = await send(database, merchant_id, refund(number, "a", fen))
        taken.append(body["points"]["taken_back"])
    assert taken == [101, 0]
    assert (await audit.audit(database, merchant_id, NOW))["found"] == []


async def test_the_choice_on_the_console(owner: httpx.AsyncClient) -> None:
    async def change(**more: Any) -> httpx.Response:
        return await owner.patch("/console/api/settings", json={"points": {"validity": "1Y_U", **more}})

    refused = await change(clawback="cash")
    assert (refused.status_code, refused.json()["code"]) == (422, "worth_missing")
    done = await change(clawback="debt", most_debt=300, multiplier_policy="max", multiplier_most_percent=250)
    assert done.status_code == 200, done.text
    await change(value_fen_per_100=500)  # what is left out stays
    found = (await owner.get("/console/api/settings")).json()["points"]
    assert (found["clawback"], found["most_debt"], found["value_fen_per_100"]) == ("debt", 300, 500)
    assert (found["multiplier_policy"], found["multiplier_most_percent"]) == ("max", 250)
