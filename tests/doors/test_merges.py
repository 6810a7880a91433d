"""The merge tool on the console: merge, see what moved, undo, and everything follows."""

from datetime import timedelta
from typing import Any

import httpx

from shuke.assets import audit, points
from shuke.doors import wiring
from shuke.ground import members
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.kit.events import Relay

DAY = timedelta(days=1)


async def _given(database: Database, merchant_id: int, member_id: int, amount: int) -> None:
    now = clock.now()
    posting = points.Posting(
        member_id=member_id, points=amount, type="earn", key=f"g{member_id}:{amount}", why={"kind": "none"},
        occurred_at=now, expires_at=now + 30 * DAY if amount > 0 else None,
    )  # fmt: skip
    await database.attempt(merchant_id, points.post, [posting])


async def _available(owner: httpx.AsyncClient, *numbers: int) -> list[int]:
    answers = [(await owner.get(f"/console/api/members/{number}/balance")).json() for number in numbers]
    return [answer["available"] for answer in answers]


async def test_merge_and_undo(owner: httpx.AsyncClient, database: Database, merchant_id: int) -> None:
    for phone in ("13800138000", "13900139000"):
        assert (await owner.post("/console/api/members", json={"phone": phone})).status_code == 201
    await _given(database, merchant_id, 1, 300)
    await _given(database, merchant_id, 2, 50)
    assert (await owner.post("/console/api/members/1/merge", json={"into": 2})).status_code == 200
    await Relay(database, wiring.READERS).drain(merchant_id)
    spent = points.Posting(
        member_id=2, points=-120, type="redeem", key="s", why={"kind": "none"}, occurred_at=clock.now()
    )
    await database.attempt(merchant_id, points.post, [spent])

    async def listed() -> dict[str, Any]:
        (row,) = (await owner.get("/console/api/merges")).json()["items"]
        return row

    row = await listed()
    assert (row["member_id"], row["into_id"], row["by"], row["undoable"]) == (1, 2, "小美", True)
    assert (row["points_moved"], row["points_left"], row["points_returned"]) == (300, 180, None)
    undone = await owner.post(f"/console/api/merges/{row['merge_id']}/undo")
    assert (undone.status_code, undone.json()["undone_by"]) == (200, "小美")
    await Relay(database, wiring.READERS).drain(merchant_id)
    row = await listed()
    assert (row["points_returned"], row["undoable"]) == (180, False)
    assert await _available(owner, 1, 2) == [180, 50]
    again = await owner.post(f"/console/api/merges/{row['merge_id']}/undo")
    assert (again.status_code, again.json()["code"]) == (409, "cannot_unmerge")
    trail = (await owner.get("/console/api/audit-trail", params={"action": "member.unmerged"})).json()["items"]
    assert [one["sentence"]["zh"] for one in trail] == ["小美撤销了会员 1 到会员 2 的合并"]
    async with database.read(merchant_id) as tx:
        assert await members.resolve(tx, [{"phone": "13800138000"}]) == [1]
    assert (await audit.audit(database, merchant_id, clock.now()))["found"] == []
