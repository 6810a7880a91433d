"""零售百货: many small baskets, weekends, steps of spending."""

from datetime import datetime

from shuke.assets.rewards import of_points
from shuke.insight import lifecycle
from shuke.kit.kinds import Sentence
from shuke.outreach.playbooks.policy import Book, ExampleIn, MissionIn, RuleIn, Text, audience, points
from shuke.programs import missions, referrals, tiers

WEDNESDAY, SATURDAY = datetime(2026, 1, 7, 12), datetime(2026, 1, 10, 12)


RETAIL = Book(
    code="retail",
    name=Sentence("零售百货", "Retail"),
    note=Sentence(
        "客单小、来得勤：三级会员、周末双倍、满额加赠、每天签到。",
        "Small baskets, many visits: three tiers, double weekends, more for larger baskets, a daily check-in.",
    ),
    terms=tiers.Terms(keep_percent=100),
    levels=[
        tiers.Level(0, "普通会员", 0, 100, "Member"),
        tiers.Level(
            1,
            "银卡会员",
            200_000,
            120,
            "Silver",
            (tiers.Benefit(kind="birthday_gift", params={"rewards": [points(50)], "when": "month"}),),
        ),
        tiers.Level(
            2,
            "金卡会员",
            600_000,
            150,
            "Gold",
            (
                tiers.Benefit(kind="birthday_gift", params={"rewards": [points(150)], "when": "month"}),
                tiers.Benefit(kind="free_delivery", params={"from_fen": 4_900}),
            ),
        ),
    ],
    rules=[
        RuleIn(
            "weekend",
            Sentence("周末双倍积分", "Double points on weekends"),
            "multiplier",
            {"percent": 200},
            [{"kind": "weekday", "params": {"weekdays": [6, 7]}}],
        ),
        RuleIn(
            "baskets",
            Sentence("单笔满额加赠", "More for larger baskets"),
            "spend_ladder",
            {"steps": [{"from_fen": 20_000, "points": 20}, {"from_fen": 50_000, "points": 80}]},
        ),
    ],
    examples=[
        ExampleIn("周三买 88 元", {"amount_fen": 8_800, "supposed": {}, "occurred_at": WEDNESDAY}, 88),
        ExampleIn("周六买 88 元", {"amount_fen": 8_800, "supposed": {}, "occurred_at": SATURDAY}, 176),
        ExampleIn("周三买 260 元", {"amount_fen": 26_000, "supposed": {}, "occurred_at": WEDNESDAY}, 280),
    ],
    check_in=missions.Plan(
        rewards=of_points(2),
        milestones=[missions.Milestone(day=7, rewards=of_points(10))],
        cycle_days=7,
        make_up=missions.MakeUp(days_back=3),
    ),
    missions=[
        MissionIn(
            "newcomer",
            Sentence("新客任务", "Newcomer's mission"),
            "once",
            missions.MissionPlan(
                steps=[
                    missions.StepPlan(kind="behave", params={"event": "follow", "times": 1}),
                    missions.StepPlan(kind="profile", params={"fields": ["name", "birthday"]}),
                ],
                rewards=of_points(50),
            ),
        ),
    ],
    referral=referrals.Plan(
        referrer_rewards=of_points(100), friend_rewards=of_points(100), least_fen=5_000, return_days=7
    ),
    texts=[
        Text(
            Sentence("周末提醒", "Weekend"),
            Sentence(
                "{name}，这个周末积分双倍，来店里看看吧。",
                "{name}, points count double this weekend: come and have a look.",
            ),
        ),
    ],
    life=lifecycle.Limits(active_days=21, dormant_after=45, lost_after=180, mature_orders=6),
    segments=[
        audience.valuable(3_000),
        audience.promising(audience.bought("between", [2, 4], "90d")),
        audience.birthday(7),
        audience.sleeping(200),
    ],
    tags=[*audience.RULE_TAGS, *audience.model_tags("promising", "thrifty", "leaving")],
    journeys=[
        audience.welcome("{name}您好，欢迎成为会员！消费积分，周末双倍，完善资料还有新客任务奖励。"),
        audience.wish("{name}，提前祝您生日快乐！来店里挑件喜欢的吧，您有 {points} 积分。"),
        audience.win_back(200, 20, 7),
    ],
)
