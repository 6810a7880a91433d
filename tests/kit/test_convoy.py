"""Merchants that share a transaction: one commit, one failure, and never a look at the other's rows."""

import asyncio
from functools import partial
from typing import Any

import pytest

from shuke.ground.ingestion import models
from shuke.kit.db import Database, Tx
from tests.conftest import make_merchant

RECEIPT = {"source": "pos", "body_hashes": "", "answer": "{}", "ref_id": None}
KEYS: tuple[str, dict[str, Any]] = ("select key from receipt order by key", {})


async def write(tx: Tx, key: str) -> list[str]:
    """Write a receipt, look around without naming a merchant, and keep a second one for the commit."""
    await tx.together(tx.insertion(models.Receipt, [RECEIPT | {"key": key}]))
    (seen,) = await tx.together(KEYS)
    tx.at_commit(tx.insertion(models.Receipt, [RECEIPT | {"key": f"{key}-later"}]))
    return [row.key for row in await seen.fetchall()]


async def keys(database: Database, merchant_id: int) -> list[str]:
    async with database.read(merchant_id) as tx:
        return [row.key for row in await tx.rows(*KEYS[:1])]


async def test_each_sees_and_writes_its_own_and_all_commit_as_one(database: Database) -> None:
    merchants = [await make_merchant(database) for _ in range(5)]
    seen = await database.write_together([(m, partial(write, key=f"k{m}")) for m in merchants])
    assert seen == [[f"k{m}"] for m in merchants]
    for m in merchants:
        assert await keys(database, m) == [f"k{m}", f"k{m}-later"]


async def test_single_statements_between_the_round_trips_are_bound_to_their_merchant_too(database: Database) -> None:
    merchants = [await make_merchant(database) for _ in range(4)]

    async def verb(tx: Tx, turns: int) -> Any:
        for turn in range(turns):  # some ask alone more often than others, and one leaves early
            await tx.insert(models.Receipt, [RECEIPT | {"key": f"{turn}"}])
        if turns:
            await tx.together(KEYS)
        return [row.key for row in await tx.rows(KEYS[0])]

    seen = await database.write_together([(m, partial(verb, turns=n)) for n, m in enumerate(merchants)])
    assert seen == [[], ["0"], ["0", "1"], ["0", "1", "2"]]


async def test_an_error_of_one_undoes_all_and_leaves_the_connections_usable(database: Database) -> None:
    merchants = [await make_merchant(database) for _ in range(3)]

    async def failing(tx: Tx) -> None:
        await tx.together(KEYS)
        raise ValueError("a verb that cannot go on")

    async def wrong(tx: Tx) -> None:
        await tx.together(("select 1 / 0", {}))

    async def slow(tx: Tx) -> None:
        await write(tx, "slow")
        await asyncio.sleep(0.05)
        await tx.together(KEYS)

    for bad in (failing, wrong):
        with pytest.raises(ExceptionGroup):
            await database.write_together([(merchants[0], slow), (merchants[1], bad), (merchants[2], slow)])
        assert [await keys(database, m) for m in merchants] == [[], [], []]
    assert await database.write_together([(m, partial(write, key="again")) for m in merchants]) == [["again"]] * 3
