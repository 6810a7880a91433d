"""餐饮: visits count more than money, meals at set hours, guests bring guests."""

from datetime import datetime

from shuke.assets.rewards import of_points
from shuke.insight import lifecycle
from shuke.kit.kinds import Sentence
from shuke.outreach.playbooks.policy import Book, ExampleIn, MissionIn, RuleIn, Text, audience, points
from shuke.programs import missions, referrals, tiers

NOON, THREE = datetime(2026, 1, 7, 12), datetime(2026, 1, 7, 15)


RESTAURANT = Book(
    code="restaurant",
    name=Sentence("餐饮", "Restaurant"),
    note=Sentence(
        "看来得勤不勤：按一年到店天数升级，下午时段加倍，每第 5 单加赠。",
        "It is visits that count: tiers by days with a visit, double in the quiet afternoon, more for every fifth meal.",
    ),
    terms=tiers.Terms(by="visits", window="rolling", months=12, keep_percent=80),
    levels=[
        tiers.Level(0, "新客", 0, 100, "Guest"),
        tiers.Level(
            1,
            "常客",
            6,
            120,
            "Regular",
            (tiers.Benefit(kind="birthday_gift", params={"rewards": [points(60)], "when": "week"}),),
        ),
        tiers.Level(
            2,
            "熟客",
            20,
            150,
            "Old friend",
            (
                tiers.Benefit(kind="birthday_gift", params={"rewards": [points(200)], "when": "week"}),
                tiers.Benefit(kind="priority_booking", params={"hours": 24}),
            ),
        ),
    ],
    rules=[
        RuleIn(
            "afternoon",
            Sentence("下午茶时段双倍", "Double in the afternoon"),
            "multiplier",
            {"percent": 200},
            [{"kind": "time_of_day", "params": {"begins": "14:00", "ends": "17:00"}}],
        ),
        RuleIn(
            "fifth",
            Sentence("每第 5 单加赠 50 分", "50 points for every fifth meal"),
            "nth_order",
            {"number": 5, "points": 50, "every": True},
        ),
    ],
    examples=[
        ExampleIn("中午 120 元", {"amount_fen": 12_000, "supposed": {"orders": 1}, "occurred_at": NOON}, 120),
        ExampleIn("下午三点 60 元", {"amount_fen": 6_000, "supposed": {"orders": 1}, "occurred_at": THREE}, 120),
    ],
    check_in=missions.Plan(
        rewards=of_points(2),
        milestones=[missions.Milestone(day=7, rewards=of_points(15))],
        cycle_days=7,
        make_up=missions.MakeUp(days_back=2),
    ),
    missions=[
        MissionIn(
            "review",
            Sentence("写一条用餐点评", "Write a review"),
            "weekly",
            missions.MissionPlan(
                steps=[missions.StepPlan(kind="behave", params={"event": "review", "times": 1})],
                rewards=of_points(20),
                award="after_review",
                proof_hint="点评截图",
            ),
        ),
    ],
    referral=referrals.Plan(
        referrer_rewards=of_points(80), friend_rewards=of_points(80), least_fen=5_000, return_days=1
    ),
    texts=[
        Text(
            Sentence("好久没来", "It has been a while"),
            Sentence(
                "{name}，这周来坐坐吧，你常点的菜还在。你有 {points} 积分可以抵现。",
                "{name}, come by this week: your favourites are still on the menu. {points} points wait for you.",
            ),
        ),
    ],
    life=lifecycle.Limits(active_days=10, dormant_after=30, lost_after=90, mature_orders=8),
    segments=[
        audience.valuable(1_500),
        audience.promising(audience.bought("between", [2, 4], "60d")),
        audience.birthday(7),
        audience.sleeping(100),
    ],
    tags=[*audience.RULE_TAGS, *audience.model_tags("promising", "leaving")],
    journeys=[
        audience.welcome("{name}您好，欢迎成为会员！每次用餐都积分，下午茶时段双倍，每第 5 单再送 50 分。"),
        audience.wish("{name}，提前祝您生日快乐！带上家人朋友来聚聚，您有 {points} 积分可以抵现。"),
        audience.win_back(100, 10, 7),
    ],
)
