"""What a check-in gives, as tables and as laws: streaks from the set of days, each milestone once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.assets.rewards import Reward
from shuke.programs.missions.policy import check_in as policy
from shuke.programs.missions.policy.check_in import Day, Milestone, Plan, SpecialDay

POINTS = [Reward(kind="points", params={"points": 10})]
FIRST = date(2026, 11, 1)


def _plan(*days: int, cycle: int | None = 7) -> Plan:
    return Plan(rewards=POINTS, milestones=[Milestone(day=day, rewards=POINTS) for day in days], cycle_days=cycle)


def _walk(plan: Plan, order: list[int]) -> dict[int, list[int]]:
    """Check in on these days (offsets), in this order; the milestones given with each."""
    known: dict[int, Day] = {}
    told: dict[int, list[int]] = {}
    for offset in order:
        run = policy.run_with(known.values(), Day(day=FIRST + timedelta(days=offset), version=1))
        told[offset] = policy.due(plan, 1, run)
        known[offset] = Day(day=FIRST + timedelta(days=offset), version=1, milestones=tuple(told[offset]))
    return told


@pytest.mark.parametrize(
    ("plan", "order", "expected"),
    [
        (_plan(7), list(range(21)), {6: [7], 13: [7], 20: [7]}),
        (_plan(3, 7), list(range(10)), {2: [3], 6: [7], 9: [3]}),
        (_plan(7, cycle=None), list(range(21)), {6: [7]}),
        (_plan(7), [0, 1, 2, 4, 5, 6], {}),  # a gap: nothing
        (_plan(7), [0, 1, 2, 4, 5, 6, 3], {3: [7]}),  # the gap made up: the run of seven gets its milestone, once
        (_plan(7), [*range(1, 9), 0], {7: [7]}),  # making up a day before the run buys no second one
        (_plan(7), [*range(7), *range(8, 15), 7], {6: [7], 14: [7]}),  # two full runs joined: nothing on top
    ],
)
def test_milestones(plan: Plan, order: list[int], expected: dict[int, list[int]]) -> None:
    assert {day: what for day, what in _walk(plan, order).items() if what} == expected


def test_a_new_milestone_does_not_pay_for_days_before_it_was_published() -> None:
    known = [Day(day=FIRST + timedelta(days=n), version=1) for n in range(5)]
    run = policy.run_with(known, Day(day=FIRST + timedelta(days=5), version=2))
    assert policy.due(_plan(3), 2, run) == []
    assert policy.due(_plan(6), 2, run) == [6]


@given(st.permutations(range(24)), st.integers(1, 7))
def test_in_whatever_order_a_run_is_filled_it_is_given_what_its_length_deserves(
    order: list[int], milestone: int
) -> None:
    """Joined runs may have been given more than the longer one deserves (each had its own start), never less."""
    given_times = sum(len(what) for what in _walk(_plan(milestone), order).values())
    deserved = sum(1 for length in range(1, 25) if (length - 1) % 7 + 1 == milestone)
    assert given_times >= deserved
    in_order = _walk(_plan(milestone), sorted(order))
    assert sum(len(what) for what in in_order.values()) == deserved


@given(st.permutations(range(24)))
def test_making_days_up_never_buys_the_last_milestone_of_a_cycle_twice(order: list[int]) -> None:
    assert sum(len(what) for what in _walk(_plan(7), order).values()) == 3


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (Plan(), "rewards"), (_plan(7, 7), "milestones"), (_plan(8), "milestones"),
        (Plan(rewards=POINTS, milestones=[Milestone(day=3, rewards=[])]), "milestones"),
    ],
)  # fmt: skip
def test_a_plan_that_is_not_right_is_refused(plan: Plan, field: str) -> None:
    with pytest.raises(policy.BadPlan) as refused:
        policy.check_plan(plan)
    assert refused.value.field == field


def test_late_and_early_clocks() -> None:
    at = datetime(2026, 11, 22, 4, tzinfo=UTC)
    plan = _plan(7)
    policy.on_time(plan, at + timedelta(minutes=4), at, FIRST)
    policy.on_time(plan, at - timedelta(hours=23), at, FIRST)
    with pytest.raises(policy.ClockAhead):
        policy.on_time(plan, at + timedelta(minutes=6), at, FIRST)
    with pytest.raises(policy.CheckInTooLate):
        policy.on_time(plan, at - timedelta(hours=25), at, FIRST)


def test_how_far_the_next_milestone_is() -> None:
    found = policy.next_milestone(_plan(3, 7), 0)
    assert found is not None and (found[0], found[1].day) == (3, 3)
    found = policy.next_milestone(_plan(3, 7), 7)
    assert found is not None and (found[0], found[1].day) == (3, 3)
    assert policy.next_milestone(_plan(7, cycle=None), 7) is None


def test_the_plan_in_words() -> None:
    assert policy.told(policy.DEFAULT).zh == "每天签到送 10 积分；连续第 7 天再送 50 积分；每 7 天一轮。"
    assert policy.told(policy.DEFAULT).en.startswith("Each day's check-in gives 10 points; day 7 in a row")


def _festivals(*days: tuple[str, date, int]) -> Plan:
    given = [
        SpecialDay(on=on, name=name, rewards=[Reward(kind="points", params={"points": points})])
        for name, on, points in days
    ]
    return Plan(rewards=policy.DEFAULT.rewards, special_days=given)


def test_festivals_stand_in_the_words() -> None:
    valentine, new_year = ("情人节", date(2027, 2, 14), 52), ("元旦", date(2027, 1, 1), 20)
    assert policy.told(_festivals(valentine, new_year)).zh == (
        "每天签到送 10 积分；元旦（2027 年 1 月 1 日）签到再送 20 积分；情人节（2027 年 2 月 14 日）签到再送 52 积分。"
    )
    assert policy.told(_festivals(valentine)).en == (
        "Each day's check-in gives 10 points; a check-in on 情人节 (2027-02-14) gives 52 points more."
    )


def test_of_many_festivals_only_the_names_are_told() -> None:
    names = ("元旦", "春节", "元宵节", "情人节", "妇女节")
    words = policy.told(_festivals(*((name, date(2027, place, 1), 20) for place, name in enumerate(names, 1))))
    assert words.zh == "每天签到送 10 积分；元旦、春节、元宵节等 5 个节日签到另有礼。"
    assert words.en.endswith("a check-in on 元旦, 春节, 元宵节 and 2 more festivals gives something more.")
