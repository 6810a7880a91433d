"""Orders and refunds of members who were merged into others: everything follows the heir."""

from datetime import timedelta

from shuke.assets import audit, points
from shuke.ground import members, tenancy
from shuke.ground.ingestion import OrderIn
from shuke.kit.db import Database
from tests.programs.intake.test_orders import NOW, PHONE, balance, give_offer, order, refund, send

OTHER = {"phone": "13900139000"}


async def _merge(database: Database, merchant_id: int, loser: int, heir: int) -> None:
    async with database.write(merchant_id) as tx:
        await members.merge(tx, loser, heir, at=NOW, by="小美")
        await points.merge_members(tx, [(loser, heir)], NOW)


async def test_a_refund_after_a_merge_takes_back_from_the_heir_and_gives_back_to_them(
    database: Database, merchant_id: int
) -> None:
    await send(database, merchant_id, order("a", yuan=600))
    ((_, other),) = await send(database, merchant_id, order("o", yuan=10, member=OTHER))
    await give_offer(database, merchant_id)
    ((_, spent),) = await send(database, merchant_id, order("b", yuan=1, points_spent=500))
    await _merge(database, merchant_id, spent["member_id"], other["member_id"])
    ((status, body),) = await send(database, merchant_id, refund("1", "a", 60_000))
    assert (status, body["points"]["taken_back"]) == (200, 600)
    assert body["member_id"] == other["member_id"]
    ((status, body),) = await send(database, merchant_id, refund("2", "b", 100))
    assert (status, body["points"]["taken_back"], body["points"]["given_back"]) == (200, 1, 500)
    assert await balance(database, merchant_id) == 10
    result = await audit.audit(database, merchant_id, NOW)
    assert result["found"] == []


async def test_a_merged_members_next_order_earns_for_the_heir(database: Database, merchant_id: int) -> None:
    ((_, first),) = await send(database, merchant_id, order("a"))
    ((_, other),) = await send(database, merchant_id, order("o", yuan=10, member=OTHER))
    await _merge(database, merchant_id, first["member_id"], other["member_id"])
    later: OrderIn = order("c", yuan=5, occurred_at=NOW + timedelta(minutes=1))
    ((_, body),) = await send(database, merchant_id, later, at=NOW + timedelta(minutes=2))
    assert (body["member_id"], body["points"]["balance"]) == (other["member_id"], 115)


async def test_what_one_process_remembers_of_a_member_is_proved_before_it_is_used(
    database: Database, database_url: str, merchant_id: int
) -> None:
    other_process = await Database.open(database_url, size=2, hot_size=1)
    try:
        ((_, first),) = await send(other_process, merchant_id, order("a"))
        ((_, again),) = await send(other_process, merchant_id, order("b"))
        assert again["member_id"] == first["member_id"]
        ((_, heir),) = await send(database, merchant_id, order("o", yuan=10, member=OTHER))
        await _merge(database, merchant_id, first["member_id"], heir["member_id"])
        ((_, later),) = await send(other_process, merchant_id, order("c", yuan=5))
        assert (later["member_id"], later["points"]["balance"]) == (heir["member_id"], 215)
        both = {**PHONE, "external": "c-77"}
        ((_, known_more),) = await send(other_process, merchant_id, order("d", yuan=1, member=both))
        ((_, by_the_new),) = await send(database, merchant_id, order("e", yuan=1, member={"external": "c-77"}))
        assert known_more["member_id"] == by_the_new["member_id"] == heir["member_id"]
    finally:
        await other_process.close()


async def test_a_remembered_member_is_judged_by_the_rules_of_the_moment(
    database: Database, database_url: str, merchant_id: int
) -> None:
    other_process = await Database.open(database_url, size=2, hot_size=1)
    try:
        await send(other_process, merchant_id, order("a"))
        ((status, body),) = await send(other_process, merchant_id, order("b", store_id="s2"))
        assert (status, body["code"]) == (422, "unknown_store")
        async with database.write(merchant_id) as tx:
            await tenancy.create_store(tx, "s2", NOW, name="徐汇店")
        ((status, _),) = await send(other_process, merchant_id, order("b", store_id="s2"))
        assert status == 200
    finally:
        await other_process.close()
