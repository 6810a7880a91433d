"""Points on the console: what staff see and do, what is refused, and what the audit trail keeps."""

import asyncio
from typing import Any

import httpx
import pytest

from shuke.ground import members
from shuke.kit import clock
from shuke.kit.db import Database
from tests.conftest import signed_in


@pytest.fixture
async def member_id(database: Database, merchant_id: int) -> int:
    async with database.write(merchant_id) as tx:
        (number,) = await members.ensure_members(tx, [members.identities_of({"phone": "13800138000"})], clock.now())
    return number


async def _adjust(
    client: httpx.AsyncClient, member_id: int, points: Any, reason: str = "补发", **headers: str
) -> httpx.Response:
    body = {"points": points, "reason": reason}
    return await client.post(f"/console/api/members/{member_id}/adjust", json=body, headers=headers)


async def _get(client: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await client.get(f"/console/api/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_adjust_and_read_it_everywhere(owner: httpx.AsyncClient, member_id: int) -> None:
    given = await _adjust(owner, member_id, 300)
    assert given.status_code == 201, given.text
    taken = await _adjust(owner, member_id, -120, "录错了")
    assert (given.json()["why"]["zh"], taken.json()["points"]) == ("小美 手工调整：补发", -120)
    entries = (await _get(owner, f"members/{member_id}/entries"))["items"]
    assert [(entry["type"], entry["points"], entry["balance_after"]) for entry in entries] == [
        ("adjust", -120, 180), ("adjust", 300, 300),
    ]  # fmt: skip
    (lot,) = (await _get(owner, f"members/{member_id}/lots"))["items"]
    assert (lot["granted"], lot["remaining"], lot["why"]["en"]) == (300, 180, "Adjusted by 小美: 补发")
    balance = await _get(owner, f"members/{member_id}/balance")
    assert (balance["available"], balance["expiring"][0]["points"]) == (180, 180)
    today = str(clock.business_date(clock.now(), "Asia/Shanghai"))
    ledger = await _get(owner, "points/ledger", **{"type": "adjust", "from": today, "to": today})
    assert [entry["member_id"] for entry in ledger["items"]] == [member_id, member_id]
    summary = await _get(owner, "points/summary", days=7)
    assert (summary["issued"], summary["outstanding"], len(summary["days"])) == (180, 180, 7)
    assert summary["days"][-1] == {"date": today, "issued": 180, "used": 0, "expired": 0}
    trail = (await _get(owner, "audit-trail", action="points.adjusted"))["items"]
    assert [row["sentence"]["zh"] for row in trail] == [
        f"小美给会员 {member_id} 调整了 -120 积分，原因：录错了",
        f"小美给会员 {member_id} 调整了 300 积分，原因：补发",
    ]


async def test_an_adjustment_under_one_key_is_booked_once(owner: httpx.AsyncClient, member_id: int) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = await _adjust(owner, member_id, 50, **key)
    again = await _adjust(owner, member_id, 50, **key)
    assert first.json() == again.json()
    other = await _adjust(owner, member_id, 60, **key)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert (await _get(owner, f"members/{member_id}/balance"))["available"] == 50
    assert len((await _get(owner, "audit-trail", action="points.adjusted"))["items"]) == 1


@pytest.mark.parametrize(
    ("points", "reason", "status", "code", "field"),
    [
        (-1, "x", 409, "not_enough_points", "points"),
        (0, "x", 422, "nothing_to_adjust", "points"),
        (10**9, "x", 422, "nothing_to_adjust", "points"),
        (5, "  ", 422, "reason_missing", "reason"),
        ("many", "x", 400, "malformed", "points"),
    ],
)
async def test_refused_adjustments_move_nothing(
    owner: httpx.AsyncClient, member_id: int, points: Any, reason: str, status: int, code: str, field: str
) -> None:
    refused = await _adjust(owner, member_id, points, reason)
    body = refused.json()
    assert (refused.status_code, body["code"], body["field"]) == (status, code, field)
    assert body["message"]
    assert body["message_en"]
    assert body["cure"]
    assert (await _get(owner, f"members/{member_id}/entries"))["items"] == []


async def test_a_clerk_sees_points_and_may_not_adjust_them(
    app: Any, database: Database, merchant_id: int, member_id: int
) -> None:
    clerk = await signed_in(app, database, merchant_id, ("clerk", None))
    assert (await _adjust(clerk, member_id, 5)).status_code == 403
    assert (await _get(clerk, f"members/{member_id}/balance"))["available"] == 0


async def test_nobody_elses_members_are_there(owner: httpx.AsyncClient, member_id: int) -> None:
    for path in ("entries", "lots", "balance"):
        assert (await owner.get(f"/console/api/members/{member_id + 999}/{path}")).status_code == 404
    assert (await _adjust(owner, member_id + 999, 5)).status_code == 404
    wrong = await owner.get("/console/api/points/ledger", params={"type": "magic"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "type")
    wrong = await owner.get("/console/api/points/ledger", params={"from": "yesterday"})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "from")


async def test_an_audit_asked_for_runs_and_shows(owner: httpx.AsyncClient, member_id: int) -> None:
    assert (await _get(owner, "points/audit"))["checked_at"] is None
    await _adjust(owner, member_id, 5)
    assert (await owner.post("/console/api/points/audit")).status_code == 202
    for _ in range(100):
        found = await _get(owner, "points/audit")
        if found["checked_at"] is not None:
            break
        await asyncio.sleep(0.05)
    assert (found["differences"], found["totals"]["points"]["outstanding"]) == (0, 5)
