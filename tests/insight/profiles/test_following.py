"""Between two fittings only who did something is scored again, and it comes to the same as scoring everybody."""

from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shuke.doors.context import Context
from shuke.ground import ingestion, mirror
from shuke.insight import profiles
from shuke.insight.profiles.actions import scoring
from shuke.insight.profiles.queries import cells
from shuke.insight.profiles.scorers import rfm
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import intake
from tests.insight.profiles.test_scoring import DAY, NOON, orders

HOUR = timedelta(hours=1)


@pytest.fixture
async def shop(mirrored: Context, merchant_id: int) -> int:
    items = orders()
    for first in range(0, len(items), 500):
        await intake.apply(mirrored.database, merchant_id, items[first : first + 500], history=True)
    await profiles.refit(mirrored.database, mirrored.mirror, merchant_id, NOON)
    return merchant_id


async def said(database: Database, merchant_id: int) -> dict[tuple[str, int], Any]:
    async with database.read(merchant_id) as tx:
        rows = await tx.rows(
            "select model, member_id, scores, evidence from profile_score where merchant_id = %(merchant_id)s "
            "and scores <> '{}'"
        )
    return {(row.model, row.member_id): (row.scores, row.evidence) for row in rows}


def bought(key: str, who: str, hours: float) -> Any:
    line = ingestion.LineIn(
        sku="R1", product="玫瑰精华", quantity=1, amount_fen=9_900, discount_fen=1_000, category="护肤"
    )
    return ingestion.OrderIn(
        source="t", order_id=key, occurred_at=NOON + hours * HOUR, store_id="s1", member={"external": who}, channel="pos",
        lines=[line],
    )  # fmt: skip


def back(key: str) -> Any:
    return ingestion.RefundIn(
        source="t", refund_id=f"r-{key}", order_id=key, occurred_at=NOON + 2 * HOUR, amount_fen=9_900, lines=[]
    )


async def test_changed_members_alone_come_to_the_same_as_everybody(mirrored: Context, shop: int) -> None:
    database, opened = mirrored.database, mirrored.mirror
    before = await said(database, shop)
    assert await profiles.follow(database, opened, shop, NOON + HOUR) == 0  # no news, nothing asked
    late = [bought("n1", "m003", 1), bought("n2", "m007", -200 * 24), bought("n3", "new", 1), bought("n4", "gone", 1)]
    await intake.apply(database, shop, [*late, back("n4"), back("n1")], history=True)
    assert 0 < await profiles.follow(database, opened, shop, NOON + 3 * HOUR) <= 4
    after = await said(database, shop)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert {member for _, member in changed} <= {1 + n for n in range(400)} and 2 <= len({m for _, m in changed}) <= 4
    books = await scoring._books(database, opened, shop, NOON + 3 * HOUR)
    assert books.members is None
    await scoring.speak(database, shop, books, NOON + 3 * HOUR + timedelta(seconds=1))
    assert await said(database, shop) == after
    assert await profiles.follow(database, opened, shop, NOON + 4 * HOUR) == 0


async def kept_and_counted(database: Database, merchant_id: int) -> tuple[dict[Any, int], dict[Any, int]]:
    """What is kept of the cells, and a count of all score rows."""
    async with database.read(merchant_id) as tx:
        kept = {(one.grid, one.code): one.members for one in await cells.cells(tx)}
        rows = await tx.rows(
            "select scores from profile_score where merchant_id = %(merchant_id)s and model = 'rfm' and scores <> '{}'"
        )
    return kept, dict(Counter(place for row in rows for place in rfm.places(row.scores)))


async def test_cells_are_kept_as_scores_are_written_and_lead_to_their_members(
    mirrored: Context, shop: int, owner: httpx.AsyncClient
) -> None:
    database, opened = mirrored.database, mirrored.mirror
    kept, counted = await kept_and_counted(database, shop)
    assert kept == counted and sum(n for (grid, _), n in kept.items() if grid == "map") >= 260
    late = [bought("n1", "m003", 1), bought("n3", "new", 1), bought("n4", "gone", 1)]
    await intake.apply(database, shop, late, history=True)
    await profiles.follow(database, opened, shop, NOON + 2 * HOUR)
    later, counted = await kept_and_counted(database, shop)
    assert later == counted and sum(later.values()) == sum(kept.values()) + 6  # two new members, three grids
    await intake.apply(database, shop, [back("n4")], history=True)  # nothing is said of them any more
    await profiles.follow(database, opened, shop, NOON + 30 * DAY)
    later, counted = await kept_and_counted(database, shop)
    assert later == counted and sum(later.values()) == sum(kept.values()) + 3
    await mirror.drain(opened, database, shop)
    for shown in (await owner.get("/console/api/profiles")).json()["cells"]:
        named = f"{shown['grid']}:{shown['code']}"
        assert (await owner.get(f"/console/api/profiles/cells/{named}")).json() == shown
        listed = (await owner.get("/console/api/members", params={"cell": named, "limit": 5})).json()
        tried = await owner.post("/console/api/segments/preview", json={"rule": shown["rule"]})
        assert listed["total"] == tried.json()["count"] == shown["members"]
    unknown = await owner.get("/console/api/members", params={"cell": "eleven:kings"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no_such_cell")


async def test_a_cell_is_said_by_its_name(mirrored: Context, shop: int, owner: httpx.AsyncClient) -> None:
    rule = {"attr": "profile.cell", "op": "eq", "value": "lost"}
    sentence = (await owner.post("/console/api/segments/preview", json={"rule": rule})).json()["sentence"]
    assert "已经流失" in sentence["zh"] and "Lost" in sentence["en"]
    known = (await owner.get("/console/api/segments/kinds")).json()["attributes"]
    [fact] = [one for one in known if one["name"] == "profile.cell"]
    assert fact["words"]["lost"] == {"zh": "已经流失", "en": "Lost"}


async def test_a_new_day_scores_everybody(mirrored: Context, shop: int) -> None:
    database, opened = mirrored.database, mirrored.mirror
    before = await said(database, shop)
    assert await profiles.follow(database, opened, shop, NOON + 30 * DAY) >= 260
    after = await said(database, shop)
    alive = [(before[key][0]["p_alive"], after[key][0]["p_alive"]) for key in before
             if key[0] == "repurchase" and "p_alive" in before[key][0]]  # fmt: skip
    assert sum(now < then for then, now in alive) > 0.5 * len(alive)  # who stays away for a month is likelier gone
    async with database.read(shop) as tx:
        cards = await tx.value("select count(*) from profile_card where merchant_id = %(merchant_id)s")
    assert cards == 10  # nothing was learnt


async def test_stages_of_life_are_the_merchants_own_words(mirrored: Context, shop: int, owner: Any) -> None:
    shown = (await owner.get("/console/api/profiles/stages")).json()
    assert shown["items"] == [] and "宝妈" in {one["name"] for one in shown["ready"]}
    tried = (await owner.post("/console/api/profiles/stages/try", json={"words": ["护肤"]})).json()
    assert tried["members"] >= 260
    bad = await owner.put("/console/api/profiles/stages", json={"name": "宝妈", "words": [" "]})
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_stage")
    made = await owner.put("/console/api/profiles/stages", json={"name": "爱护肤", "words": ["护肤", "护肤 ", "面膜"]})
    assert made.json() == {"name": "爱护肤", "words": ["护肤", "面膜"]}
    [item] = (await owner.get("/console/api/profiles/stages")).json()["items"]
    assert (item["name"], item["members"]) == ("爱护肤", tried["members"])
    async with mirrored.database.read(shop) as tx:
        due = await tx.value("select at from due where merchant_id = %(merchant_id)s and kind = 'profiles_fit'")
    assert due <= clock.now()
    for _ in range(2):
        gone = await owner.post("/console/api/profiles/stages/remove", json={"name": "爱护肤"})
        assert gone.status_code == 204
    assert (await owner.get("/console/api/profiles/stages")).json()["items"] == []
