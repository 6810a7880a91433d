"""Another system sends members: each row with its own answer, again without harm, dated values in whatever order they come."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shuke.doors.context import Context
from shuke.ground import access, members
from shuke.ground import mirror as columns
from shuke.ground.members import actions
from shuke.insight import segments
from shuke.kit import clock
from shuke.kit.db import Database
from tests.statements import counted

MAY, JUNE, JULY = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6, 7))


@pytest.fixture
async def crm(client: httpx.AsyncClient, database: Database, merchant_id: int) -> httpx.AsyncClient:
    """A system with a key for members."""
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "企业微信 CRM", ["members"], clock.now())
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


async def _send(crm: httpx.AsyncClient, *rows: dict[str, Any]) -> list[str]:
    answer = await crm.post("/v1/members", json=list(rows))
    assert answer.status_code == 200, answer.text
    return [one["status"] for one in answer.json()["results"]]


def lin(**more: Any) -> dict[str, Any]:
    return {"member": {"phone": "138 0013 8000", "external": "crm-1"}, **more}


async def test_members_are_created_changed_and_left_alone(
    crm: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    told = lin(
        name=" 林晓芙 ", gender="female", birthday="1992-03-08", joined_at="2025-03-08T10:00:00+08:00",
        attributes={"肤质": "干性", "爱好": ["插花", "瑜伽"]}, consent={"sms": True},
    )  # fmt: skip
    assert await _send(crm, told, {"member": {"card": "K-9"}}) == ["created", "created"]
    async with database.read(merchant_id) as tx:
        head = await tx.value("select max(seq) from outbox where merchant_id = %(merchant_id)s")
    assert await _send(crm, told, {"member": {"card": "K-9"}}, told) == ["unchanged"] * 3
    async with database.read(merchant_id) as tx:
        assert await tx.value("select max(seq) from outbox where merchant_id = %(merchant_id)s") == head
        kept = await members.get_member(tx, 1)
        acts = [act.action for act in (await access.list_trail(tx)).items]
    assert (kept.name, kept.gender, str(kept.birthday), kept.consent) == (
        "林晓芙",
        "female",
        "1992-03-08",
        {"sms": True},
    )
    assert kept.joined_at == datetime(2025, 3, 8, 2, tzinfo=UTC)
    assert acts == ["members.sent"]
    assert await _send(crm, lin(attributes={"爱好": None})) == ["changed"]
    assert await _send(crm, {"member": {"external": "crm-1", "wechat_openid": "o-1"}}) == ["changed"]
    assert await _send(crm, lin(consent={"sms": False}), lin(consent={"sms": False})) == ["changed", "unchanged"]
    async with database.read(merchant_id) as tx:
        assert (await members.get_member(tx, 1)).attributes == {"肤质": "干性"}
        assert await members.resolve(tx, [{"wechat_openid": "o-1"}]) == [1]


async def test_a_bad_row_spoils_no_other_and_says_what_to_do(crm: httpx.AsyncClient) -> None:
    later = (clock.now() + timedelta(days=1)).isoformat()
    rows: list[tuple[dict[str, Any], str, str]] = [
        ({"member": {"phone": "12"}}, "bad_identity", "member.phone"),
        ({"member": {"passport": "E1"}}, "unknown_identity", "member.passport"),
        ({"member": {"phone": ""}}, "no_identity", "member"), ({"member": {"card": "1"}, "colour": "red"}, "malformed", "colour"),
        ({"member": {"card": "1"}, "joined_at": "2026-01-01"}, "malformed", "joined_at"),
        ({"member": {"card": "1"}, "joined_at": later}, "ahead_of_clock", "joined_at"),
        (lin(attributes={"city": {"value": "杭州", "since": later}}), "ahead_of_clock", "attributes.city.since"),
        (lin(attributes={"city": {"value": "杭州"}}), "malformed", "attributes.city.since"),
        (lin(attributes={"gender": "女"}), "bad_attribute", "attributes.gender"),
        (lin(consent={"fax": True}), "unknown_channel", "consent"),
    ]  # fmt: skip
    answer = await crm.post("/v1/members", json=[{"member": {"card": "好"}}, *(row for row, _, _ in rows)])
    fine, *refused = answer.json()["results"]
    assert fine == {"status": "created", "member_id": 1}
    for place, (one, (_, code, field)) in enumerate(zip(refused, rows, strict=True), 2):
        error = one["error"]
        assert (one["status"], error["code"], error["field"], error["row"]) == ("refused", code, field, place), error
        assert error["cure"] and error["cure_en"]
    single = await crm.post("/v1/members", json=rows[0][0])
    assert (single.status_code, single.json()["code"]) == (422, "bad_identity") and "row" not in single.json()
    assert (await crm.post("/v1/members", json=lin())).json() == {"status": "created", "member_id": 2}
    many = await crm.post("/v1/members", json=[lin()] * 1_001)
    assert (many.status_code, many.json()["code"]) == (413, "too_many_items")
    assert (await crm.post("/v1/members", content=b"{")).json()["code"] == "malformed"


async def test_dated_values_may_come_in_any_order(
    crm: httpx.AsyncClient, database: Database, merchant_id: int, mirrored: Context
) -> None:
    def city(value: str | None, since: datetime) -> dict[str, Any]:
        return lin(joined_at="2020-01-01T00:00:00Z", attributes={"city": {"value": value, "since": since.isoformat()}})

    rows = [city("上海", JULY), city("杭州", MAY), lin(attributes={"肤质": "干性"})]
    assert await _send(crm, *rows) == ["created", "changed", "changed"]
    assert await _send(crm, *rows) == ["unchanged"] * 3
    assert await _send(crm, city("苏州", JUNE)) == ["changed"]
    async with database.read(merchant_id) as tx:
        assert (await members.get_member(tx, 1)).attributes == {"city": "上海", "肤质": "干性"}
    assert await _send(crm, lin(attributes={"city": "南京"}), city("上海", JULY)) == ["changed", "unchanged"]
    async with database.read(merchant_id) as tx:
        assert (await members.get_member(tx, 1)).attributes["city"] == "南京"
    opened = mirrored.mirror
    assert opened is not None
    await columns.drain(opened, database, merchant_id)
    before = MAY - timedelta(days=1)
    expected = {before: [], MAY: ["杭州"], JUNE: ["苏州"], JULY: ["上海"], clock.now(): ["南京"]}
    for at, cities in expected.items():
        for name in ("杭州", "苏州", "上海", "南京"):
            node = segments.parsed({"attr": "city", "op": "eq", "value": name})
            skin = segments.parsed({"attr": "肤质", "op": "eq", "value": "干性"})
            async with database.read(merchant_id) as tx:
                found = await segments.ask(tx, opened, [node, skin], at)
            assert (1 in found.members(node)) is (name in cities), (at, name)
            assert 1 in found.members(skin), "without a date it holds for all time"


async def test_a_thousand_cost_as_many_statements_as_two(database: Database, merchant_id: int) -> None:
    def told(number: int, turn: int) -> actions.Sent:
        return actions.Sent(
            person={"external": f"c-{turn}-{number}"}, name=f"会员{number}", plain={"肤质": "干性"},
            dated={"city": ("杭州" if number % 2 else "上海", MAY)}, consent={"sms": True},
        )  # fmt: skip

    counts = []
    for turn, many in enumerate((2, 1_000)):
        async with database.write(merchant_id) as tx:
            counting = counted(tx)
            became = await actions.send_members(tx, [told(n, turn) for n in range(many)], clock.now(), "api")
            counts.append(counting.count)
        assert [one.status for one in became] == ["created"] * many
    assert counts[0] == counts[1] <= 24


async def test_without_the_right_nobody_is_written(
    client: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "只读", ["read"], clock.now())
    answer = await client.post("/v1/members", json=lin(), headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    async with database.read(merchant_id) as tx:
        assert await members.count_members(tx) == 0
