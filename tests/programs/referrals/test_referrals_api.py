"""The member side by key, and the console: codes, pictures, friends, the queue, the tree and the board."""

import io
import struct
from datetime import timedelta
from typing import Any

import httpx
import openpyxl
import pytest

from shuke.assets import rewards
from shuke.ground import access, members
from shuke.kit import clock
from shuke.kit.db import Database
from tests.conftest import browser, signed_in
from tests.programs.referrals.people import buy, hear, run

API = "/console/api"
WANG, LI, ZHAO = ({"phone": f"1380000000{n}"} for n in (1, 2, 3))


@pytest.fixture
async def app_side(app: Any, database: Database, merchant_id: int) -> httpx.AsyncClient:
    """The mini program: a key with the scope `member`."""
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "小程序", ["member"], clock.now())
    client = browser(app)
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


async def _open(owner: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    plan = (await owner.get(f"{API}/referrals")).json()["plan"] | more
    answer = await owner.put(f"{API}/referrals", json={"plan": plan})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def _mine(client: httpx.AsyncClient, person: dict[str, str]) -> dict[str, Any]:
    answer = await client.get("/v1/referrals", params={"member": f"phone:{person['phone']}"})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def _known(database: Database, merchant_id: int, *people: dict[str, str]) -> list[int]:
    async with database.write(merchant_id) as tx:
        ids = await members.ensure_members(tx, people, clock.now())
        await members.write_profiles(tx, [(ids[0], {"name": "王芳"})])
    return ids


async def test_defaults_are_shown_before_anything_is_published(owner: httpx.AsyncClient) -> None:
    found = (await owner.get(f"{API}/referrals")).json()
    assert (found["version"], found["state"], found["plan"]["return_days"]) == (0, "none", 7)
    assert found["sentence"]["zh"] == (
        "好友首单满 7 天未退款后，推荐人得 200 积分，好友得 200 积分；好友要在 90 天内下单；每位推荐人每月最多 20 位好友有奖。"
    )
    assert found["sentence"]["en"].startswith(
        "7 days after the friend's first order, the one who referred gets 200 points"
    )


async def test_closed_until_it_is_published_and_while_it_is_paused(
    app_side: httpx.AsyncClient, owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    await _known(database, merchant_id, WANG)
    mine = await _mine(app_side, WANG)
    assert (mine["open"], mine["link"]) == (False, None)
    body = {"member": LI, "code": mine["code"]}
    refused = await app_side.post("/v1/referrals", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "referrals_closed")
    await _open(owner)
    assert (await app_side.post("/v1/referrals", json=body)).json()["state"] == "noted"
    plan = (await owner.get(f"{API}/referrals")).json()["plan"]
    await owner.put(f"{API}/referrals", json={"plan": plan, "state": "paused"})
    again = await app_side.post("/v1/referrals", json={"member": ZHAO, "code": mine["code"]})
    assert again.json()["code"] == "referrals_closed"
    async with database.read(merchant_id) as tx:
        assert await members.resolve(tx, [ZHAO]) == [None], "a refusal creates nobody"


async def test_a_member_shares_a_link_and_sees_friends_without_their_full_names(
    app_side: httpx.AsyncClient, owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    await _open(owner, link="https://m.example.com/join?ref={code}", gives="at_once")
    await _known(database, merchant_id, WANG)
    mine = await _mine(app_side, WANG)
    assert mine["link"] == f"https://m.example.com/join?ref={mine['code']}" and len(mine["code"]) == 7
    assert (await _mine(app_side, WANG))["code"] == mine["code"]
    touched = await app_side.post("/v1/referrals/touch", json={"code": mine["code"], "device": "phone-a"})
    assert touched.json() == {"noted": True}
    joined = await app_side.post("/v1/referrals", json={"member": LI, "device": "phone-a"})
    assert joined.json()["state"] == "noted", joined.text
    assert (await app_side.post("/v1/referrals", json={"member": LI, "device": "phone-a"})).json()["state"] == "already"
    async with database.write(merchant_id) as tx:
        [li] = await members.resolve(tx, [LI])
        await members.write_profiles(tx, [(li, {"name": "李静"})])
    assert (await _mine(app_side, LI))["was_referred"] is True
    await buy(database, merchant_id, 2, "o1", at=clock.now())
    await run(database, merchant_id, clock.now())
    mine = await _mine(app_side, WANG)
    assert [(one["name"], one["state"], one["rewarded"]) for one in mine["friends"]] == [("李**", "rewarded", True)]
    assert (mine["invited"], mine["rewarded"]) == (1, 1)
    board = (await app_side.get("/v1/referrals/leaderboard", params={"member": "phone:13800000001"})).json()
    assert (board["period"], board["my_place"], board["my_friends"]) == ("month", 1, 1)
    assert board["lines"] == [{"place": 1, "name": "王**", "friends": 1, "me": True}]
    second = (await app_side.get("/v1/referrals/leaderboard?period=all&member=phone:13800000002")).json()
    assert (second["my_place"], second["my_friends"]) == (None, 0)


async def test_the_picture_is_a_picture(
    app_side: httpx.AsyncClient, owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    await _open(owner, link="https://m.example.com/join?ref={code}")
    [wang] = await _known(database, merchant_id, WANG)
    svg = await app_side.get(f"/v1/referrals/qr?member={wang}")
    assert svg.headers["content-type"].startswith("image/svg+xml") and svg.content.startswith(b"<svg")
    png = await app_side.get(f"/v1/referrals/qr?member={wang}&form=png&scale=3")
    assert (png.headers["content-type"], png.content[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png.content[16:24])
    assert width == height and width % 3 == 0 and width // 3 - 8 in range(21, 178, 4), "modules and a quiet border"
    nobody = await app_side.get("/v1/referrals/qr?member=424242")
    assert nobody.status_code == 404


async def test_refusals_say_why_in_both_languages(
    app_side: httpx.AsyncClient, owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    await _open(owner)
    await _known(database, merchant_id, WANG)
    mine = await _mine(app_side, WANG)
    oneself = (await app_side.post("/v1/referrals", json={"member": WANG, "code": mine["code"]})).json()
    assert (oneself["code"], oneself["details"]["why"]) == ("cannot_refer", "self")
    assert oneself["message"] == "这次推荐不成立：不能推荐自己"
    unknown = await app_side.post("/v1/referrals", json={"member": LI, "code": "ZZZZZZZ"})
    assert (unknown.status_code, unknown.json()["field"]) == (404, "code")
    without = (await app_side.post("/v1/referrals", json={"member": LI})).json()
    assert without["details"]["why"] == "nobody"


async def test_staff_decide_on_what_looks_strange(
    app: Any, app_side: httpx.AsyncClient, owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    await _open(owner)
    [wang] = await _known(database, merchant_id, WANG)
    code = (await _mine(app_side, WANG))["code"]
    await app_side.post("/v1/referrals", json={"member": LI, "code": code, "device": "phone-a"})
    held = await app_side.post("/v1/referrals", json={"member": ZHAO, "code": code, "device": "phone-a"})
    assert held.json()["state"] == "in_review"
    queue = (await owner.get(f"{API}/referrals/reviews")).json()
    assert (queue["total"], [one["flags"] for one in queue["items"]]) == (1, [["shared_device"]])
    number = queue["items"][0]["referral_id"]
    clerk = await signed_in(app, database, merchant_id, ("clerk", None))
    assert (await clerk.get(f"{API}/referrals/reviews")).status_code == 403
    bare = await owner.post(f"{API}/referrals/reviews", json={"decisions": [{"referral_id": number, "accept": False}]})
    assert (bare.status_code, bare.json()["code"]) == (422, "reason_needed")
    decision = {"referral_id": number, "accept": False, "reason": "同一台手机"}
    for decided in (1, 0):
        answer = await owner.post(f"{API}/referrals/reviews", json={"decisions": [decision]})
        assert answer.json() == {"decided": decided}
    assert (await owner.get(f"{API}/referrals/reviews")).json()["items"] == []
    listed = (await owner.get(f"{API}/referrals/relations?state=refused")).json()["items"]
    assert [(one["referrer_id"], one["reason"]) for one in listed] == [(wang, "同一台手机")]
    trail = (await owner.get(f"{API}/audit-trail")).json()["items"]
    assert "审核了 1 条推荐" in " ".join(one["sentence"]["zh"] for one in trail)


async def test_the_clerk_notes_who_brought_a_member_and_the_tree_shows_it(
    app: Any, owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    await _open(owner, link="https://m.example.com/join?ref={code}")
    wang, li, zhao = await _known(database, merchant_id, WANG, LI, ZHAO)
    clerk = await signed_in(app, database, merchant_id, ("clerk", None))
    assert (await clerk.get(f"{API}/members/{wang}/referrals")).json()["code"] is None
    codes = [(await clerk.post(f"{API}/members/{one}/referral-code")).json()["code"] for one in (wang, li)]
    for friend, code in ((li, codes[0]), (zhao, codes[1])):
        noted = await clerk.post(f"{API}/members/{friend}/referrer", json={"code": code.lower()})
        assert noted.status_code == 200, noted.text
    assert noted.json()["brought_by"]["how"] == "staff"
    tree = (await clerk.get(f"{API}/members/{li}/referrals")).json()
    assert [one["name"] for one in tree["tree"]["above"]] == ["王芳"]
    assert [(one["member_id"], one["state"], one["friends"]) for one in tree["tree"]["friends"]] == [
        (zhao, "waiting", 0)
    ]
    assert tree["picture"].startswith("data:image/svg+xml")
    top = (await clerk.get(f"{API}/members/{wang}/referrals")).json()["tree"]
    assert (top["below"], [one["friends"] for one in top["friends"]]) == (2, [1])
    ring = await clerk.post(f"{API}/members/{wang}/referrer", json={"code": codes[1]})
    assert (ring.status_code, ring.json()["details"]["why"]) == (409, "ring")


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"referrer_rewards": [], "friend_rewards": []}, "referrer_rewards", "两边都没有礼遇"),
        ({"link": "https://m.example.com/join"}, "link", "带上 {code}"),
        ({"link": "javascript:alert({code})"}, "link", "https://"),
        ({"prizes": [{"period": "week", "place": 1, "rewards": []}]}, "prizes", "有的名次没有奖品"),
    ],
)
async def test_a_plan_that_is_not_right_is_refused(
    owner: httpx.AsyncClient, change: dict[str, Any], field: str, words: str
) -> None:
    plan = (await owner.get(f"{API}/referrals")).json()["plan"] | change
    for answer in (
        await owner.post(f"{API}/referrals/preview", json=plan),
        await owner.put(f"{API}/referrals", json={"plan": plan}),
    ):
        assert (answer.status_code, answer.json()["field"]) == (422, field)
        assert words in answer.json()["message"]


async def test_merges_that_are_undone_part_what_they_joined(
    app_side: httpx.AsyncClient, owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    await _open(owner)
    wang, li, zhao = await _known(database, merchant_id, WANG, LI, ZHAO)
    code = (await _mine(app_side, LI))["code"]
    await app_side.post("/v1/referrals", json={"member": ZHAO, "code": code})
    async with database.write(merchant_id) as tx:
        merge_id = await members.merge(tx, li, wang, by="小美", at=clock.now())
    await hear(database, merchant_id, clock.now())
    whose = f"{API}/members/{zhao}/referrals"
    assert (await owner.get(whose)).json()["brought_by"]["referrer_id"] == wang
    async with database.write(merchant_id) as tx:
        await members.unmerge(tx, merge_id, by="小美", at=clock.now() + timedelta(seconds=1))
    await hear(database, merchant_id, clock.now())
    assert (await owner.get(whose)).json()["brought_by"]["referrer_id"] == li
    assert (await owner.get(f"{API}/members/{li}/referrals")).json()["code"] == code


async def test_every_kind_of_reward_can_be_promised(owner: httpx.AsyncClient) -> None:
    cards = [{"kind": "make_up_card", "params": {"cards": 2}}]
    shown = await _open(owner, friend_rewards=cards)
    assert "好友得 2 张补签卡" in shown["sentence"]["zh"]
    assert [kind["code"] for kind in shown["rewards"]] == [one["code"] for one in rewards.kinds.describe()]


async def test_relations_and_the_board_are_taken_out_as_files(
    app_side: httpx.AsyncClient, owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    """CSV in the reader's language, a workbook, one state alone; on record, and only for who may take members out."""
    await _open(owner)
    wang, li, zhao = await _known(database, merchant_id, WANG, LI, ZHAO)
    code = (await _mine(app_side, WANG))["code"]
    for friend in (LI, ZHAO):
        await app_side.post("/v1/referrals", json={"member": friend, "code": code})
    path = f"{API}/referrals/relations/export"
    lines = (await owner.get(path)).content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("好友编号,好友,推荐人编号,推荐人,怎么来的,状态")
    assert [line.split(",")[:3:2] for line in lines[1:]] == [[str(zhao), str(wang)], [str(li), str(wang)]]
    assert ",推荐码,等首单," in lines[1]
    none = (await owner.get(path, params={"state": "rewarded"})).content.decode("utf-8-sig").splitlines()
    assert len(none) == 1
    book = await owner.get(path, params={"format": "xlsx"})
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
    assert sheet is not None and sheet.max_row == 3
    board = await owner.get(f"{API}/referrals/leaderboard/export", params={"period": "all"})
    assert board.content.decode("utf-8-sig").splitlines() == ["名次,会员编号,姓名,带来的好友,奖品"]
    trail = (await owner.get(f"{API}/audit-trail")).json()["items"]
    said = [one["sentence"]["zh"] for one in trail if one["action"].endswith(".exported")]
    assert said[0] == "小美导出了推荐排行榜（0 名）" and said[-1] == "小美导出了推荐关系（2 行）"


async def test_a_members_tree_is_taken_out_as_a_file(
    app: Any, app_side: httpx.AsyncClient, owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    """Everybody below, branch by branch, with how far down; nobody beside the branch, and not for who may not take members out."""
    await _open(owner)
    wang, li, zhao = await _known(database, merchant_id, WANG, LI, ZHAO)
    for referrer, friend in ((WANG, LI), (LI, ZHAO)):
        code = (await _mine(app_side, referrer))["code"]
        await app_side.post("/v1/referrals", json={"member": friend, "code": code})
    path = f"{API}/members/{wang}/referrals/export"
    lines = (await owner.get(path)).content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("第几层,好友编号,好友,推荐人编号")
    assert [line.split(",")[:2] + line.split(",")[3:4] for line in lines[1:]] == [
        ["1", str(li), str(wang)], ["2", str(zhao), str(li)],
    ]  # fmt: skip
    below = (await owner.get(f"{API}/members/{li}/referrals/export")).content.decode("utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in below[1:]] == [str(zhao)]
    assert (await owner.get(f"{API}/members/999/referrals/export")).status_code == 404
    clerk = await signed_in(app, database, merchant_id, ("clerk", None))
    assert (await clerk.get(path)).status_code == 403
    trail = (await owner.get(f"{API}/audit-trail")).json()["items"]
    said = [one["sentence"]["zh"] for one in trail if one["action"] == "referral_tree.exported"]
    assert said == [f"小美导出了会员 {li} 的推荐树（1 人）", f"小美导出了会员 {wang} 的推荐树（2 人）"]
