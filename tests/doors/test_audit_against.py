"""`shuke audit --against FILE`: digests that somebody kept agree with an honest ledger, and tell of a forged one."""

import asyncio
import json
import os
import sys
from pathlib import Path

import httpx
import pytest

from shuke.assets import digests
from shuke.kit.db import Database
from tests.assets.audit.test_audit import forger
from tests.assets.digests.test_digests import DAY, NOON, _reseal, _tamper, _three_days


@pytest.fixture
async def slug(database: Database, merchant_id: int) -> str:
    """The merchant as the command line names it."""
    async with database.read(merchant_id) as tx:
        return str(await tx.value("select slug from merchant where merchant_id = %(merchant_id)s"))


async def run(url: str, *words: str) -> tuple[int, str, str]:
    """The command as a person runs it, beside a database of their own."""
    environment = os.environ | {"SHUKE_DATABASE_URL": url}
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "shuke.doors.cli", "audit", *words, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, errors = await command.communicate()
    return int(command.returncode or 0), out.decode(), errors.decode()


async def test_kept_digests_agree_until_an_old_entry_is_forged(
    database: Database, database_url: str, merchant_id: int, slug: str, owner: httpx.AsyncClient, tmp_path: Path
) -> None:
    await _three_days(database, merchant_id)
    kept = tmp_path / "每日摘要.csv"
    kept.write_bytes((await owner.get("/console/api/points/digests/export")).content)
    code, out, errors = await run(database_url, "--merchant", slug, "--against", str(kept))
    assert code == 0, errors
    told = json.loads(out)
    assert (told["differences"], told["kept"]["differs"], told["kept"]["compared"] >= 3) == (0, [], True)

    await _tamper(database, merchant_id)
    await _reseal(database, merchant_id)
    async with forger(database, merchant_id) as tx:
        await tx.run("delete from daily_digest where merchant_id = %(merchant_id)s")
    await database.attempt(merchant_id, digests.make_digests, NOON + 3 * DAY)
    code, out, errors = await run(database_url, "--merchant", slug)
    assert (code, json.loads(out)["differences"]) == (0, 0), "a history forged as a whole agrees with itself"
    code, out, errors = await run(database_url, "--merchant", slug, "--against", str(kept))
    told = json.loads(out)
    assert code == 1, errors
    assert [one["day"] for one in told["kept"]["differs"]] == ["2026-11-01", "2026-11-02", "2026-11-03"]
    assert told["differences"] == 3


async def test_digests_are_those_of_one_merchant_and_of_a_file_that_is_there(
    database_url: str, slug: str, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.csv"
    code, _, errors = await run(database_url, "--merchant", slug, "--against", str(kept))
    assert code == 2 and "kept.csv" in errors
    kept.write_text("2026-11-01," + "0" * 64, encoding="utf-8")
    code, _, errors = await run(database_url, "--against", str(kept))
    assert code == 1 and "needs --merchant" in errors
