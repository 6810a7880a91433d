"""Tags at the doors: the console's manager and bulk acts, the file, and the API key."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shuke.ground import access, members
from shuke.kit import clock
from shuke.kit.db import Database
from tests.conftest import signed_in

API = "/console/api"


@pytest.fixture
async def people(database: Database, merchant_id: int) -> list[int]:
    async with database.write(merchant_id) as tx:
        wanted = [{"phone": f"1380013800{n}"} for n in range(4)]
        return await members.ensure_members(tx, wanted, clock.now())


async def made(owner: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await owner.post(f"{API}{path}", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_from_making_a_tag_to_undoing_a_bulk_act(owner: httpx.AsyncClient, people: list[int]) -> None:
    group = await made(owner, "/tag-groups", name="人生阶段", exclusive=True)
    tag = await made(owner, "/tags", name="宝妈", group=group["slug"], description="有 3 岁以下孩子")
    await made(owner, "/tags", name="上班族", group=group["slug"])
    twice = await owner.post(f"{API}/tags", json={"name": "宝妈"})
    assert (twice.status_code, twice.json()["code"], twice.json()["field"]) == (409, "tag_taken", "name")
    hyphen = await owner.post(f"{API}/tags", json={"name": "宝妈-新手"})
    assert (hyphen.status_code, hyphen.json()["code"]) == (422, "bad_tag_name")
    some = {"add": [tag["slug"]], "members": people[:2], "reason": "母婴专场到店"}
    assert (await owner.post(f"{API}/members/tags", json=some)).json()["added"] == 2
    everybody = {"add": ["shang-ban-zu"], "filter": {}}
    done = (await owner.post(f"{API}/members/tags", json=everybody)).json()
    assert (done["added"], done["removed"], done["members"]) == (4, 2, 4)
    shown = (await owner.get(f"{API}/members", params={"tag": "shang-ban-zu"})).json()
    assert (shown["total"], shown["items"][0]["tags"]) == (4, [{"slug": "shang-ban-zu", "name": "上班族"}])
    undone = await owner.post(f"{API}/tags/acts/{done['act_id']}/undo")
    assert (undone.status_code, undone.json()["added"], undone.json()["removed"]) == (200, 2, 4)
    again = await owner.post(f"{API}/tags/acts/{done['act_id']}/undo")
    assert (again.status_code, again.json()["code"]) == (409, "not_undoable")
    listed = (await owner.get(f"{API}/tags")).json()
    assert [(one["name"], one["size"], one["group"]) for one in listed["items"]] == [
        ("宝妈", 2, group["slug"]), ("上班族", 0, group["slug"])
    ]  # fmt: skip
    file = (await owner.get(f"{API}/members/{people[0]}/tags")).json()
    assert [(one["name"], one["by"], one["reason"]) for one in file["tags"]] == [("宝妈", "小美", "母婴专场到店")]
    assert [one["change"] for one in file["history"]].count("replaced") == 1
    acts = (await owner.get(f"{API}/tags/acts", params={"limit": 1})).json()
    assert (acts["items"][0]["verb"], acts["items"][0]["undoable"]) == ("undo", True)
    rest = (await owner.get(f"{API}/tags/acts", params={"cursor": acts["next_cursor"], "tag": "shang-ban-zu"})).json()
    assert [one["verb"] for one in rest["items"]] == ["tag"]
    renamed = await owner.patch(f"{API}/tags/{tag['slug']}", json={"name": "新手妈妈"})
    assert (renamed.json()["name"], renamed.json()["slug"]) == ("新手妈妈", tag["slug"])
    merged = await owner.post(f"{API}/tags/{tag['slug']}/merge", json={"into": "shang-ban-zu"})
    assert merged.json()["added"] == 2
    gone = await owner.delete(f"{API}/tags/shang-ban-zu")
    assert gone.json()["removed"] == 2
    assert (await owner.delete(f"{API}/tag-groups/{group['slug']}")).status_code == 204


async def test_for_nobody_and_for_everybody_without_the_right_nothing_moves(
    app: Any, database: Database, merchant_id: int, owner: httpx.AsyncClient, people: list[int]
) -> None:
    await made(owner, "/tags", name="敏感肌")
    clerk = await signed_in(app, database, merchant_id, ("clerk", None))
    nobody = await clerk.post(f"{API}/members/tags", json={"add": ["min-gan-ji"]})
    assert (nobody.status_code, nobody.json()["code"]) == (422, "nobody_meant")
    everybody = await clerk.post(f"{API}/members/tags", json={"add": ["min-gan-ji"], "filter": {}})
    assert everybody.status_code == 403
    ended = {"add": ["min-gan-ji"], "members": people, "until": "2020-01-01T00:00:00+08:00"}
    assert (await clerk.post(f"{API}/members/tags", json=ended)).json()["code"] == "past_end"
    assert (await owner.get(f"{API}/tags")).json()["items"][0]["size"] == 0
    one = await clerk.post(f"{API}/members/tags", json={"add": ["min-gan-ji"], "members": [people[0], 999_999]})
    assert one.json()["members"] == 1


async def test_a_spreadsheet_in_gbk_is_judged_then_taken(owner: httpx.AsyncClient, people: list[int]) -> None:
    await made(owner, "/tags", name="宝妈")
    body = "手机号,标签\n13800138000,宝妈\n13800138001,学生党\n13900000000,宝妈\n".encode("gb18030")
    send = {"files": {"file": ("名单.csv", body)}, "data": {"create": "true", "dry": "true"}}
    tried = await owner.post(f"{API}/tags/import", **send)  # type: ignore[arg-type]
    assert tried.status_code == 200, tried.text
    assert (tried.json()["counts"], tried.json()["created"]) == ({"tagged": 2, "no_member": 1}, ["学生党"])
    assert len((await owner.get(f"{API}/tags")).json()["items"]) == 1
    send["data"]["dry"] = "false"  # type: ignore[index]
    done = (await owner.post(f"{API}/tags/import", **send)).json()  # type: ignore[arg-type]
    assert done["act_id"] is not None
    assert [(one["row"], one["verdict"]) for one in done["verdicts"]] == [
        (2, "tagged"),
        (3, "tagged"),
        (4, "no_member"),
    ]
    wrong = await owner.post(f"{API}/tags/import", files={"file": ("a.csv", b"a,b\n1,2\n")})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "no_such_columns")


async def test_pairs_and_combined_tags(owner: httpx.AsyncClient, people: list[int]) -> None:
    for name in ("宝妈", "美妆爱好者", "价格敏感型"):
        await made(owner, "/tags", name=name)
    slugs = ["bao-ma", "mei-zhuang-ai-hao-zhe", "jia-ge-min-gan-xing"]
    await owner.post(f"{API}/members/tags", json={"add": slugs, "members": people[:3]})
    told = (await owner.get(f"{API}/tags/together")).json()
    assert told["combinations"] == [{"name": "宝妈-美妆爱好者-价格敏感型", "tags": slugs, "size": 3}]
    assert {one["members"] for one in told["cells"]} == {3}
    one = (await owner.get(f"{API}/tags/combination", params={"tags": ",".join(slugs[:2])})).json()
    assert (one["name"], one["size"]) == ("宝妈-美妆爱好者", 3)


async def test_a_key_with_the_scope_reads_and_sets_tags(
    client: httpx.AsyncClient, owner: httpx.AsyncClient, database: Database, merchant_id: int, people: list[int]
) -> None:
    await made(owner, "/tags", name="企微好友")
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "企微", ["tags"], clock.now())
        _, other = await access.create_key(tx, "收银", ["ingest"], clock.now())
    key = {"Authorization": f"Bearer {secret}"}
    changes = [
        {"member": {"phone": "138 0013 8000"}, "add": ["qi-wei-hao-you"]},
        {"member": {"phone": "13911112222"}, "add": ["qi-wei-hao-you"]},
        {"member": {"phone": "13800138001"}, "add": ["mei-you"]},
    ]
    done = await client.post("/v1/members/tags", json={"changes": changes, "reason": "加了企微"}, headers=key)
    assert done.status_code == 200, done.text
    assert done.json()["added"] == 1
    assert [(one["status"], one.get("error", {}).get("code")) for one in done.json()["results"]] == [
        ("ok", None), ("refused", "unknown_member"), ("refused", "no_such_tag")
    ]  # fmt: skip
    again = await client.post("/v1/members/tags", json={"changes": changes[:1]}, headers=key)
    assert (again.json()["act_id"], again.json()["results"][0]["tags"]) == (None, ["qi-wei-hao-you"])
    read = await client.get("/v1/members/tags", params={"phone": "13800138000"}, headers=key)
    assert (read.json()["member_id"], [one["name"] for one in read.json()["tags"]]) == (people[0], ["企微好友"])
    names = (await client.get("/v1/tags", headers=key)).json()["items"]
    assert [(one["slug"], one["size"], one["rule"]) for one in names] == [("qi-wei-hao-you", 1, False)]
    refused = await client.post(
        "/v1/members/tags", json={"changes": changes[:1]}, headers={"Authorization": f"Bearer {other}"}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await client.get("/v1/tags")).status_code == 401


async def test_a_tag_and_a_group_have_an_english_name_too(owner: httpx.AsyncClient, people: list[int]) -> None:
    """Optional; renaming in either language touches nobody, and combined tags can be read by it."""
    group = await made(owner, "/tag-groups", name="人生阶段", name_en=" Stage  of life ")
    tag = await made(owner, "/tags", name="宝妈", name_en="New mother", group=group["slug"])
    await made(owner, "/tags", name="上班族")
    assert (group["name_en"], tag["name_en"]) == ("Stage of life", "New mother")
    some = {"add": [tag["slug"]], "members": people[:2]}
    assert (await owner.post(f"{API}/members/tags", json=some)).json()["added"] == 2
    english = (await owner.get(f"{API}/tags/english")).json()
    assert english == {"人生阶段": "Stage of life", "宝妈": "New mother"}
    described = await owner.patch(f"{API}/tags/{tag['slug']}", json={"description": "有 3 岁以下孩子"})
    assert (described.json()["name_en"], described.json()["size"]) == ("New mother", 2)
    renamed = await owner.patch(f"{API}/tags/{tag['slug']}", json={"name_en": "Make-up mum" + "m" * 80})
    assert len(renamed.json()["name_en"]) == 60 and renamed.json()["size"] == 2
    await owner.patch(f"{API}/tags/{tag['slug']}", json={"name_en": ""})
    await owner.patch(f"{API}/tag-groups/{group['slug']}", json={"name_en": "Life"})
    await owner.patch(f"{API}/tag-groups/{group['slug']}", json={"exclusive": True})
    assert (await owner.get(f"{API}/tags/english")).json() == {"人生阶段": "Life"}
