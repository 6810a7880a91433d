"""The pages of members: the list, the member page, exports, settings, search."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shuke.ground import access, members
from shuke.kit import clock
from shuke.kit.db import Database

API = "/console/api"


async def _key(database: Database, merchant_id: int) -> dict[str, str]:
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "收银", ["ingest"], clock.now())
    return {"Authorization": f"Bearer {secret}"}


def _order(number: int, phone: str, fen: int, days_ago: int) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(days=days_ago)
    lines = [{"sku": f"S-{number}", "product": "面霜", "quantity": 1, "amount_fen": fen}]
    return {
        "order_id": f"SO-{number}", "occurred_at": at.isoformat(), "member": {"phone": phone}, "store_id": "s1",
        "channel": "pos", "lines": lines,
    }  # fmt: skip


@pytest.fixture
async def shop(owner: httpx.AsyncClient, database: Database, merchant_id: int) -> httpx.AsyncClient:
    """Three members with 100, 300 and 200 yuan of orders, two, one and three days ago."""
    headers = await _key(database, merchant_id)
    orders = [
        _order(1, "13800138001", 10_000, 2),
        _order(2, "13800138002", 30_000, 1),
        _order(3, "13900139003", 20_000, 3),
    ]
    answer = await owner.post("/v1/orders", json=orders, headers=headers)
    assert [result["status"] for result in answer.json()["results"]] == ["accepted"] * 3, answer.text
    async with database.write(merchant_id) as tx:
        await members.write_profiles(tx, [(1, {"name": "林晓芙"}), (2, {"name": "王小美"})])
    return owner


async def test_the_list_shows_what_each_room_knows(shop: httpx.AsyncClient) -> None:
    page = (await shop.get(f"{API}/members", params={"sort": "points"})).json()
    assert page["total"] == 3
    assert [(m["member_id"], m["points_available"], m["orders_count"], m["amount_fen"]) for m in page["items"]] == [
        (2, 300, 1, 30_000), (3, 200, 1, 20_000), (1, 100, 1, 10_000),
    ]  # fmt: skip
    first = page["items"][0]
    assert (first["name"], first["phone_masked"], first["tier"]["level"]) == ("王小美", "138****8002", 0)
    assert first["last_order_at"] is not None
    assert "13800138002" not in str(page)


async def test_pages_follow_each_other_without_gaps(shop: httpx.AsyncClient) -> None:
    for sort in ("joined", "points"):
        for direction in ("asc", "desc"):
            whole = (await shop.get(f"{API}/members", params={"sort": sort, "dir": direction})).json()
            seen, cursor = [], None
            for _ in range(3):
                asked = {"sort": sort, "dir": direction, "limit": 1} | ({"cursor": cursor} if cursor else {})
                page = (await shop.get(f"{API}/members", params=asked)).json()
                seen += [m["member_id"] for m in page["items"]]
                cursor = page["next_cursor"]
            assert cursor is None
            assert seen == [m["member_id"] for m in whole["items"]]
            assert sorted(seen) == [1, 2, 3]


async def test_a_join_date_that_nobody_knows_is_not_made_up(
    shop: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    """Whom only history names did not join today, and still has a place in the order of joining."""
    async with database.write(merchant_id) as tx:
        [number] = await members.ensure_members(tx, [{"phone": "13700137000"}], clock.now(), [None])
    for asked in ({"sort": "joined"}, {"sort": "joined", "q": "7000"}):
        first = (await shop.get(f"{API}/members", params=asked)).json()["items"][0]
        assert (first["member_id"], first["joined_at"]) == (number, None)
        assert first["known_since"] is not None
    assert (await shop.get(f"{API}/members/{number}")).json()["joined_at"] is None
    exported = await shop.get(f"{API}/members/export", params={"columns": "member_id,joined", "sort": "joined"})
    lines = list(csv.reader(io.StringIO(exported.content.decode("utf-8-sig"))))
    assert lines[1] == [str(number), ""]
    assert all(len(line[1]) == 19 for line in lines[2:])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "8002"}, [2]), ({"q": "小"}, [2]), ({"q": "林晓芙"}, [1]), ({"q": "nobody"}, []), ({"tier": "0"}, [1, 2, 3]),
        ({"q": "13800138001", "sort": "amount"}, [1]), ({"tier": "9"}, []),
    ],
)  # fmt: skip
async def test_filters(shop: httpx.AsyncClient, asked: dict[str, str], found: list[int]) -> None:
    page = (await shop.get(f"{API}/members", params=asked)).json()
    assert sorted(m["member_id"] for m in page["items"]) == found
    assert page["total"] == len(found)


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"sort": "shoe_size"}, 422, "unknown_sort"), ({"cursor": "xx"}, 400, "bad_cursor"),
        ({"segment": "nothing"}, 404, "no_such_segment"), ({"limit": "many"}, 400, "malformed"),
    ],
)  # fmt: skip
async def test_a_wish_that_cannot_be_met_is_refused(
    shop: httpx.AsyncClient, asked: dict[str, str], status: int, code: str
) -> None:
    answer = await shop.get(f"{API}/members", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_page_of_a_member(shop: httpx.AsyncClient) -> None:
    shown = (await shop.get(f"{API}/members/2")).json()
    assert shown["identities"][0] == {
        "kind": "phone",
        "value_masked": "138****8002",
        "since": shown["identities"][0]["since"],
    }
    assert shown["points"]["available"] == 300
    assert shown["summary"]["amount_fen"] == shown["summary"]["average_fen"] == 30_000
    assert shown["tier"]["level"] == 0
    orders = (await shop.get(f"{API}/members/2/orders")).json()["items"]
    assert [(o["order_id"], o["store"], o["points_earned"], o["lines"][0]["product"]) for o in orders] == [
        ("SO-2", "s1", 300, "面霜")
    ]
    for path in ("/members/77", "/members/77/orders"):
        assert (await shop.get(API + path)).json()["code"] == "no_such_member"


async def test_a_phone_is_revealed_on_record(shop: httpx.AsyncClient) -> None:
    assert (await shop.post(f"{API}/members/2/reveal", json={})).json() == {"phone": "13800138002"}
    [act] = (await shop.get(f"{API}/audit-trail", params={"action": "member.revealed"})).json()["items"]
    assert (act["actor"]["name"], act["subject"], act["sentence"]["zh"]) == ("小美", "2", "小美查看了会员 2 的手机号")
    assert "13800138002" not in str(act)


async def test_acts_are_chosen_by_words(shop: httpx.AsyncClient) -> None:
    """Every act that stands in the trail has its words among those to choose from, in both languages."""
    await shop.post(f"{API}/members/2/reveal", json={})
    words = {one["action"]: one["name"] for one in (await shop.get(f"{API}/audit-trail/actions")).json()["items"]}
    assert words["rule.published"] == {"zh": "发布了积分规则「…」", "en": "published the points rule “…”"}
    assert words["member.merged"]["zh"] == "把会员 … 合并到会员 …"
    listed = (await shop.get(f"{API}/audit-trail")).json()["items"]
    assert {act["action"] for act in listed} <= words.keys()
    assert not [name for name in words.values() if "{" in str(name["zh"]) + str(name["en"])]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_the_export_is_what_is_shown(shop: httpx.AsyncClient, kind: str) -> None:
    asked = {"format": kind, "sort": "points", "columns": "member_id,name,points,amount"}
    answer = await shop.get(f"{API}/members/export", params=asked)
    if kind == "csv":
        lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    else:
        from openpyxl import load_workbook

        rows = load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True)
        lines = [[str(cell or "") for cell in row] for row in rows]
    assert lines[0] == ["会员编号", "姓名", "可用积分", "累计消费（元）"]
    assert [line[:3] for line in lines[1:]] == [["2", "王小美", "300"], ["3", "", "200"], ["1", "林晓芙", "100"]]
    [act] = (await shop.get(f"{API}/audit-trail", params={"action": "members.exported"})).json()["items"]
    assert act["sentence"]["zh"] == "小美导出了会员名单（3 人）"


async def test_a_merged_member_keeps_orders_and_redirects(shop: httpx.AsyncClient) -> None:
    assert (await shop.post(f"{API}/members/1/merge", json={"into": 2})).status_code == 200
    assert (await shop.get(f"{API}/members/1")).json()["merged_into"] == 2
    shown = (await shop.get(f"{API}/members/2")).json()
    assert shown["summary"]["orders_count"] == 2
    assert shown["summary"]["amount_fen"] == 40_000
    assert len((await shop.get(f"{API}/members/2/orders")).json()["items"]) == 2
    assert (await shop.get(f"{API}/members")).json()["total"] == 2


async def test_members_are_added_and_changed(shop: httpx.AsyncClient) -> None:
    made = await shop.post(
        f"{API}/members", json={"phone": "137 0013 7000", "name": "赵云", "attributes": {"city": "成都"}}
    )
    assert (made.status_code, made.json()["phone_masked"]) == (201, "137****7000")
    number = made.json()["member_id"]
    changed = await shop.patch(
        f"{API}/members/{number}",
        json={"attributes": {"city": None, "skin": "油性"}, "consent": {"sms": True}, "birthday": "1990-05-20"},
    )
    assert changed.json()["attributes"] == {"skin": "油性"}
    assert (changed.json()["consent"], changed.json()["birthday"]) == ({"sms": True}, "1990-05-20")
    again = await shop.post(f"{API}/members", json={"phone": "13700137000"})
    assert (again.status_code, again.json()["code"]) == (409, "member_exists")
    refused = await shop.patch(f"{API}/members/{number}", json={"consent": {"pigeon": True}})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_channel")


async def test_settings_and_stores(shop: httpx.AsyncClient) -> None:
    changed = await shop.patch(
        f"{API}/settings", json={"day_start": "04:00", "points": {"validity": "2Y_U", "value_fen_per_100": 100}}
    )
    assert (changed.json()["day_start"], changed.json()["points"]["value_fen_per_100"]) == ("04:00", 100)
    for body, status, code in (
        ({"zone": "Mars/Base"}, 422, "bad_zone"), ({"day_start": "25:00"}, 400, "malformed"), ({"colour": 1}, 400, "malformed"),
        ({"points": {"validity": "soon"}}, 422, "bad_duration"),
    ):  # fmt: skip
        answer = await shop.patch(f"{API}/settings", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    made = await shop.post(f"{API}/stores", json={"code": "sh-2", "name": "静安店", "lat": 31.2, "lng": 121.4})
    assert made.json() == {
        "code": "sh-2",
        "name": "静安店",
        "address": "",
        "lat": 31.2,
        "lng": 121.4,
        "zone": None,
        "state": "open",
    }
    assert (await shop.post(f"{API}/stores", json={"code": "sh-2", "name": "x"})).json()["code"] == "store_taken"
    assert (await shop.patch(f"{API}/stores/sh-2", json={"state": "closed", "lat": None})).json()["lat"] is None
    assert (await shop.get(f"{API}/settings")).json()["day_start"] == "04:00"


async def test_search_finds_members(shop: httpx.AsyncClient) -> None:
    found = (await shop.get(f"{API}/search", params={"q": "8002"})).json()
    assert found["members"] == [{"member_id": 2, "name": "王小美", "phone_masked": "138****8002"}]
    assert (await shop.get(f"{API}/search", params={"q": "消费"})).json()["rules"][0]["name"] == "消费送积分"


async def test_the_overview_is_whole(shop: httpx.AsyncClient) -> None:
    shown = (await shop.get(f"{API}/overview")).json()
    assert shown["members"]["total"] == 3
    assert (shown["points"]["issued"], shown["points"]["outstanding"]) == (600, 600)
    assert len(shown["orders"]["days"]) == len(shown["points"]["days"]) == 30
    made = await shop.post(f"{API}/journeys", json={"example": "dormant-500-as-50"})
    assert (made.status_code, made.json()["state"]) == (201, "draft"), made.text
    assert (await shop.get(f"{API}/overview")).json()["journeys"] == []  # a draft has called nobody back
    launched = await shop.post(f"{API}/journeys/{made.json()['journey_id']}/launch", json={})
    assert launched.status_code == 200, launched.text
    [one] = (await shop.get(f"{API}/overview")).json()["journeys"]
    assert one["journey_id"] == made.json()["journey_id"]


async def test_staff_and_keys_on_the_console(shop: httpx.AsyncClient, merchant_id: int) -> None:
    made = await shop.post(
        f"{API}/staff",
        json={"login": f"new-{merchant_id}", "name": "店员", "roles": [{"role": "clerk", "store": "s1"}]},
    )
    assert (made.status_code, len(made.json()["password"])) == (201, 14)
    again = await shop.post(
        f"{API}/staff", json={"login": f"new-{merchant_id}", "name": "店员", "roles": [{"role": "clerk"}]}
    )
    assert again.json()["code"] == "login_taken"
    for roles, code in (
        ([{"role": "king"}], "bad_role"),
        ([], "bad_role"),
        ([{"role": "clerk", "store": "x"}], "no_such_store"),
    ):
        answer = await shop.patch(f"{API}/staff/{made.json()['staff_id']}", json={"roles": roles})
        assert answer.json()["code"] == code
    listed = (await shop.get(f"{API}/staff")).json()["items"]
    assert {"role": "clerk", "store": "s1"} in [role for person in listed for role in person["roles"]]
    key = (await shop.post(f"{API}/api-keys", json={"name": "网店", "scopes": ["ingest"]})).json()
    assert key["secret"].startswith(key["prefix"])
    assert key["secret"] not in (await shop.get(f"{API}/api-keys")).text
    headers = {"Authorization": f"Bearer {key['secret']}"}
    assert (await shop.post("/v1/events", json=[], headers=headers)).status_code == 200
    assert (await shop.post(f"{API}/api-keys/{key['key_id']}/revoke", json={})).json()["revoked_at"] is not None
    assert (await shop.post("/v1/events", json=[], headers=headers)).json()["code"] == "bad_key"
