"""Features of members, counted by hand beside the mirror."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shuke.doors.context import Context
from shuke.ground import ingestion, mirror
from shuke.insight.profiles.policy.features import FEATURES
from shuke.insight.profiles.queries import features, purchases
from shuke.insight.profiles.scorers import rfm
from shuke.insight.profiles.scorers.rfm import meaning
from shuke.programs import intake

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # a Monday, noon in Shanghai
DAY = timedelta(days=1)


def bought(key: str, who: str, days_ago: int, lines: list[tuple[str, int, int]], channel: str = "pos") -> Any:
    """An order with lines (category, paid, discount) in yuan."""
    return ingestion.OrderIn(
        source="t", order_id=key, occurred_at=NOON - days_ago * DAY, member={"external": who}, store_id="s1",
        channel=channel,
        lines=[
            ingestion.LineIn(
                sku=f"S{n}", quantity=1, amount_fen=paid * 100, list_fen=(paid + off) * 100, discount_fen=off * 100,
                category=category,
            )
            for n, (category, paid, off) in enumerate(lines)
        ],
    )  # fmt: skip


@pytest.fixture
async def shop(mirrored: Context, merchant_id: int) -> tuple[Any, Any]:
    items = [
        bought("1", "玫瑰", 100, [("护肤", 100, 0)]),
        bought("2", "玫瑰", 10, [("护肤", 60, 40), ("彩妆", 100, 0)]),
        bought("3", "玫瑰", 4, [("彩妆", 40, 10)], "mini"),
        bought("4", "静安", 1, [("香氛", 300, 0)]),
    ]
    await intake.apply(mirrored.database, merchant_id, items, history=True)
    await mirror.drain(mirrored.mirror, mirrored.database, merchant_id)
    async with mirrored.database.read(merchant_id) as tx:
        return mirrored.mirror, await purchases.moment_of(tx, NOON)


async def test_one_member_counted_by_hand(shop: tuple[Any, Any]) -> None:
    found = await features.of_member(*shop, 1)
    assert found["recency"] == 4 and found["tenure"] == 100 and found["frequency"] == 3
    assert found["money"] == 30_000 and found["basket"] == 10_000
    assert found["gap"] == 48  # 96 days, three visits
    assert found["items"] == pytest.approx(4 / 3)
    assert found["discount_share"] == pytest.approx(50 / 350)
    assert found["discounted_orders"] == pytest.approx(2 / 3)
    assert (found["channel"], found["store"], found["hour"]) == ("pos", "s1", 12)
    skin = 100 * 2 ** (-100 / 90) + 60 * 2 ** (-10 / 90)
    colour = 100 * 2 ** (-10 / 90) + 40 * 2 ** (-4 / 90)
    assert found["category"] == "彩妆" and found["categories"] == 2
    assert found["category_share"] == pytest.approx(colour / (skin + colour))
    assert "gap" not in await features.of_member(*shop, 2)


async def test_what_was_returned_counts_no_more(mirrored: Context, shop: tuple[Any, Any], merchant_id: int) -> None:
    def back(key: str, yuan: int) -> ingestion.RefundIn:
        return ingestion.RefundIn(
            source="t",
            refund_id=f"r-{key}-{yuan}",
            order_id=key,
            occurred_at=NOON - DAY,
            amount_fen=yuan * 100,
            lines=[],
        )

    await intake.apply(mirrored.database, merchant_id, [back("3", 40), back("2", 10), back("2", 20)], history=True)
    await mirror.drain(mirrored.mirror, mirrored.database, merchant_id)
    found = await features.of_member(*shop, 1)
    assert (found["recency"], found["frequency"], found["money"], found["channel"]) == (10, 2, 23_000, "pos")
    before = mirror.Moment(merchant_id, NOON - 2 * DAY, "Asia/Shanghai")
    then = await features.of_member(shop[0], before, 1)
    assert (then["recency"], then["frequency"], then["money"]) == (2, 3, 30_000)


async def test_every_feature_has_a_distribution(shop: tuple[Any, Any]) -> None:
    found = {one.code: one for one in await features.distributions(*shop)}
    assert list(found) == [feature.code for feature in FEATURES]
    assert sum(bar.members for bar in found["frequency"].bars) == found["frequency"].members == 2
    assert {bar.name: bar.members for bar in found["category"].bars} == {"彩妆": 1, "香氛": 1}
    assert found["recency"].median == 2.5


async def test_features_of_some_are_those_of_all(shop: tuple[Any, Any]) -> None:
    def row(table: Any, member: int) -> list[Any]:
        return [one for one in table.to_pylist() if one["member"] == member]

    everybody = {source: table async for source, table in features.of_members(*shop)}
    alone = {source: table async for source, table in features.of_members(*shop, [2])}
    assert list(everybody) == list(alone) == list(features.SOURCES)
    for source, table in alone.items():
        assert table.to_pylist() == row(everybody[source], 2)
    assert everybody["orders"].column_names == ["member", *(f"f_{one.code}" for one in features.of_source("orders"))]


async def test_the_marked_figures_of_all(shop: tuple[Any, Any]) -> None:
    table = await features.marked(*shop)
    assert table.to_pylist() == [
        {"member": 1, "f_recency": 4.0, "f_frequency": 3.0, "f_money": 30_000.0},
        {"member": 2, "f_recency": 1.0, "f_frequency": 1.0, "f_money": 30_000.0},
    ]
    assert {cell.code for cell in rfm.ELEVEN} == {
        "champions", "potential_loyalist", "loyal", "promising", "new", "cant_lose", "at_risk", "need_attention",
        "about_to_sleep", "lost",
    }  # fmt: skip


def test_every_cell_says_what_stands_behind_it() -> None:
    champions, retain = meaning("champions"), meaning("key_retain")
    assert champions is not None and champions.zh == "最近购买 5 分，购买次数 5 分，消费金额 5 分"
    assert retain is not None and retain.zh == "来得比平均久，次数不低于平均，金额不低于平均"
    assert retain.en == "less recent than average, more often than average, more spent than average"
    assert meaning("other") is None
    told = [meaning(code) for code in (*(cell.code for cell in rfm.ELEVEN), *(code for code, _ in rfm.EIGHT.values()))]
    assert None not in told and len({one.en for one in told if one}) == 18


PEOPLE = ("玫瑰", "静安", "小荷", "阿珍")
lives = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE), st.integers(0, 200), st.sampled_from(["护肤", "彩妆", "香氛"]), st.integers(1, 500),
        st.integers(0, 60), st.sampled_from(["pos", "mini"]), st.booleans(),
    ), min_size=1, max_size=25,
)  # fmt: skip


def _rounded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sums of fractions are added up in another order each time."""
    return [{name: round(one, 9) if isinstance(one, float) else one for name, one in row.items()} for row in rows]


@given(lives)
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_features_of_who_changed_are_those_of_a_full_recount(
    mirrored: Context, merchant_id: int, life: list[tuple[Any, ...]]
) -> None:
    """Whatever was bought and given back: a table of some members is the rows that the table of all has for them."""
    number = next(_RUNS)
    items = [
        bought(f"{number}-{n}", who, ago, [(category, yuan, off)], channel)
        for n, (who, ago, category, yuan, off, channel, _) in enumerate(life)
    ]
    backs = [
        ingestion.RefundIn(
            source="t", refund_id=f"r-{number}-{n}", order_id=f"{number}-{n}", occurred_at=NOON, lines=[],
            amount_fen=yuan * 100 if n % 2 else yuan * 50,
        )
        for n, (*_, yuan, _off, _channel, returned) in enumerate(life) if returned
    ]  # fmt: skip
    await intake.apply(mirrored.database, merchant_id, [*items, *backs], history=True)
    await mirror.drain(mirrored.mirror, mirrored.database, merchant_id)
    async with mirrored.database.read(merchant_id) as tx:
        moment = await purchases.moment_of(tx, NOON)
    everybody = {source: table.to_pylist() async for source, table in features.of_members(mirrored.mirror, moment)}
    for chosen in ([1], [2, 4], [1, 2, 3, 4]):
        async for source, table in features.of_members(mirrored.mirror, moment, chosen):
            theirs = [row for row in everybody[source] if row["member"] in chosen]
            assert _rounded(table.to_pylist()) == _rounded(theirs)
    for row in everybody["orders"]:
        alone = await features.of_member(mirrored.mirror, moment, row["member"])
        told = {name[2:]: value for name, value in row.items() if name != "member" and value not in (None, "")}
        assert {name: alone[name] for name in told} == told


_RUNS = itertools.count()
