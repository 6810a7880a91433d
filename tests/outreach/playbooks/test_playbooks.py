"""Playbooks: what the preview says is what installing does, once; what nobody used goes again, the rest stays."""

from typing import Any

import httpx
import msgspec
import pytest

from shuke.doors import wiring
from shuke.ground import ingestion
from shuke.insight import lifecycle
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.kit.events import Relay
from shuke.outreach import playbooks
from shuke.programs import intake
from tests.conftest import signed_in

API = "/console/api/playbooks"


async def _ok(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def _states(shown: Any) -> dict[str, str]:
    return {one["part"]: one["state"] for one in shown["parts"]}


@pytest.mark.parametrize("code", playbooks.BOOKS)
async def test_one_click_installs_what_the_preview_says_and_only_once(owner: httpx.AsyncClient, code: str) -> None:
    before = await _ok(await owner.get(f"{API}/one", params={"book": code}))
    assert set(_states(before).values()) == {"new"}
    assert all(one["words"] and all(words["zh"] and words["en"] for words in one["words"]) for one in before["parts"])
    done = await _ok(await owner.post(f"{API}/install", json={"book": code}))
    assert set(_states(done).values()) == {"installed"}
    again = await _ok(await owner.post(f"{API}/install", json={"book": code}))
    assert again == done
    rules = await _ok(await owner.get("/console/api/points/rules"))
    assert len(rules["items"]) == 1 + len(playbooks.BOOKS[code].rules)
    assert {one["state"] for one in rules["items"]} == {"published"}
    examples = await _ok(await owner.get("/console/api/points/examples"))
    assert [one["name"] for one in examples["items"]] == [one.name for one in playbooks.BOOKS[code].examples]
    assert [one["gives"] for one in examples["items"]] == [one.points for one in playbooks.BOOKS[code].examples]
    tiers = await _ok(await owner.get("/console/api/tiers"))
    assert [one["name"] for one in tiers["levels"]] == [one.name for one in playbooks.BOOKS[code].levels]
    book = playbooks.BOOKS[code]
    life = await _ok(await owner.get("/console/api/lifecycle"))
    assert life["limits"] == msgspec.to_builtins(book.life) and len(life["stages"]) == 6
    found = {one["slug"] for one in (await _ok(await owner.get("/console/api/segments")))["items"]}
    assert found == {one["slug"] for one in life["stages"]} | {one.slug for one in book.segments}
    journeys = (await _ok(await owner.get("/console/api/journeys")))["items"]
    assert {(one["name"], one["state"]) for one in journeys} == {(one.name.zh, "draft") for one in book.journeys}
    tags = {one["name"]: one for one in (await _ok(await owner.get("/console/api/tags")))["items"]}
    assert len(tags) == len(book.tags) and tags["高价值"]["segment"] == "high-value"
    assert tags["高潜力复购"]["follows"]["model"] == "repurchase"
    listed = await _ok(await owner.get(API))
    assert {one["code"]: one["installed"] for one in listed["items"]}[code] == len(before["parts"])


async def test_what_is_unused_goes_and_what_is_used_stays(
    owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    await _ok(await owner.post(f"{API}/install", json={"book": "beauty"}))
    order = ingestion.OrderIn(
        order_id="A1", occurred_at=clock.now(), member={"phone": "13800138000"}, amount_fen=120_000
    )
    [answer] = await intake.apply(database, merchant_id, [order])
    assert answer.status == 200
    await Relay(database, wiring.READERS).drain(merchant_id)
    left = await _ok(await owner.post(f"{API}/remove", json={"book": "beauty"}))
    used = {part for part, state in _states(left).items() if state == "used"}
    assert used == {"tiers", "rule:first-order"}
    assert {state for part, state in _states(left).items() if part not in used} == {"new"}
    rules = await _ok(await owner.get("/console/api/points/rules"))
    assert {one["name"]: one["state"] for one in rules["items"]} == {
        "消费送积分": "published", "首单加赠 200 分": "published", "生日当天双倍": "ended", "精华每满 1 元多送 1 分": "ended",
    }  # fmt: skip
    assert (await _ok(await owner.get("/console/api/missions/check-in")))["state"] == "paused"
    assert await _ok(await owner.post(f"{API}/remove", json={"book": "beauty"})) == left
    back = await _ok(await owner.post(f"{API}/install", json={"book": "beauty"}))
    assert _states(back)["check_in"] == "installed" and _states(back)["tiers"] == "used"


@pytest.mark.parametrize("code", playbooks.BOOKS)
async def test_all_of_it_goes_again_while_nobody_uses_it(owner: httpx.AsyncClient, code: str) -> None:
    await _ok(await owner.post(f"{API}/install", json={"book": code}))
    left = await _ok(await owner.post(f"{API}/remove", json={"book": code}))
    assert set(_states(left).values()) == {"new"}
    assert (await _ok(await owner.get("/console/api/lifecycle")))["limits"] == msgspec.to_builtins(lifecycle.DEFAULT)
    for kind in ("journeys", "tags"):
        assert (await _ok(await owner.get(f"/console/api/{kind}")))["items"] == []
    assert (
        len((await _ok(await owner.get("/console/api/segments")))["items"]) == 6
    )  # the stages, with their ordinary limits
    back = await _ok(await owner.post(f"{API}/install", json={"book": code}))
    assert set(_states(back).values()) == {"installed"}


async def test_what_stands_on_a_part_keeps_it(owner: httpx.AsyncClient) -> None:
    """A launched journey keeps its segment, that one keeps the stage it speaks of; an edited segment is the merchant's."""
    await _ok(await owner.post(f"{API}/install", json={"book": "retail"}))
    drafts = {one["name"]: one for one in (await _ok(await owner.get("/console/api/journeys")))["items"]}
    await _ok(await owner.post(f"/console/api/journeys/{drafts['叫回沉睡会员']['journey_id']}/launch", json={}))
    rule = {"attr": "birthday", "op": "anniversary_within", "value": "14d"}
    edited = await owner.put("/console/api/segments/birthday-soon", json={"rule": rule})
    assert edited.status_code == 200, edited.text
    left = _states(await _ok(await owner.post(f"{API}/remove", json={"book": "retail"})))
    used = {part for part, state in left.items() if state == "used"}
    assert used == {"journey:win-back", "segment:dormant-points", "lifecycle", "segment:birthday-soon"}
    assert {state for part, state in left.items() if part not in used} == {"new"}


async def test_limits_of_the_merchant_stay_and_ordinary_ones_are_fitted(owner: httpx.AsyncClient) -> None:
    ordinary = msgspec.to_builtins(lifecycle.DEFAULT)
    await _ok(await owner.put("/console/api/lifecycle", json=ordinary))
    shown = await _ok(await owner.get(f"{API}/one", params={"book": "beauty"}))
    assert _states(shown)["lifecycle"] == "new"
    own = ordinary | {"dormant_after": 45}
    await _ok(await owner.put("/console/api/lifecycle", json=own))
    done = await _ok(await owner.post(f"{API}/install", json={"book": "beauty"}))
    assert _states(done)["lifecycle"] == "own"
    assert (await _ok(await owner.get("/console/api/lifecycle")))["limits"] == own
    segment = {"slug": "high-value", "name": "大客户", "rule": {"did": "order"}}
    await _ok(await owner.post(f"{API}/remove", json={"book": "beauty"}))
    assert (await owner.post("/console/api/segments", json=segment)).status_code in (200, 201)
    again = await _ok(await owner.post(f"{API}/install", json={"book": "beauty"}))
    assert _states(again)["segment:high-value"] == "own" and _states(again)["tag:high-value"] == "installed"


async def test_what_the_merchant_has_of_their_own_stays(owner: httpx.AsyncClient) -> None:
    own = {"name": "会员等级", "levels": [
        {"level": 0, "name": "新客", "threshold": 0}, {"level": 1, "name": "熟客", "threshold": 100_000},
    ]}  # fmt: skip
    await _ok(await owner.put("/console/api/tiers/ladders/0", json=own))
    done = await _ok(await owner.post(f"{API}/install", json={"book": "retail"}))
    assert _states(done)["tiers"] == "own" and _states(done)["check_in"] == "installed"
    assert [one["name"] for one in (await _ok(await owner.get("/console/api/tiers")))["levels"]] == ["新客", "熟客"]
    assert (await owner.get(f"{API}/one", params={"book": "bakery"})).json()["code"] == "no_such_playbook"


async def test_a_clerk_installs_nothing(app: Any, database: Database, merchant_id: int) -> None:
    clerk = await signed_in(app, database, merchant_id, ("clerk", None))
    assert (await clerk.post(f"{API}/install", json={"book": "retail"})).status_code == 403
