"""What came after the lateness window waits for a person, who accepts it as history or dismisses it."""

from datetime import timedelta

import httpx

from shuke.kit.db import Database
from tests.programs.intake.test_orders import NOW, balance, order, send

OLD = NOW - timedelta(days=40)


async def test_accepted_it_earns_by_the_rules_of_its_time_once(
    owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    await send(database, merchant_id, order("till-7", occurred_at=OLD))
    (waiting,) = (await owner.get("/console/api/late")).json()["items"]
    assert (waiting["kind"], waiting["key"], waiting["body"]["lines"][0]["product"]) == ("order", "till-7", "玫瑰精华")
    path = f"/console/api/late/{waiting['item_id']}/accept"
    assert (await owner.post(path)).json()["points"]["earned"] == 100
    again = await owner.post(path)
    assert (again.status_code, again.json()["code"]) == (404, "no_such_late_item")
    ((_, repeat),) = await send(database, merchant_id, order("till-7", occurred_at=OLD))
    assert repeat["status"] == "duplicate"
    assert await balance(database, merchant_id) == 100
    assert (await owner.get("/console/api/late")).json()["items"] == []


async def test_dismissed_it_stays_out_and_the_sender_is_told(
    owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    await send(database, merchant_id, order("till-8", occurred_at=OLD))
    (waiting,) = (await owner.get("/console/api/late")).json()["items"]
    assert (await owner.post(f"/console/api/late/{waiting['item_id']}/dismiss")).json() == {"status": "dismissed"}
    ((_, repeat),) = await send(database, merchant_id, order("till-8", occurred_at=OLD))
    assert (repeat["status"], repeat["reason"]["zh"]) == ("dismissed", "超过补录期限，已被人工驳回")
    assert await balance(database, merchant_id) == 0
