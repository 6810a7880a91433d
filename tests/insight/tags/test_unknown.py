"""A rule that asks for a tag nobody made is refused where it is saved, with those that are called alike."""

from typing import Any

import httpx
import pytest

from shuke.doors.context import Context
from shuke.kit.db import Database

API = "/console/api"


@pytest.mark.parametrize("rule", [{"tag": "ming-gan-j"}, {"not": {"attr": "tag:ming-gan-j", "op": "exists"}}])
async def test_an_unknown_tag_is_refused_with_those_near_it(
    owner: httpx.AsyncClient, mirrored: Context, rule: dict[str, Any]
) -> None:
    body = {"name": "敏感肌会员", "slug": "gentle", "rule": {"all": [{"did": "order"}, rule]}}
    first = (await owner.post(f"{API}/segments", json=body)).json()
    assert first["code"] == "unknown_tag" and "请先新建标签" in first["message"]
    for name in ("敏感肌", "宝妈"):
        assert (await owner.post(f"{API}/tags", json={"name": name})).status_code == 201
    refused = await owner.post(f"{API}/segments", json=body)
    told = refused.json()
    assert (refused.status_code, told["code"]) == (422, "unknown_tag"), refused.text
    assert told["path"].startswith("$.all[1]")
    assert "敏感肌 (min-gan-ji)" in told["message"] and "宝妈" not in told["message"]
    made = await owner.post(f"{API}/segments", json=body | {"rule": {"did": "order"}})
    assert made.status_code == 201
    assert (await owner.put(f"{API}/segments/gentle", json={"rule": rule})).json()["code"] == "unknown_tag"
    kept = await owner.post(f"{API}/segment-lists", json={"name": "名单", "rule": rule})
    assert (kept.status_code, kept.json()["code"]) == (422, "unknown_tag")


async def test_a_rule_tag_made_after_its_segment_may_be_asked_for_by_the_next(
    owner: httpx.AsyncClient, mirrored: Context, database: Database
) -> None:
    bought = await owner.post(f"{API}/segments", json={"name": "买过", "slug": "bought", "rule": {"did": "order"}})
    assert bought.status_code == 201
    made = await owner.post(f"{API}/tags", json={"name": "老客", "segment": "bought"})
    assert made.status_code == 201, made.text
    rule = {"all": [{"segment": "bought"}, {"tag": made.json()["slug"]}]}
    assert (await owner.post(f"{API}/segments", json={"name": "老客二", "rule": rule})).status_code == 201
    await owner.patch(f"{API}/tags/{made.json()['slug']}", json={"archived": True})
    assert (await owner.post(f"{API}/segments", json={"name": "老客三", "rule": rule})).status_code == 201
