"""What a member held at a past instant, as known then and as known now, in any wallet, on the console and by the API."""

from datetime import timedelta
from typing import Any

import httpx

from shuke.assets import points
from shuke.ground import access, members
from shuke.kit import clock
from shuke.kit.db import Database
from tests.assets.points.test_verbs import DAY, T0, WHY, credit, debit, post
from tests.conftest import browser


async def at(database: Database, merchant_id: int, day: float, known: float | None = None) -> points.Balance:
    async with database.read(merchant_id) as tx:
        known_at = None if known is None else T0 + known * DAY
        return (await points.balances_at(tx, [1], T0 + day * DAY, known_at))[1]


async def test_every_day_of_a_history_again(database: Database, merchant_id: int) -> None:
    """Whatever was asked on a day is answered again later, as known then; what came late shows only as known now."""
    await post(database, merchant_id, credit(1, 100, "a", days=10), credit(1, 40, "p", pending=3), at=T0)
    request = points.HoldRequest(member_id=1, points=25, key="h", why=WHY, expires_at=T0 + 20 * DAY)
    seen = {}
    for day in range(15):
        now = T0 + day * DAY + timedelta(hours=1)
        with clock.at(now):
            if day == 2:
                await database.attempt(merchant_id, points.post, [debit(1, 30, "s", now)])
            if day == 4:
                await database.attempt(merchant_id, points.hold, [request], now)
            if day == 6:
                await database.attempt(merchant_id, points.capture, ["h"], now)
            if day == 12:
                await points.sweep_merchant(database, merchant_id, now)
                await database.attempt(merchant_id, points.post, [credit(1, 7, "late", T0 + DAY)])
        async with database.read(merchant_id) as tx:
            seen[day] = (now, await points.balance(tx, 1, now))
    async with database.read(merchant_id) as tx:
        for now, balance in seen.values():
            then = (await points.balances_at(tx, [1], now, now))[1]
            assert then == balance
        late = (await points.balances_at(tx, [1], seen[5][0]))[1]
    assert late.available == seen[5][1].available + 7


async def test_an_instant_before_everything_is_empty(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 100, "a"))
    assert await at(database, merchant_id, -1) == points.Balance()


async def test_wallets_are_kept_apart(owner: httpx.AsyncClient, database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        [one] = await members.ensure_members(tx, [{"phone": "13800138000"}], clock.now())
    wallets = (await owner.get("/console/api/points/wallets")).json()["items"]
    assert {row["code"]: row["name"]["zh"] for row in wallets} == {
        "points": "积分", "growth": "成长值", "stored_credit": "储值", "stamps": "印花", "make_up_cards": "补签卡",
        "lottery_chances": "抽奖机会",
    }  # fmt: skip
    for n, row in enumerate(wallets, 1):
        body = {"points": 10 * n, "reason": "开业赠送", "wallet": row["code"]}
        assert (await owner.post(f"/console/api/members/{one}/adjust", json=body)).status_code == 201
    for n, row in enumerate(wallets, 1):
        asked: dict[str, Any] = {"wallet": row["code"]}
        assert (await owner.get(f"/console/api/members/{one}/balance", params=asked)).json()["available"] == 10 * n
        assert len((await owner.get(f"/console/api/members/{one}/entries", params=asked)).json()["items"]) == 1
    refused = await owner.get(f"/console/api/members/{one}/balance", params={"wallet": "gold"})
    assert (refused.status_code, refused.json()["code"]) == (422, "no_such_wallet")


async def test_asked_on_the_console_and_by_the_api(
    owner: httpx.AsyncClient, app: Any, database: Database, merchant_id: int
) -> None:
    now = clock.now()
    async with database.write(merchant_id) as tx:
        [one] = await members.ensure_members(tx, [{"phone": "13800138000"}], now)
        _, secret = await access.create_key(tx, "小程序", ["read"], now)
    await post(database, merchant_id, credit(one, 80, "a", now - 5 * DAY, days=90), at=now)
    path = f"/console/api/members/{one}/balance-at"
    day = f"{now - 3 * DAY:%Y-%m-%d}"
    assert (await owner.get(path, params={"at": day})).json()["balance"]["available"] == 80
    assert (await owner.get(path, params={"at": day, "known": "then"})).json()["balance"]["available"] == 0
    ahead = await owner.get(path, params={"at": f"{now + 9 * DAY:%Y-%m-%d}"})
    assert (ahead.status_code, ahead.json()["code"]) == (422, "not_yet")
    till = browser(app)
    till.headers["Authorization"] = f"Bearer {secret}"
    told = (await till.get(f"/v1/members/{one}/balance", params={"at": (now - DAY).isoformat()})).json()
    assert told["available"] == 80
    assert (await till.get(f"/v1/members/{one}/balance")).json()["available"] == 80
    refused = await till.post("/v1/transfers", json={"from_member": one, "to_member": one, "points": 1, "key": "k"})
    assert refused.status_code == 403
