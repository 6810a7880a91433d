"""The self-test: rules with a known hole are found out with their loss, and sound rules are left in peace."""

from datetime import date, datetime
from typing import Any

from shuke.programs import earning, referrals, tiers
from shuke.programs.foresight.policy.attacks import Attack, survey
from shuke.programs.foresight.policy.world import World

NOW = datetime.fromisoformat("2026-11-21T10:00:00+08:00")  # a Saturday
LEVELS = [tiers.Level(0, "普通会员", 0, 100), tiers.Level(1, "白金会员", 500_000, 200)]


def when(kind: str, **params: Any) -> dict[str, Any]:
    return {"kind": kind, "params": params}


def attacked(*worded: tuple[Any, ...], amount_fen: int = 100_000, **more: Any) -> dict[str, Attack]:
    rules = [
        earning.compiled((number, 1, kind, f"规则{number}"), params, conditions, earning.terms_of(terms))
        for number, (kind, params, conditions, terms) in enumerate(worded, 1)
    ]
    world = World(
        earning.RuleSet(rules), LEVELS, earning.Multiplying(), "Asia/Shanghai", 0, date(2026, 11, 21), NOW
    )  # fmt: skip
    return {one.code: one for one in survey(world, amount_fen, **more)}


def test_a_plain_rate_withstands_everything_but_costs_its_share() -> None:
    found = attacked(("spend_rate", {}, [], {}), worth=100)
    assert {code: one.points for code, one in found.items() if one.points} == {}
    dear = attacked(("spend_rate", {"points": 15}, [], {}), worth=100)
    assert dear["stacking"].points == 30_000 - 20_000
    assert "值 ¥300.00，超过订单的 20%" in dear["stacking"].steps[1].zh


def test_a_bonus_for_every_order_invites_splitting() -> None:
    found = attacked(("spend_rate", {}, [], {}), ("order_bonus", {"points": 50}, [], {}))
    assert found["split_orders"].points == 19 * 50
    assert "拆成 20 笔、每笔 ¥50.00" in found["split_orders"].steps[1].zh
    with_threshold = attacked(("order_bonus", {"points": 50}, [when("amount", least_fen=40_000)], {}))
    assert with_threshold["split_orders"].points == 50
    capped = attacked(("order_bonus", {"points": 50}, [], {"caps": [{"per": "day", "times": 1}]}))
    assert capped["split_orders"].points == 0


def test_a_ladder_is_climbed_once_whatever_is_returned() -> None:
    ladder = ("spend_ladder", {"steps": [{"from_fen": 50_000, "points": 200}]}, [], {})
    assert attacked(ladder)["refund_loop"].points == 0
    assert attacked(ladder)["split_orders"].points == 200


def test_a_first_order_of_a_cent_and_a_gift_for_joining_are_farmed() -> None:
    found = attacked(("sign_up", {"points": 100}, [], {}), ("first_order", {"points": 200}, [], {}))
    assert found["sign_up_farm"].points == 100 * 300
    assert "每个号各下一笔 ¥0.01 的首单，100 笔一共比老会员多得 20,000 积分" in found["sign_up_farm"].steps[1].zh
    without_gift = attacked(("first_order", {"points": 200}, [], {}))["sign_up_farm"]
    assert [step.zh[:20] for step in without_gift.steps] == [
        "用同一台设备、同一个地址注册 100 个",
        "每个号各下一笔 ¥0.01 的首单，10",
    ]
    limited = attacked(("sign_up", {"points": 100}, [], {"budget_points": 1_500}))
    assert limited["sign_up_farm"].points == 1_500


def test_a_date_within_the_lateness_window_can_be_claimed() -> None:
    double_11 = ("multiplier", {"percent": 300}, [when("festival", festivals=["double_11"])], {})
    found = attacked(("spend_rate", {"tier_multiplier": False}, [], {}), double_11)
    assert found["backdating"].points == 2_000
    assert "2026-11-11（周三），晚 10 天补录" in found["backdating"].steps[1].zh
    assert attacked(("spend_rate", {}, [], {}), double_11, lateness_days=5)["backdating"].points == 0


def test_a_daily_cap_is_met_twice_around_midnight() -> None:
    found = attacked(("spend_rate", {"tier_multiplier": False}, [], {"caps": [{"per": "day", "points": 600}]}))
    assert found["midnight"].points == 600
    assert found["midnight"].steps[0].zh.startswith("23:59 下一单，得 600 积分")


def test_a_birthday_can_be_moved() -> None:
    birthday = ("order_bonus", {"points": 520}, [when("birthday", window="week")], {})
    found = attacked(birthday)
    assert found["birthday"].points == 520
    assert found["birthday"].rules == {1}
    beside = attacked(("spend_rate", {}, [], {}), birthday)["birthday"]
    assert (beside.points, beside.rules) == (520, {2})  # only what the birthday changes is named


def test_the_costliest_comes_first_and_every_attack_is_told() -> None:
    found = list(attacked(("sign_up", {}, [], {}), ("order_bonus", {"points": 5}, [], {})).values())
    assert [one.points for one in found] == sorted((one.points for one in found), reverse=True)
    assert len(found) == 8


def test_bringing_oneself_is_bounded_by_the_cap_of_the_plan() -> None:
    rate = ("spend_rate", {}, [], {})
    found = attacked(rate, plan=referrals.Plan())["referral_farm"]
    assert found.points == 20 * 400
    assert "绕成圈会被拒绝" in found.steps[0].zh
    assert attacked(rate, plan=referrals.Plan(month_cap=3, friend_rewards=[]))["referral_farm"].points == 3 * 200
    assert attacked(rate, plan=referrals.Plan(month_cap=None))["referral_farm"].points == 100 * 400
    assert attacked(rate)["referral_farm"].points == 0
