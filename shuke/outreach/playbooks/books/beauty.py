"""美妆美业: high tickets, repeat purchases, birthdays and check-ins."""

from shuke.assets.rewards import of_points
from shuke.insight import lifecycle
from shuke.kit.kinds import Sentence
from shuke.outreach.playbooks.policy import Book, ExampleIn, MissionIn, RuleIn, SegmentIn, Text, audience, points
from shuke.programs import missions, referrals, tiers


def _benefit(kind: str, **params: object) -> tiers.Benefit:
    return tiers.Benefit(kind=kind, params=params)


BEAUTY = Book(
    code="beauty",
    name=Sentence("美妆美业", "Beauty"),
    note=Sentence(
        "客单高、靠复购：四级会员、生日礼、签到和新客任务，老客带新客两边都有礼。",
        "High tickets that live from coming back: four tiers, birthday gifts, check-in, first missions, and friends bring friends.",
    ),
    terms=tiers.Terms(keep_percent=80),
    levels=[
        tiers.Level(0, "普通会员", 0, 100, "Member"),
        tiers.Level(
            1, "银卡会员", 100_000, 110, "Silver", (_benefit("birthday_gift", rewards=[points(100)], when="day"),)
        ),
        tiers.Level(
            2,
            "金卡会员",
            250_000,
            150,
            "Gold",
            (
                _benefit("birthday_gift", rewards=[points(300)], when="week"),
                _benefit("upgrade_gift", rewards=[points(200)], wait_days=7),
                _benefit("free_delivery", from_fen=9_900),
            ),
        ),
        tiers.Level(
            3,
            "铂金会员",
            500_000,
            200,
            "Platinum",
            (
                _benefit("birthday_gift", rewards=[points(600)], when="month"),
                _benefit("upgrade_gift", rewards=[points(500)], wait_days=7),
                _benefit("priority_booking", hours=48),
                _benefit("free_delivery", from_fen=0),
                _benefit("service_desk", contact="门店企业微信"),
            ),
        ),
    ],
    rules=[
        RuleIn(
            "first-order", Sentence("首单加赠 200 分", "200 points for the first order"), "first_order", {"points": 200}
        ),
        RuleIn(
            "birthday",
            Sentence("生日当天双倍", "Double on the birthday"),
            "multiplier",
            {"percent": 200},
            [{"kind": "birthday", "params": {"window": "day"}}],
        ),
        RuleIn(
            "skin-care-set",
            Sentence("精华每满 1 元多送 1 分", "1 more point per yuan of serum"),
            "product_bonus",
            {"categories": ["精华"], "points": 1, "per": "yuan"},
        ),
    ],
    examples=[
        ExampleIn("老客买 300 元", {"amount_fen": 30_000, "supposed": {"orders": 5}}, 300),
        ExampleIn("首单 100 元", {"amount_fen": 10_000, "supposed": {}}, 300),
    ],
    check_in=missions.Plan(
        rewards=of_points(5),
        milestones=[missions.Milestone(day=7, rewards=of_points(30))],
        cycle_days=7,
        make_up=missions.MakeUp(days_back=3, per_month=3, price_points=20),
        late_hours=48,
    ),
    missions=[
        MissionIn(
            "newcomer",
            Sentence("新客任务", "Newcomer's mission"),
            "once",
            missions.MissionPlan(
                steps=[
                    missions.StepPlan(kind="behave", params={"event": "view", "times": 3, "different": "sku"}),
                    missions.StepPlan(kind="behave", params={"event": "follow", "times": 1}),
                    missions.StepPlan(kind="profile", params={"fields": ["name", "birthday"]}),
                ],
                rewards=of_points(100),
            ),
        ),
        MissionIn(
            "share",
            Sentence("每周晒单", "Weekly share"),
            "weekly",
            missions.MissionPlan(
                steps=[missions.StepPlan(kind="behave", params={"event": "share", "times": 1})], rewards=of_points(20)
            ),
        ),
    ],
    referral=referrals.Plan(
        referrer_rewards=of_points(200), friend_rewards=of_points(200), return_days=7, month_cap=20
    ),
    texts=[
        Text(
            Sentence("叫回沉睡会员", "Bring back who has not come"),
            Sentence(
                "{name}，好久不见！你还有 {points} 积分，到店可以抵现，记得用在到期之前。",
                "{name}, it has been a while! You hold {points} points; use them in the shop before they run out.",
            ),
        ),
        Text(
            Sentence("生日祝福", "Birthday"),
            Sentence(
                "{name}，生日快乐！今天下单积分双倍，生日礼已经放进你的账户。",
                "Happy birthday, {name}! Points count double today, and your gift is in your account.",
            ),
        ),
    ],
    life=lifecycle.Limits(active_days=30, dormant_after=60, lost_after=180, mature_orders=5),
    segments=[
        audience.valuable(2_500),
        audience.promising(
            audience.bought("between", [1, 2], "90d"),
            {"did": "view", "window": {"last": "30d"}, "measure": "count", "op": ">=", "value": 2},
        ),
        audience.birthday(7),
        audience.sleeping(500),
        SegmentIn(
            "cart-left",
            Sentence("加购没买", "Left in the cart"),
            Sentence("最近加过购物车，没有下单", "Put something into the cart lately and did not order"),
            {"all": [{"did": "add_to_cart", "window": {"last": "7d"}}, audience.bought("eq", 0, "7d")]},
        ),
    ],
    tags=[*audience.RULE_TAGS, *audience.model_tags("promising", "thrifty", "video", "sociable")],
    journeys=[
        audience.welcome("{name}您好，欢迎成为会员！首单多送 200 分，完善资料再领一份新客任务奖励。"),
        audience.wish("{name}，提前祝您生日快乐！生日当天下单积分双倍，生日礼按会员等级送到账户。"),
        audience.win_back(500, 50, 3),
    ],
)
