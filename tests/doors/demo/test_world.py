"""The invented year: the same from the same seed, and plausible."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import msgspec
import numpy as np
import pytest

from shuke.doors.demo import calendar, world
from shuke.doors.demo.goods import PRODUCTS
from shuke.ground import members

LAST = date(2026, 11, 20)


@pytest.fixture(scope="module")
def made() -> world.World:
    return world.build(LAST)


def _print(made: world.World) -> bytes:
    orders = [(o.order_id, o.at, o.member, o.amount_fen, o.store, o.coupon, o.method) for o in made.orders]
    deeds = [(d.event_id, d.at, d.member, d.event, d.properties) for d in made.deeds]
    refunds = [(r.refund_id, r.at, r.amount_fen) for r in made.refunds]
    return msgspec.json.encode((made.members, orders, refunds, deeds))


def test_the_same_seed_and_day_give_the_same_world() -> None:
    assert _print(world.build(LAST, count=200)) == _print(world.build(LAST, count=200))
    assert _print(world.build(LAST, count=200)) != _print(world.build(LAST, seed=7, count=200))
    assert _print(world.build(LAST, count=200)) != _print(world.build(LAST + timedelta(days=1), count=200))


def test_its_last_day_is_the_day_given(made: world.World) -> None:
    days = [order.at.date() for order in made.orders]
    assert (min(days), max(days)) == (LAST - timedelta(days=364), LAST)
    assert max(deed.at for deed in made.deeds).date() == LAST
    assert all(refund.order.at < refund.at and refund.at.date() <= LAST for refund in made.refunds)


def test_its_size(made: world.World) -> None:
    assert len(made.members) == 5_000
    assert 25_000 <= len(made.orders) <= 40_000
    assert 0.02 <= len(made.refunds) / len(made.orders) <= 0.06
    assert 90_000 <= len(made.deeds) <= 180_000
    assert {
        "view",
        "search",
        "add_to_cart",
        "video_watched",
        "article_read",
        "check_in",
        "share",
        "review",
        "follow",
    } == {deed.event for deed in made.deeds}


def test_people_are_told_apart_and_their_phones_are_nobodys(made: world.World) -> None:
    assert len({member.phone for member in made.members}) == 5_000
    assert len({member.external for member in made.members}) == 5_000
    assert all(member.phone.startswith("1200") and len(member.phone) == 11 for member in made.members)
    for member in made.members[:50]:
        assert members.identities_of({"phone": member.phone})["phone"] == member.phone
    assert 0.8 < sum(member.gender == "female" for member in made.members) / 5_000 < 0.93
    assert all(2 <= len(member.name) <= 3 for member in made.members)
    assert all(member.birthday is None or member.birthday < LAST - timedelta(days=17 * 365) for member in made.members)


def test_habits_differ_as_they_do_in_shops(made: world.World) -> None:
    visits = Counter(order.member for order in made.orders if order.member is not None)
    counts = np.array(list(visits.values()))
    assert counts.var() > 3 * counts.mean()  # far from a plain Poisson
    spent: Counter[int] = Counter()
    for order in made.orders:
        if order.member is not None:
            spent[order.member] += order.amount_fen
    sums = np.sort(np.array(list(spent.values())))[::-1]
    top_fifth = sums[: len(sums) // 5].sum() / sums.sum()
    assert 0.5 < top_fifth < 0.8
    assert 150 < (sums > 500_000).sum() < 800  # who spends 5,000 yuan a year


def test_the_dormant_are_many_and_newcomers_come_all_year(made: world.World) -> None:
    last: dict[int, date] = {}
    for order in made.orders:
        if order.member is not None:
            last[order.member] = order.at.date()
    quiet = sum((LAST - day).days > 30 for day in last.values()) / len(last)
    assert 0.4 < quiet < 0.75
    joined = Counter(
        (member.joined_on.year, member.joined_on.month)
        for member in made.members
        if member.joined_on >= made.year.days[0]
    )
    assert 0.3 < sum(joined.values()) / 5_000 < 0.5
    assert min(joined[2026, month] for month in range(1, 11)) > 60


def test_the_calendar_shows(made: world.World) -> None:
    by_day = Counter(order.at.date() for order in made.orders)
    usual = np.median(list(by_day.values()))
    assert by_day[date(2026, 11, 11)] > 2.5 * usual
    assert by_day[date(2026, 3, 8)] > 2 * usual
    spring = date(2026, *calendar.SPRING_FESTIVAL[2026])
    assert by_day[spring] < 0.7 * usual
    weekend = np.mean([count for day, count in by_day.items() if day.weekday() >= 5])
    assert weekend > 1.1 * np.mean([count for day, count in by_day.items() if day.weekday() < 5])
    sun = Counter(o.at.month for o in made.orders for line in o.lines if line.product.category == "防晒")
    assert sun[7] > 3 * sun[1]


def test_prices_and_rebates(made: world.World) -> None:
    prices = {product.sku: product.price_fen for product in PRODUCTS}
    for order in made.orders:
        for line in order.lines:
            assert line.list_fen == prices[line.product.sku] * line.quantity
            assert 0.7 * line.list_fen <= line.amount_fen <= line.list_fen
    total = sum(order.amount_fen for order in made.orders)
    listed = sum(line.list_fen for order in made.orders for line in order.lines)
    assert 0.05 < 1 - total / listed < 0.15
    thrift = made.habits.thrift
    share: dict[bool, list[float]] = {True: [], False: []}
    for order in made.orders:
        if order.member is not None:
            off = 1 - order.amount_fen / sum(line.list_fen for line in order.lines)
            share[bool(thrift[order.member] > 0.5)].append(off)
    assert np.mean(share[True]) > 1.4 * np.mean(share[False])


def test_services_are_had_in_shops_and_shops_are_near(made: world.World) -> None:
    homes = {"上海": "sh-jingan", "杭州": "hz-hubin", "成都": "cd-taikoo"}
    for order in made.orders:
        assert (order.store == "") == (order.channel != "pos")
        assert order.channel == "pos" or all(line.product.category != "护理服务" for line in order.lines)
    local = [
        order.store == homes[made.members[order.member].city]
        for order in made.orders
        if order.member is not None and order.store and made.members[order.member].city in homes
    ]
    assert sum(local) / len(local) > 0.95


def test_what_comes_round_comes_round(made: world.World) -> None:
    """Who bought a mask is likelier to buy one again after its month than in the week after."""
    bought: dict[int, list[date]] = {}
    for order in made.orders:
        if order.member is not None and any(line.product.category == "面膜" for line in order.lines):
            bought.setdefault(order.member, []).append(order.at.date())
    gaps = [(later - earlier).days for days in bought.values() for earlier, later in pairwise(days)]
    assert sum(20 <= gap < 40 for gap in gaps) > 1.5 * sum(0 <= gap < 10 for gap in gaps) > 0
