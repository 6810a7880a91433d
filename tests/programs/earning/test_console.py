"""Rules and tiers on the console."""

from typing import Any

import httpx
import pytest

from shuke.kit.db import Database
from tests.conftest import signed_in

API = "/console/api"


async def _ok(answer: httpx.Response) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def test_a_rule_from_draft_to_pause(owner: httpx.AsyncClient) -> None:
    body = {"kind": "spend_rate", "name": "双倍", "params": {"points": 2, "per_fen": 100}}
    rule = await _ok(await owner.post(f"{API}/points/rules", json=body))
    assert (rule["state"], rule["draft"]["sentence"]["zh"]) == ("draft", "每消费 ¥1.00 送 2 积分，按会员等级加倍")
    path = f"{API}/points/rules/{rule['rule_id']}"
    edited = {
        "name": "三倍",
        "params": {"points": 3, "per_fen": 100, "tier_multiplier": False},
        "valid_to": "2099-01-01T00:00:00",
    }
    rule = await _ok(await owner.put(f"{path}/draft", json=edited))
    assert rule["draft"]["valid_to"] == "2098-12-31T16:00:00Z"
    rule = await _ok(await owner.post(f"{path}/publish"))
    assert (rule["state"], rule["version"], rule["name"], rule["draft"]) == ("published", 1, "三倍", None)
    assert rule["versions"][0]["published_by"] == "小美"
    assert (await _ok(await owner.post(f"{path}/pause")))["state"] == "paused"
    assert (await owner.post(f"{path}/pause")).json()["code"] == "wrong_state"
    assert (await _ok(await owner.post(f"{path}/resume")))["version"] == 3
    rules = await _ok(await owner.get(f"{API}/points/rules"))
    assert [(one["name"], one["state"]) for one in rules["items"]] == [
        ("消费送积分", "published"),
        ("三倍", "published"),
    ]
    assert await _ok(await owner.get(path)) == rules["items"][1]
    trail = await _ok(await owner.get(f"{API}/audit-trail"))
    assert {"rule.created", "rule.drafted", "rule.published", "rule.paused", "rule.resumed"} <= {
        row["action"] for row in trail["items"]
    }


async def test_a_preview_says_what_an_order_would_earn_and_why(owner: httpx.AsyncClient) -> None:
    plain = await _ok(await owner.post(f"{API}/points/preview", json={"amount_fen": 12_345}))
    assert (plain["points"], plain["tier"]) == (123, {"level": 0, "name": "普通会员"})
    assert plain["why"][0]["zh"].startswith("实付 ¥123.45")
    draft = {"kind": "spend_rate", "params": {"points": 5, "per_fen": 1000}}
    tried = await _ok(await owner.post(f"{API}/points/preview", json={"amount_fen": 12_345, "draft": draft}))
    assert (tried["points"], tried["sentence"]["en"]) == (
        61,
        "5 points for every ¥10.00 paid, times the tier's multiplier",
    )
    draft["params"]["points"] = "many"
    refused = await owner.post(f"{API}/points/preview", json={"amount_fen": 1, "draft": draft})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_parameters")


async def test_kinds_describe_their_form(owner: httpx.AsyncClient) -> None:
    kinds = await _ok(await owner.get(f"{API}/points/kinds"))
    (spend,) = [kind for kind in kinds["items"] if kind["code"] == "spend_rate"]
    assert spend["name"] == {"zh": "消费送积分", "en": "Points for spending"}
    assert "x-zh" in str(spend["schema"])
    assert spend["sentence"]["zh"] == "每消费 ¥1.00 送 1 积分，按会员等级加倍"
    assert {kind["code"] for kind in kinds["conditions"]} == {
        "amount", "weekday", "day_of_month", "dates", "festival", "time_of_day", "birthday", "tier", "segment", "channel",
        "store", "product", "nth_order", "member_age", "payment",
    }  # fmt: skip
    assert {kind["code"] for kind in kinds["items"]} == {
        "spend_rate", "spend_ladder", "multiplier", "product_bonus", "order_bonus", "sign_up", "first_order", "nth_order",
        "event_bonus", "event_then_order", "custom_event",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "points/rules"),
        ("put", "points/rules/1/draft"),
        ("post", "points/rules/1/publish"),
        ("put", "tiers/ladders/0"),
    ],
)
async def test_a_clerk_may_read_and_not_write(
    app: Any, database: Database, merchant_id: int, method: str, path: str
) -> None:
    clerk = await signed_in(app, database, merchant_id, ("clerk", None))
    bodies: dict[str, Any] = {
        "points/rules": {"kind": "spend_rate", "name": "x"}, "tiers/ladders/0": {"name": "会员等级", "levels": []},
        "points/rules/1/draft": {"name": "x", "params": {}}, "points/rules/1/publish": None,
    }  # fmt: skip
    refused = await clerk.request(method, f"{API}/{path}", json=bodies[path])
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await clerk.get(f"{API}/points/rules")).status_code == 200
