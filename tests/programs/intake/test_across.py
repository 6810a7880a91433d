"""Orders of many merchants in one transaction: each its own verdict, and one merchant's trouble stays its own."""

import asyncio
from typing import Any

import msgspec

from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import intake
from tests.conftest import make_merchant
from tests.programs.intake.test_orders import balance, order, tables


async def test_many_merchants_at_once_each_get_their_verdict(database: Database) -> None:
    merchants = [await make_merchant(database) for _ in range(30)]
    collector = intake.Collector(database)
    for turn in range(3):  # strangers first, then members this process remembers; the last turn is sent twice
        at = clock.now()
        sent = [
            collector.submit(m, order(f"o{turn}", yuan=10 + place, occurred_at=at))
            for _ in range(1 + (turn == 2))
            for place, m in enumerate(merchants)
        ]
        answers = await asyncio.gather(*sent)
        assert {answer.status for answer in answers} == {200}
    await collector.close()
    for place, m in enumerate(merchants):
        assert await balance(database, m) == 3 * (10 + place)
        assert (await tables(database, m))["orders"] == 3
        async with database.read(m) as tx:
            assert (await tx.rows("select seq from outbox order by seq"))[-1].seq == await tx.value(
                "select seq from merchant_head where merchant_id = %(merchant_id)s"
            )


async def test_trouble_of_one_merchant_is_not_the_others(database: Database) -> None:
    good, strange, broken = [await make_merchant(database) for _ in range(3)]
    gone = 10**12
    parts: list[tuple[int, list[Any]]] = [
        (good, [order("a")]),
        (strange, [order("b", points_spent=50)]),  # refused, and its new member with it
        (broken, [order("c\x00"), order("d")]),  # a text that cannot be stored
        (gone, [order("e")]),
    ]
    answers = await intake.apply_across(database, parts)
    found = [[answer.status for answer in each] if isinstance(each, list) else type(each).__name__ for each in answers]
    assert found[:3] == [[200], [422], [400, 200]]
    assert isinstance(answers[3], Exception)
    assert await balance(database, good) == 100
    assert (await tables(database, strange))["member"] == 0
    (first,) = await intake.apply(database, good, [order("a")])
    assert msgspec.json.decode(first.body)["status"] == "duplicate"


async def test_crossing_convoys_of_the_same_merchants_finish(database: Database) -> None:
    merchants = [await make_merchant(database) for _ in range(6)]
    for m in merchants:
        await intake.apply(database, m, [order("first")])
    turns = [
        intake.apply_across(database, [(m, [order(f"t{turn}")]) for m in (merchants if turn % 2 else merchants[::-1])])
        for turn in range(8)
    ]
    for answers in await asyncio.gather(*turns):
        assert [[answer.status for answer in each] for each in answers if isinstance(each, list)] == [[200]] * 6
    assert [await balance(database, m) for m in merchants] == [900] * 6
