"""Looking ahead over HTTP: a backtest from question to result, the worst case, the self-test, and budgets in use."""

from datetime import timedelta
from typing import Any

import httpx

from shuke.ground import access
from shuke.ground.ingestion import OrderIn
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import intake
from shuke.programs.foresight.jobs import run_backtests

API = "/console/api"


async def _ok(answer: httpx.Response) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def _rule(owner: httpx.AsyncClient, kind: str, publish: bool = True, **draft: Any) -> dict[str, Any]:
    rule = await _ok(await owner.post(f"{API}/points/rules", json={"kind": kind, "name": kind}))
    path = f"{API}/points/rules/{rule['rule_id']}"
    await _ok(await owner.put(f"{path}/draft", json={"name": kind, "params": {}, **draft}))
    return await _ok(await owner.post(f"{path}/publish")) if publish else await _ok(await owner.get(path))


async def test_a_backtest_from_question_to_result(
    owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    now = clock.now()
    sold = OrderIn(order_id="a", occurred_at=now, member={"phone": "13800138000"}, amount_fen=20_000)
    assert (await intake.apply(database, merchant_id, [sold]))[0].status == 200
    await _rule(owner, "order_bonus", publish=False, params={"points": 30})
    today = now.astimezone(clock.zone("Asia/Shanghai")).date()
    period = {"since": str(today - timedelta(days=3)), "until": str(today)}
    asked = await _ok(await owner.post(f"{API}/points/backtests", json=period))
    assert (asked["state"], [rule["draft"] for rule in asked["rules"]]) == ("waiting", [False, True])
    assert await run_backtests(database, merchant_id) is None
    found = await _ok(await owner.get(f"{API}/points/backtests/{asked['backtest_id']}"))
    assert (found["state"], found["outcome"]["issued"], found["outcome"]["would"]) == ("done", 200, 230)
    listed = await _ok(await owner.get(f"{API}/points/backtests"))
    assert (listed["items"][0]["backtest_id"], listed["items"][0]["outcome"]) == (asked["backtest_id"], None)
    again = await owner.post(f"{API}/points/backtests/{asked['backtest_id']}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "backtest_over")
    wrong = await owner.post(f"{API}/points/backtests", json=period | {"since": "2099-01-01"})
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["field"]) == (422, "bad_backtest_period", "since")


async def test_a_key_does_the_same_and_stands_in_the_trail(
    client: httpx.AsyncClient, owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    """Asked and cancelled by a key with the scope; listed page by page; the trail names the key."""
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "数据中台", ["rules"], clock.now())
    client.headers["Authorization"] = f"Bearer {secret}"
    day = str((clock.now() - timedelta(days=3)).date())
    asked = [
        (await _ok(await client.post("/v1/earning/backtests", json={"since": day, "until": day})))["backtest_id"]
        for _ in range(3)
    ]
    await _ok(await client.post(f"/v1/earning/backtests/{asked[0]}/cancel"))
    first = await _ok(await client.get("/v1/earning/backtests", params={"limit": 2}))
    assert ([one["backtest_id"] for one in first["items"]], first["total"]) == ([asked[2], asked[1]], 3)
    rest = await _ok(await client.get("/v1/earning/backtests", params={"limit": 2, "cursor": first["next_cursor"]}))
    assert [(one["backtest_id"], one["state"]) for one in rest["items"]] == [(asked[0], "cancelled")]
    assert rest["next_cursor"] is None
    bad = await client.get("/v1/earning/backtests", params={"cursor": "x"})
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_cursor")
    trail = (await _ok(await owner.get(f"{API}/audit-trail")))["items"]
    said = [one["sentence"]["zh"] for one in trail if one["action"].startswith("backtest.")]
    assert said == [f"数据中台取消了回测 {day} – {day}"] + [f"数据中台开始了回测 {day} – {day}"] * 3


async def test_the_worst_case_and_the_self_test_say_what_they_found(owner: httpx.AsyncClient) -> None:
    await _rule(owner, "order_bonus", params={"points": 50})
    worst = await _ok(await owner.get(f"{API}/points/worst-case", params={"amount_fen": 100_000}))
    assert (worst["exact"], worst["worth_fen"]) == (True, None)
    assert worst["points"] == sum(rule["points"] for rule in worst["rules"])
    assert "一笔 ¥1,000.00 的订单，最多可得" in worst["sentence"]["zh"]
    tested = await _ok(await owner.get(f"{API}/points/self-test", params={"amount_fen": 100_000}))
    assert (tested["worth_known"], tested["findings"][0]["code"]) == (False, "split_orders")
    assert tested["findings"][0]["rules"] == ["order_bonus", "消费送积分"] or tested["findings"][0]["found"]
    assert (await owner.get(f"{API}/points/worst-case", params={"amount_fen": 0})).status_code == 400


async def test_a_rule_shows_how_much_of_its_budget_is_used_and_what_each_version_changed(
    owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    rule = await _rule(owner, "order_bonus", params={"points": 30}, terms={"budget_points": 100})
    assert rule["budget_used"] == 0
    sold = [
        OrderIn(order_id=f"b-{n}", occurred_at=clock.now(), member={"phone": "13800138000"}, amount_fen=9_900)
        for n in range(2)
    ]
    await intake.apply(database, merchant_id, sold)
    path = f"{API}/points/rules/{rule['rule_id']}"
    assert (await _ok(await owner.get(path)))["budget_used"] == 60
    body = {"name": "每单加赠", "params": {"points": 40}, "terms": {"budget_points": 100}}
    await _ok(await owner.put(f"{path}/draft", json=body))
    newest, first = (await _ok(await owner.post(f"{path}/publish")))["versions"]
    assert [part["zh"] for part in newest["added"]] == ["每单送 40 积分", "名称「每单加赠」"]
    assert [part["zh"] for part in newest["removed"]] == ["每单送 30 积分", "名称「order_bonus」"]
    assert (first["added"], first["removed"]) == ([], [])
