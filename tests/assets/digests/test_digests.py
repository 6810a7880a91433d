"""Daily digests: one for every day, over exactly its stretch of the chain; a kept one tells when an old entry was changed."""

from datetime import date, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.assets import audit, digests, points
from shuke.assets.digests import policy
from shuke.assets.digests.jobs import digest_days
from shuke.ground import tenancy
from shuke.kit import clock
from shuke.kit.db import Database
from tests.assets.audit.test_audit import forger

DAY = timedelta(days=1)
NOON = datetime.fromisoformat("2026-11-01T12:00:00+08:00")
WHY = {"zh": "玫瑰精华", "en": "Rose essence"}


async def _earn(database: Database, merchant_id: int, member_id: int, count: int, key: str, at: datetime) -> None:
    given = points.Posting(member_id=member_id, points=count, type="earn", key=key, why=WHY, occurred_at=at)
    with clock.at(at):
        await database.attempt(merchant_id, points.post, [given])


async def _days(database: Database, merchant_id: int) -> list[digests.DigestShape]:
    async with database.read(merchant_id) as tx:
        page = await digests.digests(tx)
    return [*reversed(page.items)]


async def _three_days(database: Database, merchant_id: int) -> str:
    """Points on the first and third of November; the digests as somebody keeps them."""
    await _earn(database, merchant_id, 1, 100, "a", NOON)
    await _earn(database, merchant_id, 2, 50, "b", NOON + DAY / 4)
    await _earn(database, merchant_id, 1, 7, "c", NOON + 2 * DAY)
    await database.attempt(merchant_id, digests.make_digests, NOON + 3 * DAY)
    return "\n".join(f"{one.day},{one.digest}" for one in await _days(database, merchant_id))


async def _found(database: Database, merchant_id: int) -> set[str]:
    return {one["check"] for one in (await audit.audit(database, merchant_id, NOON))["found"]}


async def test_every_day_that_is_over_has_one_digest(database: Database, merchant_id: int) -> None:
    await _three_days(database, merchant_id)
    made = await _days(database, merchant_id)
    assert [(one.day, one.links, one.entries, one.points) for one in made] == [
        (date(2026, 11, 1), 2, 2, 150), (date(2026, 11, 2), 0, 0, 0), (date(2026, 11, 3), 1, 1, 7),
    ]  # fmt: skip
    assert len({one.digest for one in made}) == 3
    await _earn(database, merchant_id, 1, 5, "d", NOON + 3 * DAY)
    assert await database.attempt(merchant_id, digests.make_digests, NOON + 3 * DAY) == 0
    assert await database.attempt(merchant_id, digests.make_digests, NOON + 4 * DAY) == 1
    again = await _days(database, merchant_id)
    assert again[:3] == made and again[3].points == 5
    assert await _found(database, merchant_id) == set()


async def test_what_is_committed_over_midnight_belongs_to_one_day(database: Database, merchant_id: int) -> None:
    """A link recorded on a day that is closed already counts for the next one; no link counts twice or never."""
    night = datetime.fromisoformat("2026-11-02T00:00:00+08:00")
    second = timedelta(seconds=1)
    for number, at in enumerate((NOON, night + second, night - second, night + DAY / 2)):
        await _earn(database, merchant_id, 1, 10**number, f"k{number}", at)
    await database.attempt(merchant_id, digests.make_digests, NOON + 2 * DAY)
    await _earn(database, merchant_id, 1, 10_000, "late", night - second)
    await database.attempt(merchant_id, digests.make_digests, NOON + 3 * DAY)
    made = await _days(database, merchant_id)
    assert [one.points for one in made] == [1, 1110, 10_000]
    assert await _found(database, merchant_id) == set()


_TAMPER = "update entry e set points = 1000 where e.merchant_id = %(merchant_id)s and e.key = 'a'"
_SEALS = """
update chain_link k set digest = s.digest from (
  select batch_id, sha256(convert_to(string_agg(line, '' order by line collate "C"), 'UTF8')) as digest from (
    select batch_id, entry_id || '|' || member_id || '|' || wallet || '|' || type || '|' || points || '|' || key || E'\\n' as line
    from entry where merchant_id = %(merchant_id)s) l group by batch_id) s
where k.merchant_id = %(merchant_id)s and k.batch_id = s.batch_id
"""


async def _tamper(database: Database, merchant_id: int) -> None:
    async with forger(database, merchant_id) as tx:
        await tx.run(_TAMPER)
        await tx.run(
            "update account a set balance = 1007, earned_total = 1007 where merchant_id = %(merchant_id)s and member_id = 1"
        )
        await tx.run(
            "update lot l set granted = 1000, remaining = 1000 where merchant_id = %(merchant_id)s and granted = 100"
        )


async def _reseal(database: Database, merchant_id: int) -> None:
    """What somebody would do who can write everything: seal all again, link all again."""
    async with forger(database, merchant_id) as tx:
        await tx.run(_SEALS)
        for row in await tx.rows("select batch_id from chain_link where merchant_id = %(merchant_id)s order by seq"):
            await tx.run(
                "update chain_link k set hash = sha256(coalesce((select b.hash from chain_link b "
                "where b.merchant_id = k.merchant_id and b.seq < k.seq order by b.seq desc limit 1), '\\x00'::bytea) || k.digest) "
                "where k.merchant_id = %(merchant_id)s and k.batch_id = %(batch)s",
                batch=row.batch_id,
            )
        await tx.run(
            "update merchant_head h set chain = (select hash from chain_link where merchant_id = %(merchant_id)s "
            "order by seq desc limit 1) where h.merchant_id = %(merchant_id)s"
        )


async def test_altering_an_old_entry_is_found_by_a_digest_kept_outside(database: Database, merchant_id: int) -> None:
    kept = await _three_days(database, merchant_id)
    await _tamper(database, merchant_id)
    assert await _found(database, merchant_id) == {"entries_are_sealed", "digests_hold"}
    await _reseal(database, merchant_id)
    assert await _found(database, merchant_id) == {"digests_hold"}
    async with forger(database, merchant_id) as tx:
        await tx.run("delete from daily_digest where merchant_id = %(merchant_id)s")
    await database.attempt(merchant_id, digests.make_digests, NOON + 3 * DAY)
    assert await _found(database, merchant_id) == set()  # nothing inside contradicts itself any more
    async with database.read(merchant_id) as tx:
        compared = await digests.compare(tx, kept)
    assert compared.compared == 3
    assert [one.day for one in compared.differs] == [date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3)]


async def test_untouched_digests_compare_equal_and_a_missing_day_is_told(
    database: Database, merchant_id: int, owner: httpx.AsyncClient
) -> None:
    await _three_days(database, merchant_id)
    exported = await owner.get("/console/api/points/digests/export")
    assert exported.headers["content-type"].startswith("text/csv")
    body = (await owner.post("/console/api/points/digests/compare", json={"text": exported.text})).json()
    assert body == {"compared": 3, "differs": []}
    other = "2026-10-31," + "ab" * 32
    body = (await owner.post("/console/api/points/digests/compare", json={"text": other})).json()
    assert body["differs"] == [{"day": "2026-10-31", "kept": "ab" * 32, "ours": None}]
    refused = await owner.post("/console/api/points/digests/compare", json={"text": "摘要"})
    assert (refused.status_code, refused.json()["code"]) == (422, "no_digests")
    listed = (await owner.get("/console/api/points/digests")).json()["items"]
    assert [one["day"] for one in listed] == ["2026-11-03", "2026-11-02", "2026-11-01"]


async def test_the_job_comes_after_every_midnight(database: Database, merchant_id: int) -> None:
    await _earn(database, merchant_id, 1, 5, "a", NOON)
    with clock.at(NOON + DAY):
        following = await digest_days(database, merchant_id)
    assert following == datetime.fromisoformat("2026-11-03T00:15:00+08:00")
    assert len(await _days(database, merchant_id)) == 1


async def test_where_the_day_begins_at_four_the_job_comes_after_four(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        await tenancy.change_merchant(tx, day_start_minutes=240)
    await _earn(database, merchant_id, 1, 5, "a", NOON)
    for at, made in (("2026-11-02T00:15:00+08:00", 0), ("2026-11-02T04:15:00+08:00", 1)):
        with clock.at(datetime.fromisoformat(at)):
            following = await digest_days(database, merchant_id)
        assert len(await _days(database, merchant_id)) == made
    assert following == datetime.fromisoformat("2026-11-03T04:15:00+08:00")


@given(st.dates(), st.binary(min_size=32, max_size=32), st.sampled_from([",", "\t", ", 3, 5, ", '","']))
def test_a_kept_line_is_read_as_it_was_written(day: date, digest: bytes, between: str) -> None:
    assert policy.kept(f"day,digest\n{day.isoformat()}{between}{digest.hex()}\r\n") == {day: digest.hex()}


@pytest.mark.parametrize("field", policy.Day._fields)
def test_every_part_of_a_day_changes_its_digest(field: str) -> None:
    day = policy.Day(date(2026, 11, 1), 3, 9, 2, 4, 150, b"\x01" * 32, b"\x02" * 32)
    changed = {"day": date(2026, 11, 2), "head": b"\x03" * 32, "previous": b"\x04" * 32}.get(field, 77)
    assert policy.digest_of(day._replace(**{field: changed})) != policy.digest_of(day)
