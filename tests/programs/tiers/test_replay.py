"""The law of tiers: where a member stands is a function of what happened, the ladder's versions, and the instant asked about."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuke.programs.tiers import policy
from shuke.programs.tiers.policy import ByHand, Ladder, Level, Moment, Standing, Terms

ZONE = "Asia/Shanghai"
BEGIN = datetime(2024, 1, 1, 4, tzinfo=UTC)
RUNGS = [Level(0, "普通会员", 0), Level(1, "银卡", 300), Level(2, "金卡", 900), Level(3, "铂金", 2_000)]


def ladder(
    terms: Terms = policy.DEFAULT, levels: list[Level] = RUNGS, version: int = 1, at: datetime = BEGIN
) -> Ladder:
    return Ladder(0, version, "会员等级", "Tiers", terms, levels, "live", at, at)


def bought(at: datetime, amount: int) -> Moment:
    return Moment(at, (at + timedelta(hours=8)).date(), fen=amount, orders=1)


def returned(order: Moment, at: datetime, amount: int, closes: bool) -> Moment:
    return Moment(at, order.day, fen=-amount, orders=-1 if closes else 0)


@st.composite
def histories(draw: st.DrawFn) -> list[Moment]:
    """Orders over four years, some of them returned later, in part or as a whole."""
    found: list[Moment] = []
    for _ in range(draw(st.integers(0, 25))):
        at = BEGIN + timedelta(hours=draw(st.integers(0, 4 * 365 * 24)))
        order = bought(at, draw(st.integers(0, 1_200)))
        found.append(order)
        if draw(st.booleans()):
            part = draw(st.integers(0, order.fen))
            back = at + timedelta(hours=draw(st.integers(1, 3_000)))
            found.append(returned(order, back, part, part == order.fen))
    return sorted(found, key=lambda one: one.at)


terms = st.builds(
    Terms,
    by=st.sampled_from(["amount", "orders", "visits"]),
    window=st.sampled_from(["rolling", "year", "lifetime"]),
    months=st.integers(1, 24),
    kept_for=st.sampled_from(["1Y_U", "6M", "1Q_U", "unlimited"]),
    grace_days=st.integers(0, 40),
    keep_percent=st.integers(0, 100),
    drop=st.sampled_from(["reached", "one"]),
)
ends = st.integers(0, 6 * 365 * 24).map(lambda hours: BEGIN + timedelta(hours=hours))


def seen(played: policy.Played) -> tuple[int, object, list[object]]:
    return played.standing.level, played.standing.keep_until, [(rise, why) for rise, why in played.rises]


@given(histories(), terms, ends)
@settings(max_examples=150, deadline=None)
def test_the_order_in_which_things_are_told_changes_nothing(told: list[Moment], how: Terms, as_of: datetime) -> None:
    one = policy.replay(7, [ladder(how)], told, as_of, ZONE)
    apart = {moment.at for moment in told}
    if len(apart) == len(told):
        assert seen(policy.replay(7, [ladder(how)], told[::-1], as_of, ZONE)) == seen(one)


@given(histories(), terms, ends, ends)
@settings(max_examples=150, deadline=None)
def test_what_comes_later_does_not_change_what_was(
    told: list[Moment], how: Terms, one: datetime, two: datetime
) -> None:
    early, late = min(one, two), max(one, two)
    then = policy.replay(7, [ladder(how)], told, early, ZONE)
    now = policy.replay(7, [ladder(how)], told, late, ZONE)
    # a drop is dated at its period's end plus grace, which is when it is decided
    assert [rise for rise, _ in now.rises if rise.at <= early] == [rise for rise, _ in then.rises]


@given(histories(), terms, ends)
@settings(max_examples=150, deadline=None)
def test_every_rise_was_reached_and_every_drop_was_due(told: list[Moment], how: Terms, as_of: datetime) -> None:
    played = policy.replay(7, [ladder(how)], told, as_of, ZONE)
    level = 0
    for rise, why in played.rises:
        assert rise.from_level == level
        level = rise.to_level
        until = [moment for moment in told if moment.at <= rise.at]
        if why == "reached":
            day = until[-1].day
            assert any(
                worth_of(how, [one for one in told if one.at <= rise.at], day_) >= RUNGS[level].threshold
                for day_ in {one.day for one in told if one.at == rise.at} | {day}
            )
        else:
            assert why == "dropped" and level < rise.from_level
    assert played.standing.level == level


def worth_of(how: Terms, told: list[Moment], day: date) -> int:
    """The window counted by hand, moment by moment."""
    month = day.year * 12 + day.month
    first = {"rolling": month - how.months + 1, "year": day.year * 12 + 1, "lifetime": 0}[how.window]
    inside = [one for one in told if first <= one.day.year * 12 + one.day.month <= month]
    if how.by == "visits":
        days = {one.day for one in inside}
        return sum(sum(one.orders for one in inside if one.day == each) > 0 for each in days)
    return sum(one.fen if how.by == "amount" else one.orders for one in inside)


@given(histories(), terms, ends)
@settings(max_examples=150, deadline=None)
def test_the_counter_of_the_till_is_the_replay(told: list[Moment], how: Terms, as_of: datetime) -> None:
    """Payment by payment, with the reviews between them, as orders and the nightly job do it."""
    how = Terms(**{field: getattr(how, field) for field in how.__struct_fields__} | {"by": "amount"})
    played = policy.replay(7, [ladder(how)], told, as_of, ZONE)
    told = [one for one in told if one.at <= as_of]
    standing = Standing(7, 0, told[0].at if told else as_of, None)
    rises = []

    def review(to: datetime) -> None:
        while standing.keep_until is not None and standing.keep_until + timedelta(days=how.grace_days) <= to:
            last = (standing.keep_until - timedelta(seconds=1) + timedelta(hours=8)).date()
            rises.append(policy.review(standing, RUNGS, policy.worth(how, standing.months, last), ZONE, how))

    for one in told:
        review(one.at)
        rises.append(policy.pay(standing, RUNGS, one.fen, one.day, one.at, ZONE, how))
    review(as_of)
    assert [rise for rise in rises if rise is not None] == [rise for rise, _ in played.rises]
    assert (standing.level, standing.keep_until) == (played.standing.level, played.standing.keep_until)


def test_a_refund_lowers_what_counts_and_the_level_goes_at_the_end_of_its_period() -> None:
    order = bought(datetime(2024, 3, 5, 4, tzinfo=UTC), 1_000)
    back = returned(order, order.at + timedelta(days=3), 1_000, True)
    before = policy.replay(7, [ladder()], [order, back], datetime(2025, 12, 31, 15, tzinfo=UTC), ZONE)
    assert (before.standing.level, sum(before.counts.values())) == (2, 0)
    after = policy.replay(7, [ladder()], [order, back], datetime(2025, 12, 31, 16, tzinfo=UTC), ZONE)
    assert after.standing.level == 0
    assert [(rise.from_level, rise.to_level, why) for rise, why in after.rises] == [
        (0, 2, "reached"),
        (2, 0, "dropped"),
    ]


@pytest.mark.parametrize(
    ("by", "counted"),
    [("amount", {"2024-03": 900}), ("orders", {"2024-03": 2}), ("visits", {"2024-03-05": 1, "2024-03-06": 1})],
)
def test_each_measure_counts_what_is_left(by: str, counted: dict[str, int]) -> None:
    first = bought(datetime(2024, 3, 5, 2, tzinfo=UTC), 500)
    told = [
        first, bought(datetime(2024, 3, 5, 9, tzinfo=UTC), 400), bought(datetime(2024, 3, 6, 4, tzinfo=UTC), 500),
        returned(first, datetime(2024, 4, 1, tzinfo=UTC), 500, True),
    ]  # fmt: skip
    played = policy.replay(7, [ladder(Terms(by=by))], told, datetime(2024, 5, 1, tzinfo=UTC), ZONE)  # type: ignore[arg-type]
    assert played.counts == counted


def test_keeping_needs_less_than_reaching_where_the_terms_say_so() -> None:
    told = [bought(datetime(2024, 3, 5, 4, tzinfo=UTC), 2_000), bought(datetime(2025, 6, 1, 4, tzinfo=UTC), 1_600)]
    end = datetime(2026, 1, 1, tzinfo=UTC)
    assert policy.replay(7, [ladder(Terms(keep_percent=80))], told, end, ZONE).standing.level == 3
    assert policy.replay(7, [ladder()], told, end, ZONE).standing.level == 2
    gone = policy.replay(7, [ladder(Terms(drop="one"))], told[:1], end, ZONE)
    assert gone.standing.level == 2  # with nothing in the window still only one rung at a time


def test_a_new_version_raises_at_once_and_demotes_nobody() -> None:
    told = [bought(datetime(2024, 3, 5, 4, tzinfo=UTC), 950)]
    changed = datetime(2024, 4, 1, tzinfo=UTC)
    cheaper = ladder(levels=[*RUNGS[:3], replace(RUNGS[3], threshold=940)], version=2, at=changed)
    dearer = ladder(levels=[*RUNGS[:2], replace(RUNGS[2], threshold=1_500), RUNGS[3]], version=2, at=changed)
    later = changed + timedelta(days=10)
    up = policy.replay(7, [ladder(), cheaper], told, later, ZONE)
    assert [(rise.to_level, rise.at, why) for rise, why in up.rises][1:] == [(3, changed, "changed")]
    assert policy.replay(7, [ladder(), dearer], told, later, ZONE).standing.level == 2
    assert policy.replay(7, [ladder(), dearer], told, datetime(2026, 1, 2, tzinfo=UTC), ZONE).standing.level == 0


def test_what_is_given_by_hand_ends_and_what_was_earned_goes_on_beneath_it() -> None:
    told = [bought(datetime(2024, 3, 5, 4, tzinfo=UTC), 400), bought(datetime(2024, 5, 5, 4, tzinfo=UTC), 600)]
    by_hand = ByHand(datetime(2024, 4, 1, tzinfo=UTC), 3, datetime(2024, 7, 1, tzinfo=UTC))
    then = policy.replay(7, [ladder()], [*told, by_hand], datetime(2024, 6, 1, tzinfo=UTC), ZONE)
    assert (then.standing.level, then.standing.under.level if then.standing.under else None) == (3, 2)
    after = policy.replay(7, [ladder()], [*told, by_hand], datetime(2024, 8, 1, tzinfo=UTC), ZONE)
    assert (after.standing.level, after.standing.keep_until) == (2, datetime(2025, 12, 31, 16, tzinfo=UTC))
    assert [why for _, why in after.rises] == ["reached", "manual", "ended"]
    back = ByHand(datetime(2024, 4, 20, tzinfo=UTC), None)
    taken = policy.replay(7, [ladder()], [*told[:1], by_hand, back], datetime(2024, 5, 1, tzinfo=UTC), ZONE)
    assert (taken.standing.level, taken.standing.under) == (1, None)


@pytest.mark.parametrize(
    ("when", "day", "born", "year"),
    [
        ("day", date(2025, 2, 28), date(2000, 2, 29), 2025),
        ("day", date(2024, 2, 28), date(2000, 2, 29), None),
        ("day", date(2024, 2, 29), date(2000, 2, 29), 2024),
        ("week", date(2025, 12, 29), date(1990, 1, 2), 2026),
        ("week", date(2025, 12, 29), date(1990, 12, 31), 2025),
        ("week", date(2025, 12, 30), date(1990, 12, 31), None),
        ("month", date(2026, 2, 1), date(2000, 2, 29), 2026),
        ("month", date(2026, 2, 2), date(2000, 2, 29), None),
    ],
)
def test_a_birthday_gift_falls_due_once_in_its_own_year(when: str, day: date, born: date, year: int | None) -> None:
    assert policy.year_of(born, policy.celebrated(when, day)) == year  # type: ignore[arg-type]
