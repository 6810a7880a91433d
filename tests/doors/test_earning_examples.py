"""Every way to earn that the earning guide walks through, rebuilt on the console from an empty merchant, told and taken back.

Each test makes what its heading in `docs/guides/earning.md` makes, through the routes of the console; tills and phones
send by key; then points, refunds and the reasons on the member's page are read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from shuke.doors import wiring
from shuke.ground import access
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.kit.events import Relay
from shuke.programs.referrals import jobs as referral_jobs
from shuke.programs.tiers import jobs as tier_jobs
from tests.conftest import browser

API = "/console/api"
LI, WANG = {"phone": "13800000001"}, {"phone": "13800000002"}
SATURDAY = datetime.fromisoformat("2026-11-14T15:00:00+08:00")
MONDAY = datetime.fromisoformat("2026-11-16T15:00:00+08:00")
DAY = timedelta(days=1)


class Shop:
    """An empty merchant: the console of its owner, and a key for till and mini program."""

    def __init__(
        self, owner: httpx.AsyncClient, phone: httpx.AsyncClient, database: Database, merchant_id: int
    ) -> None:
        self.owner, self.phone, self.database, self.merchant_id = owner, phone, database, merchant_id
        self.sent = 0
        self.now = MONDAY - 30 * DAY

    async def console(self, method: str, path: str, body: Any = None) -> Any:
        with clock.at(self.now):
            answer = await self.owner.request(method, f"{API}{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def rule(self, kind: str, params: dict[str, Any], *conditions: dict[str, Any], **terms: Any) -> int:
        """Add a rule, fill in its form, publish it."""
        made = await self.console("POST", "/points/rules", {"kind": kind, "name": kind})
        path = f"/points/rules/{made['rule_id']}"
        draft = {"name": kind, "params": params, "conditions": list(conditions), "terms": terms}
        await self.console("PUT", f"{path}/draft", draft)
        await self.console("POST", f"{path}/publish")
        return int(made["rule_id"])

    async def mission(self, name: str, points: int, *steps: dict[str, Any], **plan: Any) -> int:
        period = plan.pop("period", "once")
        body = {"steps": list(steps), "rewards": give(points), **plan}
        made = await self.console("POST", "/missions", {"name": name, "period": period, "plan": body})
        await self.console("POST", f"/missions/{made['mission_id']}/publish")
        return int(made["mission_id"])

    async def send(self, what: str, at: datetime, **body: Any) -> Any:
        """What a till or a phone sends, at that moment."""
        self.sent += 1
        self.now = max(self.now, at)
        key = {"orders": "order_id", "refunds": "refund_id", "events": "event_id"}[what]
        sent = {key: f"n{self.sent}", "occurred_at": at.isoformat()} | body
        with clock.at(self.now):
            answer = await self.phone.post(f"/v1/{what}", json=sent)
        assert answer.status_code == 200, answer.text
        await self.hear()
        return answer.json() | {"id": sent[key]}

    async def buy(self, yuan: int, at: datetime = MONDAY, who: dict[str, str] = LI, **more: Any) -> Any:
        return await self.send("orders", at, member=who, amount_fen=yuan * 100, **more)

    async def did(self, event: str, at: datetime = MONDAY, who: dict[str, str] = LI, **properties: Any) -> Any:
        return await self.send("events", at, event=event, member=who, properties=properties)

    async def give_back(self, order: Any, yuan: int) -> Any:
        return await self.send("refunds", self.now, order_id=order["id"], amount_fen=yuan * 100)

    async def hear(self) -> None:
        with clock.at(self.now):
            for _ in range(2):
                await Relay(self.database, wiring.READERS).drain(self.merchant_id)

    async def claim(self, path: str, **body: Any) -> Any:
        with clock.at(self.now):
            answer = await self.phone.post(f"/v1/{path}", json={"member": LI, **body})
        assert answer.status_code == 200, answer.text
        await self.hear()
        return answer.json()

    async def points(self, member_id: int = 1) -> int:
        return int((await self.console("GET", f"/members/{member_id}/balance"))["available"])

    async def why(self, member_id: int = 1) -> list[str]:
        """The reasons on the member's page, the latest first."""
        items = (await self.console("GET", f"/members/{member_id}/entries"))["items"]
        return [one["why"]["zh"] for one in items]


@pytest.fixture
async def shop(owner: httpx.AsyncClient, app: Any, database: Database, merchant_id: int) -> Shop:
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "收银和小程序", ["ingest", "member"], clock.now())
    phone = browser(app)
    phone.headers["Authorization"] = f"Bearer {secret}"
    made = Shop(owner, phone, database, merchant_id)
    [first] = (await made.console("GET", "/points/rules"))["items"]
    await made.console("POST", f"/points/rules/{first['rule_id']}/end")  # the rule every merchant begins with
    return made


def give(points: int) -> list[dict[str, Any]]:
    return [{"kind": "points", "params": {"points": points}}]


def when(kind: str, **params: Any) -> dict[str, Any]:
    return {"kind": kind, "params": params}


def line(sku: str, yuan: int, category: str = "") -> dict[str, Any]:
    return {"sku": sku, "product": sku, "quantity": 1, "amount_fen": yuan * 100, "category": category}


async def platinum(shop: Shop) -> None:
    """5000 yuan → platinum: double points."""
    levels = [
        {"level": 0, "name": "普通", "threshold": 0},
        {"level": 1, "name": "白金", "threshold": 500_000, "benefits": [when("multiplier", percent=200)]},
    ]
    await shop.console("PUT", "/tiers/ladders/0", {"name": "会员等级", "levels": levels})


async def joining(shop: Shop) -> None:
    """注册即送 50 + 首单加赠 200; the first order comes back."""
    await shop.rule("sign_up", {"points": 50})
    await shop.rule("first_order", {"points": 200})
    order = await shop.buy(100)
    assert await shop.points() == 250
    await shop.give_back(order, 100)
    assert await shop.points() == 50
    assert any("首单" in one for one in await shop.why()) and any(
        "入会" in one or "注册" in one for one in await shop.why()
    )


async def newcomers(shop: Shop) -> None:
    """Browse three goods, follow, complete the profile: 20 each, and 100 for all."""
    browse = when("behave", event="view", times=3, different="sku")
    follow = when("behave", event="follow")
    profile = when("profile", fields=["name", "birthday"])
    for name, step in (("逛一逛", browse), ("关注我们", follow), ("完善资料", profile)):
        await shop.mission(name, 20, step)
    await shop.mission("新客任务", 100, browse, follow, profile)
    for sku in ("JH-30", "MS-02", "XS-01"):
        await shop.did("view", sku=sku)
    await shop.did("follow")
    assert await shop.points() == 40
    await shop.console("PATCH", "/members/1", {"name": "李静", "birthday": "1996-05-20"})
    await shop.hear()
    assert await shop.points() == 160
    assert "完成任务「新客任务」" in await shop.why()


async def rate_times_tier(shop: Shop) -> None:
    """1 yuan = 1 point, platinum double; the order that crosses still earns at the old level; a part comes back."""
    await platinum(shop)
    await shop.rule("spend_rate", {"points": 1, "per_fen": 100, "tier_multiplier": True})
    await shop.buy(5_000)
    assert await shop.points() == 5_000
    order = await shop.buy(100, MONDAY + DAY)
    assert await shop.points() == 5_200
    assert "白金 2 倍" in (await shop.why())[0]
    await shop.give_back(order, 50)
    assert await shop.points() == 5_100


async def ladder(shop: Shop) -> None:
    """满1000送200, 满2000送500, the highest step only; what a refund leaves decides."""
    await shop.rule(
        "spend_ladder", {"steps": [{"from_fen": 100_000, "points": 200}, {"from_fen": 200_000, "points": 500}]}
    )
    order = await shop.buy(2_100)
    assert await shop.points() == 500
    await shop.give_back(order, 200)
    assert await shop.points() == 200
    assert any("满" in one for one in await shop.why())


async def weekend(shop: Shop) -> None:
    """Weekend ×2 and platinum ×2 make ×3."""
    await platinum(shop)
    await shop.rule("spend_rate", {"points": 1, "per_fen": 100, "tier_multiplier": True})
    await shop.rule("multiplier", {"percent": 200}, when("weekday", weekdays=[6, 7]))
    await shop.buy(5_000, SATURDAY - 3 * DAY)
    order = await shop.buy(100, SATURDAY)
    assert await shop.points() == 5_300
    await shop.buy(100, MONDAY)
    assert await shop.points() == 5_500
    await shop.give_back(order, 100)
    assert await shop.points() == 5_200


async def check_in(shop: Shop) -> None:
    """10 a day, +50 on the seventh in a row, make-up cards, and a rose on 情人节."""
    valentine = datetime.fromisoformat("2026-02-14T10:00:00+08:00")
    shop.now = valentine - 40 * DAY
    prizes = [
        {"name": "玫瑰一支", "odds": 9_999, "stock": 1},
        {"name": "10 积分", "odds": 1, "reward": give(10)[0]},
    ]
    rose = [{"kind": "draw", "params": {"draw": "情人节签到", "prizes": prizes}}]
    plan = {
        "rewards": give(10), "milestones": [{"day": 7, "rewards": give(50)}], "cycle_days": 7,
        "make_up": {"days_back": 3, "per_month": 3, "price_points": 15},
        "special_days": [{"on": "2026-02-14", "name": "情人节签到礼", "rewards": rose}],
    }  # fmt: skip
    await shop.console("PUT", "/missions/check-in", {"plan": plan})
    for back in (6, 5, 4, 3, 1):
        await shop.did("check_in", valentine - back * DAY)
    assert await shop.points() == 50
    await shop.claim("missions/make-up", day=str((valentine - 2 * DAY).date()))
    assert await shop.points() == 35
    await shop.did("check_in", valentine)
    assert await shop.points() == 35 + 10 + 50
    assert "2月14日签到，连续满 7 天" in await shop.why()
    [prize] = (await shop.console("GET", "/members/1/prizes"))["items"]
    assert (prize["prize"], prize["state"]) == ("玫瑰一支", "waiting")


async def interaction(shop: Shop) -> None:
    """A comment, a survey and an attended booking earn by rule, whatever is returned; a share to Moments is shown by a
    picture that a person accepts."""
    await shop.rule("event_bonus", {"event": "comment", "points": 5}, caps=[{"per": "day", "times": 1}])
    await shop.rule("event_bonus", {"event": "survey", "points": 30})
    await shop.rule("event_bonus", {"event": "booking_attended", "points": 50})
    share = await shop.mission("分享朋友圈", 20, award="after_review", proof_hint="请上传截图", period="daily")
    await shop.did("comment")
    await shop.did("comment")
    for _ in range(2):
        await shop.did("survey", survey="新品口味")
    order = await shop.buy(80)
    for day in (0, 1):
        await shop.did("booking_attended", MONDAY + day * DAY, service="面部护理")
    await shop.give_back(order, 80)
    assert await shop.points() == 135
    assert (await shop.claim(f"missions/{share}/claim", proof="https://img.example.com/1.jpg"))["state"] == "in_review"
    [waiting] = (await shop.console("GET", "/missions/reviews"))["items"]
    decision = {name: waiting[name] for name in ("mission_id", "member_id", "starts_on")} | {"accept": True}
    await shop.console("POST", "/missions/reviews", {"decisions": [decision]})
    assert await shop.points() == 155
    assert (await shop.why())[0] == "完成任务「分享朋友圈」"
    assert sum("预约到店" in one for one in await shop.why()) == 2


async def videos(shop: Shop) -> None:
    """Watched to the end, then ordered its goods within a week: 100, once for each video; taken back with the order."""
    await shop.rule("event_then_order", {"event": "video_watched", "within_days": 7, "same_goods": True, "points": 100})
    await shop.did("video_watched", video="精华三步", finished=True, skus="JH-30,MS-02")
    await shop.buy(50, MONDAY + DAY, lines=[line("XS-01", 50)])
    assert await shop.points() == 0
    order = await shop.buy(80, MONDAY + DAY, lines=[line("JH-30", 80)])
    assert await shop.points() == 100
    assert "精华三步" in (await shop.why())[0]
    await shop.give_back(order, 80)
    assert await shop.points() == 0


async def readers(shop: Shop) -> None:
    """An article read to its end: 50, each article once."""
    await shop.rule("event_bonus", {"event": "article_read", "points": 50, "once_each": True})
    await shop.did("article_read", article="换季护肤五步法", finished=False)
    for _ in range(2):
        await shop.did("article_read", article="换季护肤五步法", finished=True)
    assert await shop.points() == 50
    assert "读完文章「换季护肤五步法」" in (await shop.why())[0]


async def reviews(shop: Shop) -> None:
    """A review of a product earns once for each product, by day at most two; and tells missions."""
    await shop.rule("event_bonus", {"event": "review", "points": 20}, caps=[{"per": "day", "times": 2}])
    await shop.mission("写三篇评价", 60, when("behave", event="review", times=3, different="sku"))
    for sku in ("JH-30", "JH-30", "MS-02", "XS-01"):
        await shop.did("review", sku=sku, stars=5)
    assert await shop.points() == 40 + 60


async def referral(shop: Shop) -> None:
    """Each side 200 when the friend's first paid order has passed the return window; the board knows."""
    plan = (await shop.console("GET", "/referrals"))["plan"]
    await shop.console("PUT", "/referrals", {"plan": plan})
    await shop.buy(10, MONDAY - 20 * DAY)
    code = (await shop.console("POST", "/members/1/referral-code"))["code"]
    with clock.at(shop.now):
        joined = await shop.phone.post("/v1/referrals", json={"member": WANG, "code": code})
    assert joined.json()["state"] == "noted", joined.text
    await shop.buy(100, MONDAY - 19 * DAY, WANG)
    assert (await shop.points(1), await shop.points(2)) == (0, 0)
    shop.now = MONDAY - 10 * DAY
    with clock.at(shop.now):
        await referral_jobs.keep_promises(shop.database, shop.merchant_id)
    assert (await shop.points(1), await shop.points(2)) == (200, 200)
    board = await shop.console("GET", "/referrals/leaderboard?period=all")
    assert [(one["member_id"], one["friends"]) for one in board["places"]] == [(1, 1)]


async def solo(shop: Shop) -> None:
    """独行侠: the single-diner set earns double; half of the table does not."""
    await shop.rule("spend_rate", {"points": 1, "per_fen": 100, "tier_multiplier": False})
    await shop.rule("product_bonus", {"categories": ["独行侠套餐"], "points": 1, "per": "yuan"})
    order = await shop.buy(60, lines=[line("TC-01", 40, "独行侠套餐"), line("YL-01", 20, "饮料")])
    assert await shop.points() == 100
    assert any("独行侠套餐" in one for one in await shop.why())
    await shop.give_back(order, 60)
    assert await shop.points() == 0


EXAMPLES: list[Callable[[Shop], Awaitable[None]]] = [
    joining, newcomers, rate_times_tier, ladder, weekend, check_in, interaction, videos, readers, reviews, referral, solo,
]  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.__name__)
async def test_every_example_is_rebuilt_on_the_console(shop: Shop, example: Callable[[Shop], Awaitable[None]]) -> None:
    await example(shop)
    with clock.at(shop.now):
        await tier_jobs.count_tiers(shop.database, shop.merchant_id)


def test_the_guide_walks_through_every_example() -> None:
    from tests.house import tree

    for guide in ("docs/guides/earning.md", "docs/guides/earning.zh.md"):
        text = (tree.ROOT / guide).read_text(encoding="utf-8")
        assert text.count("\n## ") >= len(EXAMPLES), guide
