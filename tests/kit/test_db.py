"""Transactions bound to one merchant: isolation, the dense log, the hash chain, and what happens when it goes wrong."""

import asyncio
import hashlib
from collections.abc import Collection

import msgspec
import psycopg
import pytest

from shuke.ground.tenancy import models as tenancy_models
from shuke.kit import clock, errors, events
from shuke.kit.db import Database, MerchantGone, Model, Tx, is_tenant
from tests.kit.conftest import NewMerchant


class Rang(events.Event, frozen=True, tag="test_rang"):
    """A bell rang."""

    number: int
    writer: int = 0


def _brand(number: int, **more: object) -> dict[str, object]:
    return {"brand_id": number, "name": f"brand {number}", **more}


async def _brands(tx: Tx) -> list[int]:
    return [row.brand_id for row in await tx.rows("select brand_id from brand order by brand_id")]


async def test_a_merchant_sees_only_its_own_rows_even_with_careless_sql(
    database: Database, new_merchant: NewMerchant
) -> None:
    ours, theirs = await new_merchant(), await new_merchant()
    for merchant_id, number in ((ours, 1), (theirs, 2)):
        async with database.write(merchant_id) as tx:
            await tx.insert(tenancy_models.Brand, [_brand(number)])
    async with database.read(ours) as tx:
        assert await _brands(tx) == [1]
        careless = await tx.rows("select * from brand where merchant_id = %(other)s", other=theirs)
        assert careless == []
    async with database.write(ours) as tx:
        assert await tx.run("update brand set name = 'taken over'") == 1
        assert await tx.run("delete from brand where merchant_id = %(other)s", other=theirs) == 0
    async with database.read(theirs) as tx:
        assert await tx.value("select name from brand") == "brand 2"


async def test_a_row_for_another_merchant_cannot_be_written(database: Database, new_merchant: NewMerchant) -> None:
    ours, theirs = await new_merchant(), await new_merchant()
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        async with database.write(ours) as tx:
            await tx.run(
                "insert into brand (merchant_id, brand_id, name) values (%(other)s, 7, 'smuggled')",
                other=theirs,
            )
    async with database.write(ours) as tx:
        await tx.insert(tenancy_models.Brand, [_brand(8)])
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        async with database.write(ours) as tx:
            await tx.run("update brand set merchant_id = %(other)s", other=theirs)
    async with database.read(theirs) as tx:
        assert await _brands(tx) == []


async def test_without_a_merchant_tenant_tables_are_empty(database: Database, bare: int) -> None:
    async with database.write(bare) as tx:
        await tx.insert(tenancy_models.Brand, [_brand(1)])
    async with database.directory() as tx:
        assert await _brands(tx) == []


async def test_every_tenant_table_is_under_a_forced_policy(database: Database) -> None:
    async with database.directory() as tx:
        guarded = await tx.rows(
            "select c.relname as name from pg_class c join pg_policy p on p.polrelid = c.oid "
            "where c.relrowsecurity and c.relforcerowsecurity"
        )
    tables = {table.name for table in Model.metadata.tables.values() if is_tenant(table)}
    assert tables - {row.name for row in guarded} == set()


async def test_the_merchant_does_not_stay_on_a_connection(database: Database, bare: int) -> None:
    async with database.write(bare) as tx:
        await tx.insert(tenancy_models.Brand, [_brand(1)])
    with pytest.raises(RuntimeError):
        async with database.write(bare):
            raise RuntimeError
    for _ in range(20):
        async with database.directory() as tx:
            assert await tx.value("select nullif(current_setting('app.merchant_id', true), '')") is None


async def test_a_failed_transaction_leaves_nothing(database: Database, bare: int) -> None:
    async def write_and_fail() -> None:
        async with database.write(bare) as tx:
            await tx.insert(tenancy_models.Brand, [_brand(1)])
            tx.announce(Rang(number=1))
            tx.seal(["x"])
            raise errors.NotFound

    with pytest.raises(errors.NotFound):
        await write_and_fail()
    async with database.read(bare) as tx:
        assert await _brands(tx) == []
        assert await tx.value("select count(*) from outbox") == 0
        assert await tx.value("select seq from merchant_head where merchant_id = %(merchant_id)s") == 0


async def test_a_merchant_that_is_not_there_cannot_announce(database: Database) -> None:
    with pytest.raises(MerchantGone):
        async with database.write(2**40) as tx:
            tx.announce(Rang(number=1))


async def test_reading_cannot_write(database: Database, bare: int) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        async with database.read(bare) as tx:
            await tx.insert(tenancy_models.Brand, [_brand(1)])


async def test_sixteen_writers_get_a_dense_log_in_commit_order(database: Database, bare: int) -> None:
    async def writer(number: int) -> None:
        for turn in range(8):
            async with database.write(bare) as tx:
                tx.announce(Rang(number=turn * 2, writer=number), Rang(number=turn * 2 + 1, writer=number))
                tx.seal([f"{number}:{turn}"])

    await asyncio.gather(*(writer(number) for number in range(16)))
    async with database.read(bare) as tx:
        rows = await tx.rows("select seq, payload, batch_id from outbox order by seq")
        head = await tx.value("select seq from merchant_head where merchant_id = %(merchant_id)s")
    assert [row.seq for row in rows] == list(range(1, 16 * 8 * 2 + 1))
    assert head == len(rows)
    for number in range(16):
        told = [row.payload["number"] for row in rows if row.payload["writer"] == number]
        assert told == list(range(16)), "what one writer said comes in the order it was said"
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        assert first.batch_id == second.batch_id, "announcements of one transaction stand together"


async def test_every_link_of_the_chain_hangs_on_the_one_before(database: Database, bare: int) -> None:
    async def writer(number: int) -> None:
        for turn in range(4):
            async with database.write(bare) as tx:
                tx.announce(Rang(number=turn, writer=number))
                tx.seal([f"{number}:{turn};"])
                tx.seal(["another line;"])

    await asyncio.gather(*(writer(number) for number in range(8)))
    async with database.read(bare) as tx:
        links = await tx.rows("select seq, digest, hash from chain_link order by seq")
        head = await tx.value("select chain from merchant_head where merchant_id = %(merchant_id)s")
    assert len(links) == 32
    chain = b"\x00"
    for link in links:
        chain = hashlib.sha256(chain + link.digest).digest()
        assert link.hash == chain
    assert head == chain
    expected = hashlib.sha256(b"0:0;another line;").digest()  # the lines of a transaction, sorted
    assert expected in {link.digest for link in links}


async def test_the_log_is_append_only(database: Database, bare: int) -> None:
    async with database.write(bare) as tx:
        tx.announce(Rang(number=1))
    for statement in ("update outbox set kind = 'forged'", "delete from outbox", "delete from chain_link"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with database.write(bare) as tx:
                await tx.run(statement)


async def test_attempt_repeats_after_a_deadlock(database: Database, bare: int) -> None:
    async with database.write(bare) as tx:
        await tx.insert(tenancy_models.Brand, [_brand(1), _brand(2)])
    turns: list[tuple[int, int]] = []

    async def lock_both(tx: Tx, first: int, second: int) -> None:
        turns.append((first, second))
        lock = "update brand set name = name || '.' where merchant_id = %(merchant_id)s and brand_id = %(id)s"
        await tx.run(lock, id=first)
        await asyncio.sleep(0.2)
        await tx.run(lock, id=second)

    await asyncio.gather(
        database.attempt(bare, lock_both, 1, 2),
        database.attempt(bare, lock_both, 2, 1),
    )
    assert len(turns) >= 3, "one of the two was the victim and ran again"
    async with database.read(bare) as tx:
        names = [row.name for row in await tx.rows("select name from brand order by brand_id")]
    assert names == ["brand 1..", "brand 2.."]


async def test_one_statement_inserts_many_with_every_conflict_rule(database: Database, bare: int) -> None:
    async with database.write(bare) as tx:
        assert await tx.insert(tenancy_models.Brand, []) == 0
        assert await tx.insert(tenancy_models.Brand, [_brand(n) for n in range(500)]) == 500
        again = [_brand(n, name="again") for n in range(499, 502)]
        assert await tx.insert(tenancy_models.Brand, again, conflict="ignore") == 2
        assert await tx.insert(tenancy_models.Brand, again, conflict="update:name") == 3
    with pytest.raises(psycopg.errors.UniqueViolation):
        async with database.write(bare) as tx:
            await tx.insert(tenancy_models.Brand, [_brand(1)])
    async with database.read(bare) as tx:
        assert await tx.value("select count(*) from brand where name = 'again'") == 3


async def test_text_of_any_kind_comes_back_as_it_went_in(database: Database, bare: int) -> None:
    names = [
        "中文 & 'quotes' \"double\"",
        "%(merchant_id)s %s",
        "line\nbreak\ttab",
        "emoji 🧧",
        "\\x00 ' ; --",
        "",
    ]
    async with database.write(bare) as tx:
        await tx.insert(tenancy_models.Brand, [_brand(n, name=name) for n, name in enumerate(names)])
    async with database.read(bare) as tx:
        assert [row.name for row in await tx.rows("select name from brand order by brand_id")] == names


async def test_news_is_told_only_after_the_commit(database: Database, bare: int) -> None:
    told: list[int] = []

    def tell(merchant_id: int, kinds: Collection[str]) -> None:
        assert set(kinds) == {Rang.__struct_config__.tag}
        told.append(merchant_id)

    database.on_news.append(tell)
    try:
        async with database.write(bare) as tx:
            tx.announce(Rang(number=1))
            assert bare not in told
        assert told.count(bare) == 1
        async with database.write(bare) as tx:
            await tx.insert(tenancy_models.Brand, [_brand(1)])
        assert told.count(bare) == 1, "a transaction without announcements is no news"
    finally:
        database.on_news.remove(tell)


async def test_the_outbox_keeps_the_moment_of_the_commit(database: Database, bare: int) -> None:
    moment = clock.now().replace(year=2031, microsecond=0)
    with clock.at(moment):
        async with database.write(bare) as tx:
            tx.announce(Rang(number=5))
    async with database.read(bare) as tx:
        row = await tx.one("select kind, payload, at from outbox")
    assert (row.kind, row.at) == ("test_rang", moment)
    assert msgspec.convert(row.payload, Rang) == Rang(number=5)
