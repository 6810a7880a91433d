"""Another system lets members begin and takes them off, by API key: once per key, under the rules that hold for a crowd."""

from typing import Any

import httpx
import pytest

from shuke.ground import access, members
from shuke.kit import clock
from shuke.outreach import journeys
from shuke.outreach.journeys import actions
from tests.outreach.conftest import AT, GIVE, SAY, Shop

THIRD = {"external": "c-2"}


@pytest.fixture
async def crm(shop: Shop, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A system with a key for journeys."""
    async with shop.database.write(shop.merchant_id) as tx:
        _, secret = await access.create_key(tx, "企业微信 CRM", ["journeys"], clock.now())
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


async def _enter(crm: httpx.AsyncClient, journey_id: int, key: str, member: dict[str, str] = THIRD) -> dict[str, Any]:
    answer = await crm.post(f"/v1/journeys/{journey_id}/members", json={"member": member, "key": key})
    return {"status": answer.status_code, **answer.json()}


async def test_a_key_lets_a_member_of_the_segment_in_once(shop: Shop, crm: httpx.AsyncClient) -> None:
    ids = await shop.people(3)
    await shop.refresh(ids)
    journey_id = await shop.journey(GIVE)
    for key, state in (("1", "entered"), ("1", "repeated"), ("2", "already")):
        told = await _enter(crm, journey_id, key)
        assert (told["status"], told["state"], told["member_id"]) == (200, state, ids[2])
    other = await _enter(crm, journey_id, "1", {"external": "c-0"})
    assert (other["status"], other["code"], other["field"]) == (409, "entry_of_another", "key")
    await shop.work(clock.now())
    assert await shop.effects() == [(ids[2], 0, "give_points", "done")]
    assert (await _enter(crm, journey_id, "3"))["state"] == "already", "once for ever, as the journey says"
    found = (await crm.get(f"/v1/journeys/{journey_id}")).json()
    assert found["journey"]["numbers"]["entered"] == found["daily"][0]["entered"] == 1
    assert [(one["step"], one["outcome"], one["count"]) for one in found["outcomes"]] == [(0, "done", 1)]
    assert [one["journey_id"] for one in (await crm.get("/v1/journeys")).json()["items"]] == [journey_id]


async def test_who_may_take_part_each_time_enters_anew_only_under_a_fresh_key(
    shop: Shop, crm: httpx.AsyncClient
) -> None:
    ids = await shop.people(3)
    await shop.refresh(ids)
    async with shop.database.write(shop.merchant_id) as tx:
        made = await journeys.create_journey(tx, "到店礼", "s", [GIVE], AT, again_days=0)
        await journeys.launch(tx, made.journey_id, AT)
    for key, state in (("a", "entered"), ("a", "repeated"), ("b", "entered"), ("b", "repeated")):
        assert (await _enter(crm, made.journey_id, key))["state"] == state
        await shop.work(clock.now())
    assert len(await shop.rows("select from journey_effect where outcome = 'done'")) == 2


async def test_strangers_outsiders_and_journeys_that_rest_are_refused(shop: Shop, crm: httpx.AsyncClient) -> None:
    ids = await shop.people(3)
    await shop.refresh(ids[:2])
    journey_id = await shop.journey(GIVE)
    told = await _enter(crm, journey_id, "1")
    assert (told["status"], told["code"]) == (409, "not_in_segment")
    assert (await _enter(crm, journey_id, "1", {"external": "nobody"}))["status"] == 404
    assert (await _enter(crm, 4242424242, "1"))["status"] == 404
    assert (await crm.post(f"/v1/journeys/{journey_id}/pause")).json()["state"] == "paused"
    told = await _enter(crm, journey_id, "1", {"external": "c-0"})
    assert (told["status"], told["code"]) == (409, "journey_not_live")
    assert (await crm.post(f"/v1/journeys/{journey_id}/resume")).json()["state"] == "live"
    assert (await _enter(crm, journey_id, "1", {"external": "c-0"}))["state"] == "entered", "the key was not used up"
    assert (await crm.post(f"/v1/journeys/{journey_id}/launch")).status_code == 404
    assert (await crm.post(f"/v1/journeys/{journey_id}/end")).json()["state"] == "ended"
    async with shop.database.read(shop.merchant_id) as tx:
        acts = [act.action for act in (await access.list_trail(tx)).items]
    assert acts == ["journey.ended", "journey.resumed", "journey.paused"]


async def test_a_member_is_taken_off_before_the_next_step(shop: Shop, crm: httpx.AsyncClient) -> None:
    ids = await shop.people(3)
    await shop.refresh(ids)
    journey_id = await shop.journey(GIVE, SAY)
    await _enter(crm, journey_id, "1")
    async with shop.database.write(shop.merchant_id) as tx:
        assert await actions.advance(tx, journey_id, clock.now()) == 1
    for state in ("stopped", "not_on_it"):
        answer = await crm.post(f"/v1/journeys/{journey_id}/members/stop", json={"member": THIRD})
        assert answer.json() == {"state": state, "member_id": ids[2]}
    await shop.work(clock.now())
    assert await shop.effects() == [(ids[2], 0, "give_points", "done"), (ids[2], 1, "send_message", "left")]
    [_, left] = (await crm.get(f"/v1/journeys/{journey_id}")).json()["outcomes"]
    assert left["why"] == {"zh": "由外部系统请出", "en": "was taken off by another system"}


async def test_without_the_right_nothing_is_told(shop: Shop, client: httpx.AsyncClient) -> None:
    await shop.people(3)
    journey_id = await shop.journey(GIVE)
    async with shop.database.write(shop.merchant_id) as tx:
        _, secret = await access.create_key(tx, "收银", ["ingest", "member"], clock.now())
        assert await members.resolve(tx, [THIRD]) != [None]
    client.headers["Authorization"] = f"Bearer {secret}"
    assert (await client.get("/v1/journeys")).status_code == 403
    assert (await _enter(client, journey_id, "1"))["status"] == 403
