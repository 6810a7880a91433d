"""Points passed on: lots keep their lives, caps are exact at 200 in parallel, crossing transfers do not deadlock."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx

from shuke.assets import points, transfers
from shuke.ground import members
from shuke.kit import clock
from shuke.kit.db import Database
from tests.assets.points.test_verbs import DAY, T0, balance, clean, credit, debit, lots, post
from tests.statements import counted


def gift(key: str, amount: int, giver: int = 1, taker: int = 2) -> transfers.Gift:
    return transfers.Gift(from_id=giver, to_id=taker, points=amount, key=key)


async def give(
    database: Database, merchant_id: int, *gifts: transfers.Gift, at: datetime = T0, wallet: str = "points"
) -> list[transfers.Given]:
    with clock.at(at):
        return await database.attempt(merchant_id, transfers.transfer, gifts, at, wallet)


async def test_lots_keep_their_lives(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 50, "a", days=5), credit(1, 40, "b", days=90), credit(2, 7, "c"))
    (done,) = await give(database, merchant_id, gift("g", 60))
    assert done.state == "done"
    assert await lots(database, merchant_id, 1) == [(50, 0), (40, 30)]
    async with database.read(merchant_id) as tx:
        received = [(lot.granted, lot.expires_at, lot.earned_at) for lot in await points.lots_of(tx, 2)]
        (entry, _) = (await points.entries_of(tx, 2)).items
    assert received == [(50, T0 + 5 * DAY, T0), (10, T0 + 90 * DAY, T0), (7, T0 + 100 * DAY, T0)]
    assert entry.why.zh == "会员 1 转赠给会员 2"
    found = await balance(database, merchant_id, 2)
    assert (found.available, found.earned_total, found.spent_total) == (67, 7, 0)
    (again,) = await give(database, merchant_id, gift("g", 60))
    assert (again.state, again.transfer_id) == ("repeated", done.transfer_id)
    (other,) = await give(database, merchant_id, gift("g", 61))
    assert other.refusal["code"] == "transfer_key_reused"
    await clean(database, merchant_id)


async def test_refusals_move_nothing(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 5000, "a"))
    found = await give(
        database, merchant_id, gift("a", 5001, 3), gift("b", 0), gift("c", 5, 1, 1), gift("d", 1001), gift("e", 5, 3)
    )
    codes = [one.refusal["code"] for one in found]
    assert codes == ["transfer_cap", "transfer_amount", "transfer_to_oneself", "transfer_cap", "not_enough_points"]
    (growth,) = await give(database, merchant_id, gift("f", 5), wallet="growth")
    assert growth.refusal["code"] == "not_transferable"
    assert (await balance(database, merchant_id)).available == 5000
    await clean(database, merchant_id)


async def test_caps_count_the_business_date_and_the_month(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 9000, "a"))
    days = [T0 + n * DAY for n in range(6)]
    for n, at in enumerate(days[:5]):
        found = await give(database, merchant_id, gift(f"x{n}", 700), gift(f"y{n}", 301), gift(f"z{n}", 300), at=at)
        assert [one.state for one in found] == ["done", "refused", "done"]
    (month,) = await give(database, merchant_id, gift("m", 1), at=days[5])
    assert (month.refusal["details"]["cap"], month.refusal["details"]["left"]) == (5000, 0)
    april = datetime(2026, 3, 31, 16, tzinfo=UTC)  # the first minute of April in Shanghai
    (refused,) = await give(database, merchant_id, gift("n", 1), at=april - timedelta(seconds=1))
    (done,) = await give(database, merchant_id, gift("o", 1), at=april)
    assert (refused.state, done.state) == ("refused", "done")
    await clean(database, merchant_id)


async def test_200_in_parallel_stay_within_the_cap_and_crossing_ones_do_not_deadlock(
    database: Database, merchant_id: int
) -> None:
    await post(database, merchant_id, *(credit(n, 3000, f"a{n}") for n in (1, 2, 3)))
    crossing = [
        gift(f"k{n}", 7, *((1, 2), (2, 1), (2, 3), (3, 1))[n % 4]) if n % 2 else gift(f"k{n}", 30) for n in range(200)
    ]
    found = await asyncio.gather(*(give(database, merchant_id, one) for one in crossing))
    done = {key: one for ((one,), key) in zip(found, crossing, strict=True) if one.state == "done"}
    assert sum(one.points for one in done if one.from_id == 1) <= 1000
    assert sum(one.points for one in done if one.from_id == 1) > 1000 - 30
    assert {one.refusal["code"] for (one,) in found if one.refusal} == {"transfer_cap"}
    held = [(await balance(database, merchant_id, member)).available for member in (1, 2, 3)]
    assert sum(held) == 9000
    await clean(database, merchant_id)


async def test_a_gift_pays_the_takers_debt_first(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 100, "a"), credit(2, 30, "b"))
    await post(database, merchant_id, debit(2, 30, "c"))
    async with database.write(merchant_id) as tx:
        with clock.at(T0):
            book = await points.open_book(tx, [2], at=T0, lots_of=[2])
            entry = (await points.booked(tx, ["b"]))["b"]
            book.take_back(2, 30, points.Cause("back", {"zh": "退款"}, T0, of_entry_id=entry), own_entry=entry)
            points.store(tx, book)
    await give(database, merchant_id, gift("g", 50))
    found = await balance(database, merchant_id, 2)
    assert (found.available, found.debt) == (20, 0)
    await clean(database, merchant_id)


async def test_many_take_as_many_statements_as_one(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, *(credit(n, 10, f"a{n}") for n in range(1, 400)))
    counts = []
    for size in (1, 150):
        async with database.write(merchant_id) as tx:
            with clock.at(T0):
                counting = counted(tx)
                await transfers.transfer(tx, [gift(f"{size}:{n}", 1, n, n + 150) for n in range(1, size + 1)], T0)
                counts.append(counting.count)
    assert counts[0] == counts[1]


async def test_at_the_counter(owner: httpx.AsyncClient, database: Database, merchant_id: int) -> None:
    now = clock.now()
    async with database.write(merchant_id) as tx:
        giver, taker = await members.ensure_members(tx, [{"phone": "13800138000"}, {"phone": "13800138001"}], now)
    await post(database, merchant_id, credit(giver, 300, "a", now), at=now)
    path = f"/console/api/members/{giver}/transfer"
    body = {"to": taker, "points": 120, "note": "生日快乐"}
    for _ in range(2):
        answer = await owner.post(path, json=body, headers={"Idempotency-Key": "t1"})
        assert answer.status_code == 201, answer.text
    (shown,) = (await owner.get("/console/api/transfers", params={"member": taker})).json()["items"]
    assert (shown["points"], shown["from_id"], shown["note"]) == (120, giver, "生日快乐")
    refused = await owner.post(path, json={"to": taker, "points": 500})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_enough_points")
    set_caps = await owner.put("/console/api/transfers/caps", json={"day": 130, "month": None})
    assert set_caps.json() == {"day": 130, "month": None}
    capped = await owner.post(path, json={"to": taker, "points": 11})
    assert capped.json()["cure"] == "这次最多可转 10 积分。"
    balance_now = (await owner.get(f"/console/api/members/{taker}/balance")).json()
    assert balance_now["available"] == 120
