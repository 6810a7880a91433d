"""The lottery of 芙颜 and its weekly photo mission: who draws what, who sends which proof, and what the shop says to it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from shuke.assets import lotteries, points, rewards
from shuke.assets.rewards import Reward, of_points
from shuke.programs import missions

if TYPE_CHECKING:
    from datetime import datetime

    from shuke.doors.demo.desk import Desk

LOTTERY = "会员幸运抽奖"
CHANCE = Reward(kind="lottery_chance", params={"chances": 1})
PRIZES: list[dict[str, Any]] = [
    {"name": "玫瑰精华正装 30ml", "odds": 50, "stock": 3},
    {"name": "肩颈护理体验券", "odds": 450, "stock": 30},
    {"name": "补水面膜小样", "odds": 2_500, "stock": 300},
    {"name": "50 积分", "odds": 2_000, "reward": {"kind": "points", "params": {"points": 50}}},
    {"name": "10 积分", "odds": 5_000, "reward": {"kind": "points", "params": {"points": 10}}},
]
EAGER = 0.45
"""Of those who hold a chance, so many draw on a day."""
MISSION = missions.MissionDraft(
    name="护肤打卡晒图",
    period="weekly",
    plan=missions.MissionPlan(
        rewards=[*of_points(50), CHANCE], award="after_review",
        proof_hint="写下发在哪里、发了什么，或贴图片地址；要看得出是自己用的",
    ),
)  # fmt: skip
PROOFS = (
    "小红书笔记《换季泛红，我是这样稳住的》，配了四张早晚对比图",
    "朋友圈发了玫瑰精华空瓶，三张图，已公开",
    "抖音 40 秒短视频：晚间护肤步骤，用到舒缓化妆水和面霜",
    "小红书：敏感肌用了两周的真实感受，附使用前后照片",
    "微信群晒了静安店做护理的照片",
    "小红书笔记《油皮怎么选精华》，定位静安店",
    "朋友圈九宫格：新到货开箱",
    "发了",
    "视频号 1 分钟：面膜一周敷几次，第三条就是",
    "小红书收藏了你们的笔记，截图在相册里",
    "朋友圈：送妈妈的护手霜礼盒，附小票照片",
    "小红书《成分党看芙颜面霜》，目前 63 赞",
)
SAID_NO = {7: "没有写发在哪里，请补充截图或链接", 9: "收藏不算晒图，请发一条自己的使用感受"}
"""Which of the proofs are refused, and why."""


async def open_lottery(desk: Desk, at: datetime) -> None:
    """苏芙 opens the lottery for two months."""
    draft = lotteries.LotteryDraft(name=LOTTERY, prizes=PRIZES, starts_at=at, ends_at=at + timedelta(days=60))
    async with desk.database.write(desk.merchant_id) as tx:
        desk.left["lottery"] = number = await lotteries.save(tx, draft, at)
        await desk.note(tx, desk.owner, "lottery.saved", ("lottery", str(number)), at, name=draft.name)


async def draw(desk: Desk, at: datetime) -> None:
    """Some of those who hold chances take a turn in the mini program this evening."""
    rng = desk.rng(at.toordinal(), 2)
    async with desk.database.write(desk.merchant_id) as tx:
        held = await points.balances(tx, desk.numbers, at, lotteries.CHANCES)
        for member in [number for number, purse in held.items() if purse.available > 0]:
            if rng.random() < EAGER:
                await lotteries.turn(tx, desk.left["lottery"], member, f"mini:{at:%y%m%d}:{member}", at)
                desk.left.setdefault("drew", []).append(member)


async def hand_over(desk: Desk, at: datetime) -> None:
    """Whoever drew longest ago comes by and fetches what was won, if it was goods."""
    async with desk.database.write(desk.merchant_id) as tx:
        for place, member in enumerate(desk.left.get("drew", [])):
            waiting = [won for won in await rewards.won_by(tx, member) if won.state == "waiting"]
            for won in waiting:
                await rewards.collect(tx, member, won.key, at, desk.clerk.name)
                await desk.note(tx, desk.clerk, "prize.collected", ("member", member), at, prize=won.prize, key=won.key)
            if waiting:
                desk.left["drew"] = desk.left["drew"][place + 1 :]
                return


async def begin_photos(desk: Desk, at: datetime) -> None:
    """苏芙 publishes the weekly photo mission."""
    async with desk.database.write(desk.merchant_id) as tx:
        made = await missions.create_mission(tx, MISSION, at)
        desk.left["photos"] = made.mission_id
        told = msgspec.to_builtins(made.plan)
        await desk.note(tx, desk.owner, "mission.created", ("mission", made.name), at, **told)
        await missions.move_mission(tx, made.mission_id, "publish", at)
        await desk.note(tx, desk.owner, "mission.published", ("mission", made.name), at)


async def send_photos(desk: Desk, at: datetime) -> None:
    """One or two of the sociable send their proof."""
    rng = desk.rng(at.toordinal(), 3)
    sociable = np.argsort(-desk.made.habits.social)[:200]
    sent = desk.left.setdefault("proofs", {})
    async with desk.database.write(desk.merchant_id) as tx:
        for place in rng.choice(sociable, int(rng.integers(1, 3)), replace=False).tolist():
            number = desk.numbers[place]
            if number in sent or len(sent) >= len(PROOFS):
                continue
            proof = len(sent)
            await missions.claim(tx, desk.left["photos"], number, at, proof=PROOFS[proof])
            sent[number] = proof


async def look_at_photos(desk: Desk, at: datetime) -> None:
    """小满 looks at what has come so far."""
    seen = desk.left.setdefault("seen", set())
    waiting = {number: proof for number, proof in desk.left.get("proofs", {}).items() if number not in seen}
    seen.update(waiting)
    if not waiting:
        return
    async with desk.database.write(desk.merchant_id) as tx:
        page = await missions.to_review(tx, None, 100)
        told = [
            missions.Decision(
                mission_id=one.mission_id, member_id=one.member_id, starts_on=one.starts_on,
                accept=waiting[one.member_id] not in SAID_NO, reason=SAID_NO.get(waiting[one.member_id], ""),
            )
            for one in page.items
            if one.member_id in waiting
        ]  # fmt: skip
        count = await missions.decide(tx, told, desk.clerk.name, at)
        decisions = msgspec.to_builtins(told)
        await desk.note(
            tx, desk.clerk, "mission.reviewed", ("missions", "reviews"), at, count=count, decisions=decisions
        )
