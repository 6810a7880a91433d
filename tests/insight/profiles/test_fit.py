"""`shuke profile fit` end to end: CDNOW comes in as orders, and the published parameters come out of the mirror."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from shuke.doors import commands
from shuke.doors.context import Context
from shuke.ground import ingestion, tenancy
from shuke.insight import profiles
from shuke.insight.profiles.actions import fitting
from shuke.insight.profiles.scorers import repurchase
from shuke.kit import clock
from shuke.programs import intake
from tests.insight.profiles import samples
from tests.insight.profiles.test_scorers import simulated


def bought(key: str, who: str, at: datetime, amount_fen: int) -> ingestion.OrderIn:
    line = ingestion.LineIn(sku="CD", quantity=1, amount_fen=amount_fen, category="唱片")
    return ingestion.OrderIn(
        source="cdnow",
        order_id=key,
        occurred_at=at,
        member={"external": who},
        store_id="s1",
        channel="web",
        lines=[line],
    )


async def slug_of(context: Context, merchant_id: int) -> str:
    async with context.database.read(merchant_id) as tx:
        return (await tenancy.get_merchant(tx)).slug


@pytest.fixture
async def cdnow(mirrored: Context, merchant_id: int) -> str:
    """The sample as orders at noon; the shop's name."""
    rows = samples.lines("cdnow/cdnow_sample.csv.gz")
    zone = clock.zone("Asia/Shanghai")
    items: list[Any] = [
        bought(
            str(n), row["sample_id"], datetime.fromisoformat(f"{row['date']}T12:00").replace(tzinfo=zone),
            round(float(row["spend"]) * 100),
        )
        for n, row in enumerate(rows)
    ]  # fmt: skip
    for first in range(0, len(items), 1000):
        await intake.apply(mirrored.database, merchant_id, items[first : first + 1000], history=True)
    return await slug_of(mirrored, merchant_id)


@pytest.mark.slow
async def test_published_parameters_through_the_front_door(mirrored: Context, cdnow: str) -> None:
    asked = {"merchant": cdnow, "model": "bgnbd", "until": "1997-09-30", "predict_days": 273, "ids": True}
    told = await commands.run(mirrored, "profile.fit", asked)
    assert told["converged"] and told["members"] == 2357 and told["until"] == "1997-09-30"
    assert [round(value, 4) for value in told["parameters"].values()] == [0.2426, 4.4136, 0.7929, 2.4259]
    assert round(told["log_likelihood"], 2) == -9582.43
    assert told["units"] == {"time": "week", "money": "yuan"}
    scores = told["scores"]
    assert [row["id"] for row in scores] == sorted(row["id"] for row in scores) and len(scores) == 2357
    first = scores[0]  # customer 0001 of the paper's example
    assert (first["id"], first["repeats"]) == ("0001", 2)
    assert (round(first["last_weeks"], 2), round(first["age_weeks"], 2)) == (30.43, 38.86)
    assert round(first["expected_purchases"], 3) == 1.226
    assert first["expected_value"] == pytest.approx(first["expected_purchases"] * first["purchase_value"])
    assert told["worth"]["converged"] and told["worth"]["log_likelihood"] == pytest.approx(-4055.918, abs=1e-3)
    assert first["repeat_mean"] == pytest.approx(22.345)  # the days after the first: 29.73 and 14.96
    value = await commands.run(mirrored, "profile.fit", asked | {"model": "gamma_gamma"})
    assert [round(number, 2) for number in value["parameters"].values()] == [6.25, 3.74, 15.44]
    assert value["members"] == 946 and set(value["scores"][0]) >= {"id", "purchase_value"}


async def test_a_shop_too_young_gets_no_figures(mirrored: Context, merchant_id: int) -> None:
    at = datetime(2026, 3, 2, 4, tzinfo=UTC)
    await intake.apply(
        mirrored.database, merchant_id, [bought("1", "玫瑰", at, 9_900), bought("2", "玫瑰", at, 1_000)], history=True
    )
    shop = await slug_of(mirrored, merchant_id)
    told = await commands.run(mirrored, "profile.fit", {"merchant": shop, "model": "bgnbd", "ids": True})
    assert (told["converged"], told["parameters"], told["log_likelihood"], told["scores"]) == (False, None, None, [])
    assert told["members"] == 1 and "30" in told["why"].zh
    assert told["worth"] is None
    fitted = await profiles.fit(mirrored.database, mirrored.mirror, merchant_id, "bgnbd", at - timedelta(days=1))
    assert len(fitted.known) == 0 and fitted.until == date(2026, 3, 1)
    for until in ("2026-03-01", "20260301"):  # a date alone is the whole of that day
        early = await commands.run(mirrored, "profile.fit", {"merchant": shop, "model": "bgnbd", "until": until})
        assert early["until"] == "2026-03-01" and "2026-03-01" in early["why"].zh and early["stopped_at"] == {}
    with pytest.raises(commands.NotAnInstant) as refused:
        await commands.run(mirrored, "profile.fit", {"merchant": shop, "model": "bgnbd", "until": "1997-9-30"})
    assert refused.value.field == "until"
    with pytest.raises(profiles.NoSuchModel):
        await profiles.fit(mirrored.database, mirrored.mirror, merchant_id, "oracle", at)


def test_values_that_could_not_be_fitted_are_empty_and_not_left_out() -> None:
    """Everybody pays the same: visits are expected, the value of one is not determined."""
    known = simulated(np.random.default_rng(8), 3000, (0.6, 8.0, 0.9, 3.0))
    same = replace(known, value=np.where(known.repeats > 0, 30.0, 0.0))
    fit, scores, worth = repurchase.fit_and_score("bgnbd", same, 90)
    assert fit.converged and worth is not None and not worth.converged and worth.why is not None
    assert set(scores) == {"p_alive", "expected_purchases", "purchase_value", "expected_value"}
    lines = fitting._lines(fitting.Fitted("bgnbd", date(2026, 3, 1), 90, fit, same, scores, worth), {})
    assert lines[0]["expected_purchases"] >= 0 and lines[0]["purchase_value"] is lines[0]["expected_value"] is None
    assert "NaN" not in json.dumps(lines)
