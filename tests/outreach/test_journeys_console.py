"""Journeys, offers and messages as staff use them: every act by HTTP, on record, and refused with a sentence."""

from typing import Any

import httpx
import pytest

from shuke.kit.db import Database
from tests.conftest import signed_in
from tests.outreach.conftest import AT, GIVE, OFFER, SAY, Shop

API = "/console/api"
STEP = {"kind": "give_points", "params": {"points": 50}}


async def _trail(shop: Shop) -> list[tuple[str, str]]:
    rows = await shop.rows("select action, subject from audit_trail order by at, trail_id")
    return [(row.action, row.subject) for row in rows if not row.action.startswith("session")]


async def test_the_example_is_installed_as_a_draft_and_launched(shop: Shop, owner: httpx.AsyncClient) -> None:
    kinds = (await owner.get(f"{API}/journeys/kinds")).json()
    assert [kind["code"] for kind in kinds["kinds"]] == ["send_message", "give_points", "give_offer"]
    for kind in kinds["kinds"]:
        properties = next(iter(kind["schema"]["$defs"].values()))["properties"]
        assert all("x-zh" in field and "x-en" in field for field in properties.values()), kind["code"]
    [example] = kinds["examples"]
    assert example["steps"][0]["sentence"]["zh"] == "发放积分抵现「500 积分抵 50 元」"
    assert example["steps"][0]["sentence"]["en"] == "give the offer “500 points for ¥50.00”"

    made = await owner.post(f"{API}/journeys", json={"example": example["code"]})
    assert made.status_code == 201, made.text
    journey = made.json()
    assert (journey["state"], journey["segment"]["slug"]) == ("draft", "dormant-500")
    again = (await owner.post(f"{API}/journeys", json={"example": example["code"]})).json()
    assert again["journey_id"] != journey["journey_id"]
    offers = (await owner.get(f"{API}/offers")).json()["items"]
    assert [offer["slug"] for offer in offers].count("500-as-50") == 1, "the offer is made once"

    launched = await owner.post(f"{API}/journeys/{journey['journey_id']}/launch")
    assert (launched.status_code, launched.json()["state"]) == (200, "live")
    for how, state in (("pause", "paused"), ("resume", "live"), ("end", "ended")):
        moved = await owner.post(f"{API}/journeys/{journey['journey_id']}/{how}")
        assert (moved.status_code, moved.json()["state"]) == (200, state)
    refused = await owner.post(f"{API}/journeys/{journey['journey_id']}/launch")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    name = journey["name"]
    assert await _trail(shop) == [
        ("journey.created", name), ("journey.created", name), ("journey.launched", name), ("journey.paused", name),
        ("journey.resumed", name), ("journey.ended", name),
    ]  # fmt: skip


async def test_a_draft_is_written_previewed_and_changed(shop: Shop, owner: httpx.AsyncClient) -> None:
    ids = await shop.people(3)
    await shop.refresh(ids)
    draft = {"segment": "s", "steps": [{"kind": "give_offer", "params": {"offer": "nothing"}}, STEP]}
    shown = (await owner.post(f"{API}/journeys/preview", json=draft)).json()
    assert shown["members"] == 3
    assert shown["steps"][1]["sentence"] == {"zh": "送 50 积分", "en": "give 50 points"}
    assert [warning["zh"] for warning in shown["warnings"]] == ["找不到这个积分抵现「nothing」。"]
    made = (await owner.post(f"{API}/journeys", json={"name": "试试", **draft})).json()
    changed = await owner.put(
        f"{API}/journeys/{made['journey_id']}", json={"name": "改好了", "segment": "s", "steps": [STEP]}
    )
    assert (changed.status_code, changed.json()["name"], len(changed.json()["steps"])) == (200, "改好了", 1)
    launched = await owner.post(f"{API}/journeys/{made['journey_id']}/launch", json={"start_with_members": True})
    assert launched.status_code == 200
    await shop.work()
    told = (await owner.get(f"{API}/journeys/{made['journey_id']}")).json()
    assert told["numbers"]["entered"] == told["numbers"]["granted"] == 3
    assert [day["entered"] for day in told["daily"]] == [3]
    assert told["outcomes"] == [{"step": 0, "outcome": "done", "count": 3, "why": None}]
    page = (await owner.get(f"{API}/journeys/{made['journey_id']}/members?limit=2")).json()
    assert len(page["items"]) == 2
    rest = (
        await owner.get(
            f"{API}/journeys/{made['journey_id']}/members", params={"limit": 2, "cursor": page["next_cursor"]}
        )
    ).json()
    assert {item["member_id"] for item in (*page["items"], *rest["items"])} == set(ids)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "x", "segment": "nothing", "steps": [STEP]}, 404, "no_such_segment"),
        ({"name": "", "segment": "s", "steps": [STEP]}, 422, "bad_name"),
        ({"name": "x", "segment": "s", "steps": []}, 422, "no_steps"),
        ({"name": "x", "segment": "s", "steps": [{"kind": "dance", "params": {}}]}, 422, "unknown_kind"),
        ({"name": "x", "segment": "s", "steps": [{"kind": "give_points", "params": {}}]}, 422, "bad_parameters"),
        ({"name": "x", "segment": "s", "steps": [STEP], "color": "red"}, 400, "malformed"),
        ({"example": "nothing"}, 404, "not_found"),
    ],
)
async def test_unfit_journeys_are_refused_and_nothing_moves(
    shop: Shop, owner: httpx.AsyncClient, body: dict[str, Any], status: int, code: str
) -> None:
    answer = await owner.post(f"{API}/journeys", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await owner.get(f"{API}/journeys")).json()["items"] == []
    assert await _trail(shop) == []


async def test_a_segment_in_use_is_not_deleted(shop: Shop, owner: httpx.AsyncClient) -> None:
    journey_id = await shop.journey(GIVE)
    answer = await owner.delete(f"{API}/segments/s")
    assert answer.status_code == 409
    assert answer.json()["used_by"] == [{"kind": "journey", "id": str(journey_id), "name": "叫回"}]


async def test_offers_are_made_changed_and_shown_on_a_members_page(shop: Shop, owner: httpx.AsyncClient) -> None:
    terms = {"name": "200 抵 20", "points": 200, "value_fen": 2_000, "valid_for": "1W", "max_share_percent": 50}
    made = await owner.post(f"{API}/offers", json={"slug": "p20", **terms})
    assert (made.status_code, made.json()["sentence"]["zh"]) == (201, "200 积分抵 20 元，领到后 1 周内有效")
    offer_id = made.json()["offer_id"]
    taken = await owner.post(f"{API}/offers", json={"slug": "p20", **terms})
    assert (taken.status_code, taken.json()["code"]) == (409, "offer_taken")
    endless = await owner.post(f"{API}/offers", json={"slug": "p21", **terms, "valid_for": "unlimited"})
    assert (endless.status_code, endless.json()["field"]) == (422, "valid_for")
    negative = await owner.post(f"{API}/offers", json={"slug": "p22", **terms, "points": -1})
    assert negative.status_code == 400
    ended = await owner.put(f"{API}/offers/{offer_id}", json={**terms, "state": "ended"})
    assert ended.json()["state"] == "ended"
    assert (await owner.put(f"{API}/offers/99", json=terms)).status_code == 404
    assert await _trail(shop) == [("offer.created", "p20"), ("offer.changed", "p20")]
    ids = await shop.people(1)
    await shop.journey(OFFER)
    await shop.refresh(ids)
    await shop.work()
    [held] = (await owner.get(f"{API}/members/{ids[0]}/offers")).json()["items"]
    assert (held["points"], held["value_fen"], held["state"]) == (500, 5_000, "expired")
    assert (await owner.get(f"{API}/members/99/offers")).status_code == 404


async def test_messages_are_listed_with_their_look(shop: Shop, owner: httpx.AsyncClient) -> None:
    ids = await shop.people(2, with_points=5)
    journey_id = await shop.journey(OFFER, SAY)
    await shop.refresh(ids)
    await shop.work()
    listed = (await owner.get(f"{API}/messages", params={"journey": journey_id, "channel": "inbox"})).json()["items"]
    assert {item["member_id"] for item in listed} == set(ids)
    assert listed[0]["look"]["shape"] == "notice"
    assert listed[0]["sent_at"] == AT.isoformat().replace("+00:00", "Z")
    assert (await owner.get(f"{API}/messages?channel=pigeon")).status_code == 422
    assert (await owner.get(f"{API}/members/{ids[0]}/messages")).json()["items"][0]["body"].startswith("会员1")


async def test_a_clerk_may_not_launch(app: Any, database: Database, shop: Shop) -> None:
    journey_id = await shop.journey(GIVE, launch=False)
    clerk = await signed_in(app, database, shop.merchant_id, ("clerk", None))
    answer = await clerk.post(f"{API}/journeys/{journey_id}/launch")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await shop.shown(journey_id)).state == "draft"
