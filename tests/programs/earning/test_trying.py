"""Trying out and examples: everything is said, nothing moves, and no publication makes an example untrue."""

from typing import Any

import httpx

from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import earning
from tests.conftest import browser

API = "/console/api"
SUNDAY = "2099-03-08T12:00:00+08:00"


async def ok(answer: httpx.Response) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def rule(owner: httpx.AsyncClient, kind: str, params: dict[str, Any], **more: Any) -> str:
    made = await ok(await owner.post(f"{API}/points/rules", json={"kind": kind, "name": kind, "params": params}))
    path = f"{API}/points/rules/{made['rule_id']}"
    await ok(await owner.put(f"{path}/draft", json={"name": kind, "params": params, **more}))
    return path


async def entries(database: Database, merchant_id: int) -> int:
    async with database.read(merchant_id) as tx:
        return int(await tx.value("select count(*) from entry where merchant_id = %(merchant_id)s"))


async def test_an_order_on_a_chosen_day_says_what_every_rule_does(
    owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    weekend = [{"kind": "weekday", "params": {"weekdays": [6, 7]}}]
    path = await rule(
        owner, "multiplier", {"percent": 200}, conditions=weekend, terms={"caps": [{"per": "order", "points": 60}]}
    )
    await ok(await owner.post(f"{path}/publish"))
    sunday = await ok(await owner.post(f"{API}/points/preview", json={"amount_fen": 10_000, "occurred_at": SUNDAY}))
    assert (sunday["points"], [one["points"] for one in sunday["given"]]) == (160, [100, 60])
    assert sunday["given"][1]["desired"] == 100
    assert "每单最多 60 分，实送 60 分" in sunday["why"][1]["zh"]
    monday = await ok(
        await owner.post(f"{API}/points/preview", json={"amount_fen": 10_000, "occurred_at": "2099-03-09T12:00:00"})
    )
    assert (monday["points"], monday["silent"][0]["why"]["zh"]) == (100, "不符合条件：仅周末")
    assert await entries(database, merchant_id) == 0


async def test_a_supposed_member_and_an_event_can_be_tried(owner: httpx.AsyncClient) -> None:
    draft = {"kind": "first_order", "params": {"points": 200}}
    body: dict[str, Any] = {"amount_fen": 10_000, "draft": draft, "supposed": {"orders": 0}}
    assert (await ok(await owner.post(f"{API}/points/preview", json=body)))["points"] == 200
    body["supposed"] = {"orders": 1}
    assert (await ok(await owner.post(f"{API}/points/preview", json=body)))["points"] == 0
    draft = {"kind": "event_bonus", "params": {"event": "share", "points": 5}}
    tried = await ok(await owner.post(f"{API}/points/preview", json={"event": "share", "draft": draft}))
    assert (tried["points"], tried["why"][0]["zh"]) == (5, "分享，按这一稿送 5 分")


async def test_the_same_by_api_key(owner: httpx.AsyncClient, app: Any) -> None:
    made = await ok(await owner.post(f"{API}/api-keys", json={"name": "收银台", "scopes": ["points.read"]}))
    client = browser(app)
    client.headers["Authorization"] = f"Bearer {made['secret']}"
    outcome = await ok(await client.post("/v1/earning/preview", json={"amount_fen": 12_345}))
    assert (outcome["points"], outcome["given"][0]["rule"]) == (123, "消费送积分")
    assert (await browser(app).post("/v1/earning/preview", json={"amount_fen": 1})).status_code == 401


async def test_publishing_what_breaks_an_example_is_refused_with_the_difference(
    owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    trial = {"amount_fen": 10_000, "supposed": {"tier_level": 0}, "occurred_at": "2026-03-08T12:00:00+08:00"}
    (example,) = (
        await ok(
            await owner.post(
                f"{API}/points/examples", json={"name": "普通会员消费 100 元", "points": 100, "trial": trial}
            )
        )
    )["items"]
    assert (example["gives"], example["holds"]) == (100, True)
    async with database.read(merchant_id) as tx:
        (first,) = await earning.list_rules(tx, clock.now())
    path = f"{API}/points/rules/{first.rule_id}"
    await ok(await owner.put(f"{path}/draft", json={"name": "双倍", "params": {"points": 2, "per_fen": 100}}))
    refused = await owner.post(f"{path}/publish")
    assert (refused.status_code, refused.json()["code"]) == (409, "examples_broken")
    assert refused.json()["message"] == (
        "这样发布，有 1 个例子给的积分就不对了：「普通会员消费 100 元」应给 100 分，会给 200 分"
    )
    assert (await ok(await owner.get(path)))["version"] == 1
    change = {"name": "普通会员消费 100 元", "points": 200, "trial": trial}
    await ok(await owner.put(f"{API}/points/examples/{example['example_id']}", json=change))
    assert (await ok(await owner.post(f"{path}/publish")))["version"] == 2
    (example,) = (await ok(await owner.get(f"{API}/points/examples")))["items"]
    assert example["holds"]
    left = await ok(await owner.delete(f"{API}/points/examples/{example['example_id']}"))
    assert left["items"] == []


async def test_terms_that_do_not_fit_are_refused(owner: httpx.AsyncClient) -> None:
    made = await ok(await owner.post(f"{API}/points/rules", json={"kind": "spend_rate", "name": "x", "params": {}}))
    path = f"{API}/points/rules/{made['rule_id']}/draft"
    refused = await owner.put(path, json={"name": "x", "params": {}, "terms": {"caps": [{"per": "hour", "points": 1}]}})
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (422, "bad_parameters", "terms")
