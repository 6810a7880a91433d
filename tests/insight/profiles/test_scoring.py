"""Models trained at a merchant: judged, allowed or refused, written with reasons, and asked for by segments."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import pytest

from shuke.doors.context import Context
from shuke.ground import access, ingestion, mirror
from shuke.insight import profiles, segments
from shuke.insight.profiles.queries import told
from shuke.programs import intake

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MEMBERS = 260


def orders(seed: int = 5) -> list[Any]:
    """A shop of members who buy at their own pace until they leave; some wait for discounts, most do not."""
    draw = np.random.default_rng(seed)
    made = []
    for who in range(MEMBERS):
        rate, keen = draw.gamma(1.2, 1 / 20), draw.beta(0.5, 1.5)
        leave = draw.beta(0.8, 4)
        basket, day = draw.gamma(4, 1) * 4000, float(draw.integers(0, 200))
        while day < 300:
            off = 2000 if draw.uniform() < keen else 0
            paid = int(basket * draw.gamma(20, 1 / 20)) + 100
            line = ingestion.LineIn(
                sku="R1", quantity=1, amount_fen=paid, list_fen=paid + off, discount_fen=off, category="护肤"
            )
            made.append(
                ingestion.OrderIn(
                    source="t", order_id=f"{who}-{day:.2f}", occurred_at=NOON - (300 - day) * DAY, store_id="s1",
                    member={"external": f"m{who:03d}"}, channel="pos", lines=[line],
                )
            )  # fmt: skip
            if draw.uniform() < leave:
                break
            day += max(1.0, draw.exponential(1 / rate))
    return sorted(made, key=lambda one: one.occurred_at)


@pytest.fixture
async def shop(mirrored: Context, merchant_id: int) -> int:
    """The shop with its history in the books."""
    items = orders()
    for first in range(0, len(items), 500):
        await intake.apply(mirrored.database, merchant_id, items[first : first + 500], history=True)
    return merchant_id


async def test_scores_with_reasons_cards_and_segments(mirrored: Context, shop: int, owner: httpx.AsyncClient) -> None:
    database, opened = mirrored.database, mirrored.mirror
    cards = {card.model: card for card in await profiles.refit(database, opened, shop, NOON)}
    assert set(cards) == {
        "rfm", "repurchase", "gamma_gamma", "price", "churn", "affinity", "next_category", "stage", "content", "social",
    }  # fmt: skip
    buying = cards["repurchase"]
    assert buying.scoring and buying.why is None and buying.holdout_days == 75
    assert buying.judgement is not None and buying.judgement.error < buying.judgement.baseline_error
    assert sum(row.members for row in buying.judgement.table) == buying.judgement.members
    shown = (await owner.get("/console/api/profiles")).json()
    assert [card["model"] for card in shown["cards"]] == sorted(cards)
    rfm = next(card for card in shown["cards"] if card["model"] == "rfm")
    assert np.sum(rfm["more"]["map"]) == rfm["members"] == MEMBERS
    assert sum(cell["members"] for cell in shown["cells"] if cell["grid"] == "eleven") == MEMBERS
    member = (await owner.get("/console/api/profiles/members/1")).json()
    said = {one["model"]: one for one in member["scores"]}
    assert said["rfm"]["reason"]["zh"].startswith("上次购买在 2025-") or "2026-" in said["rfm"]["reason"]["zh"]
    assert "p_alive" not in said["repurchase"]["scores"] and "看不出" in said["repurchase"]["reason"]["zh"]  # came once
    others = [(await owner.get(f"/console/api/profiles/members/{number}")).json()["scores"] for number in range(2, 12)]
    again = [one for scores in others for one in scores if "p_alive" in one["scores"]]
    assert again and all(0 <= one["scores"]["p_alive"] <= 1 for one in again)
    assert "仍是顾客的可能性" in again[0]["reason"]["zh"] and "still" in again[0]["reason"]["en"]
    assert {feature["code"] for feature in member["features"]} >= {"recency", "frequency", "money", "basket"}
    async with database.write(shop) as tx:
        _, secret = await access.create_key(tx, "小程序", ["read"], NOON)
    key = {"Authorization": f"Bearer {secret}"}
    read = (await owner.get("/v1/members/1/profile", headers=key)).json()
    assert {one["model"]: (one["scores"], one["reason"]) for one in read["scores"]} == {
        model: (one["scores"], one["reason"]) for model, one in said.items()
    }
    assert (await owner.get("/v1/members/9999/profile", headers=key)).json()["code"] == "no_such_member"
    listed = {one["model"]: one for one in (await owner.get("/v1/profiles", headers=key)).json()["items"]}
    assert listed["repurchase"]["state"] == "scoring" and listed["stage"]["state"] == "refused"
    assert listed["repurchase"]["error"] == pytest.approx(buying.judgement.error)
    assert listed["stage"]["why"]["en"] and listed["rfm"]["error"] is None
    likely = {"attr": "profile.p_alive", "op": ">=", "value": 0.5}
    counted = await segments.count(database, opened, shop, likely, NOON + DAY)
    async with database.read(shop) as tx:
        expected = await tx.value(
            "select count(*) from profile_score where merchant_id = %(merchant_id)s and model = 'repurchase' "
            "and (scores->>'p_alive')::numeric >= 0.5"
        )
    assert counted.count == expected > 0
    best = {"attr": "profile.cell", "op": "eq", "value": "champions"}
    cells = {cell["code"]: cell["members"] for cell in shown["cells"] if cell["grid"] == "eleven"}
    assert (await segments.count(database, opened, shop, best, NOON + DAY)).count == cells.get("champions", 0)


async def test_a_repeat_announces_nothing_and_a_refused_model_takes_back(mirrored: Context, shop: int) -> None:
    database, opened = mirrored.database, mirrored.mirror
    await profiles.refit(database, opened, shop, NOON)

    async def announced() -> int:
        async with database.read(shop) as tx:
            found: int = await tx.value(
                "select count(*) from outbox where merchant_id = %(merchant_id)s and kind = 'profiles_scored'"
            )
            return found

    before = await announced()
    assert before > 0
    await profiles.refit(database, opened, shop, NOON)
    assert await announced() == before
    # At the beginning of the history nothing can be learnt: every model but the marks takes its scores back.
    async with database.write(shop) as tx:
        await tx.run(
            "update profile_score set computed_at = %(at)s where merchant_id = %(merchant_id)s",
            at=NOON - 400 * DAY,
        )
    cards = await profiles.refit(database, opened, shop, NOON - 290 * DAY)
    assert [card.model for card in cards if card.scoring] == ["rfm"]
    assert all(card.why is not None and card.why.zh for card in cards if not card.scoring)
    async with database.read(shop) as tx:
        left = {row.model for row in await tx.rows(
            "select distinct model from profile_score where merchant_id = %(merchant_id)s and scores <> '{}'"
        )}  # fmt: skip
        assert left == {"rfm"}
        assert [one["model"] for one in await told.of_member(tx, 1)] in ([], ["rfm"])
    known = {"attr": "profile.p_alive", "op": "exists"}
    assert (await segments.count(database, opened, shop, known, NOON - DAY)).count == 0


async def test_a_shop_without_orders(mirrored: Context, merchant_id: int, owner: httpx.AsyncClient) -> None:
    cards = await profiles.refit(mirrored.database, mirrored.mirror, merchant_id, NOON)
    assert not any(card.scoring for card in cards)
    shown = (await owner.get("/console/api/profiles")).json()
    assert [card["state"] for card in shown["cards"]] == ["refused"] * 10 and shown["cells"] == []
    assert (await owner.get("/console/api/profiles/members/77")).status_code == 404
    assert (await owner.post("/console/api/profiles/refit")).status_code == 202
    assert await mirror.drain(mirrored.mirror, mirrored.database, merchant_id) >= 0
