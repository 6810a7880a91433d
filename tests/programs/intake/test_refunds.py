"""Refunds: by the original breakdown, in parts that sum exactly, before their order, and after the points are spent."""

import itertools
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shuke.kit import money
from shuke.kit.db import Database
from tests.programs.intake.test_orders import NOW, balance, give_offer, order, refund, send, tables


async def test_partial_refunds_take_back_exactly_what_was_given(database: Database, merchant_id: int) -> None:
    await send(database, merchant_id, order("a"))
    answers = await send(
        database, merchant_id, refund("1", "a", 3_333), refund("2", "a", 3_333), refund("3", "a", 3_334)
    )
    assert [body["points"]["taken_back"] for _, body in answers] == [34, 33, 33]
    assert await balance(database, merchant_id) == 0


@given(amount=st.integers(1, 10**7), cuts=st.lists(st.integers(0, 10**7), max_size=6))
def test_what_an_award_keeps_falls_to_nothing_in_any_parts(amount: int, cuts: list[int]) -> None:
    left = sorted({cut % (amount + 1) for cut in cuts} | {0}, reverse=True)
    kept = [money.scale(rest, 1, 100) for rest in (amount, *left)]
    taken = [before - after for before, after in itertools.pairwise(kept)]
    assert all(part >= 0 for part in taken)
    assert sum(taken) == kept[0]


async def test_more_than_is_left_is_refused(database: Database, merchant_id: int) -> None:
    await send(database, merchant_id, order("a"))
    await send(database, merchant_id, refund("1", "a", 6_000))
    before = await tables(database, merchant_id)
    ((status, body),) = await send(database, merchant_id, refund("2", "a", 5_000))
    assert (status, body["code"], body["details"]["left_fen"]) == (422, "refund_too_large", 4_000)
    assert await tables(database, merchant_id) == before


async def test_a_repeated_refund_returns_the_first_answer(database: Database, merchant_id: int) -> None:
    await send(database, merchant_id, order("a"))
    (first,) = await send(database, merchant_id, refund("1", "a", 5_000))
    again = await send(database, merchant_id, refund("1", "a", 5_000), refund("1", "a", 4_000))
    assert again[0] == (200, first[1] | {"status": "duplicate"})
    assert (again[1][0], again[1][1]["field"]) == (409, "amount_fen")
    assert await balance(database, merchant_id) == 50


async def test_a_refund_before_its_order_waits_and_is_applied_with_it(database: Database, merchant_id: int) -> None:
    ((_, parked),) = await send(database, merchant_id, refund("1", "a", 2_500))
    assert parked["status"] == "parked"
    await send(database, merchant_id, order("a"))
    assert await balance(database, merchant_id) == 75


async def test_points_spent_meanwhile_become_a_debt_that_later_points_pay_first(
    database: Database, merchant_id: int
) -> None:
    await send(database, merchant_id, order("a", yuan=600))
    await give_offer(database, merchant_id)
    await send(database, merchant_id, order("b", yuan=1, points_spent=500))
    ((_, body),) = await send(database, merchant_id, refund("1", "a", 60_000))
    assert body["points"] == {"taken_back": 600, "given_back": 0, "debt": 499, "balance": -499}
    assert "欠分" in body["why"][0]["zh"]
    await send(database, merchant_id, order("c", yuan=500))
    async with database.read(merchant_id) as tx:
        account = await tx.one("select balance, debt from account where merchant_id = %(merchant_id)s")
        lots = await tx.value("select sum(remaining) from lot where merchant_id = %(merchant_id)s")
    assert (account.balance, account.debt, lots) == (1, 0, 1)


async def test_spent_points_go_back_to_the_lot_they_came_from(database: Database, merchant_id: int) -> None:
    await send(database, merchant_id, order("a", yuan=600))
    await give_offer(database, merchant_id)
    await send(database, merchant_id, order("b", points_spent=500))
    half = await send(database, merchant_id, refund("1", "b", 5_000))
    assert half[0][1]["points"]["given_back"] == 250
    ((_, rest),) = await send(database, merchant_id, refund("2", "b", 5_000))
    assert rest["points"]["given_back"] == 250
    async with database.read(merchant_id) as tx:
        lots = await tx.rows("select granted, remaining from lot where merchant_id = %(merchant_id)s order by lot_id")
    assert [tuple(lot) for lot in lots] == [(600, 600), (100, 0)]


async def test_a_refund_of_the_far_past_is_history_only(database: Database, merchant_id: int) -> None:
    old = NOW - timedelta(days=200)
    await send(database, merchant_id, order("a", occurred_at=old), history=True)
    ((_, body),) = await send(database, merchant_id, refund("1", "a", 10_000, occurred_at=old), history=True)
    assert body["points"]["taken_back"] == 100
