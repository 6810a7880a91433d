"""Access: sign-in and its throttle, roles, keys, and the trail."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shuke.ground import access
from shuke.ground.access import policy
from shuke.ground.access.policy import trail
from shuke.kit import clock
from shuke.kit.db import Database

AT = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)


async def _staff(database: Database, merchant_id: int, login: str, *roles: tuple[str, str | None]) -> int:
    async with database.write(merchant_id) as tx:
        return await access.create_staff(
            tx, login=login, name=login, password_hash=await access.hash_password("a long secret"), roles=roles, at=AT
        )


async def _sign_in(database: Database, login: str, password: str, at: datetime = AT) -> access.Session:
    return (await access.sign_in(database, login, password, ip="10.0.0.1", agent="test", at=at))[1]


async def test_sign_in_gives_a_session_and_a_line_in_the_trail(database: Database, merchant_id: int) -> None:
    login = f"may-{merchant_id}"
    await _staff(database, merchant_id, login, ("owner", None))
    session = await _sign_in(database, f" {login.upper()} ", "a long secret")
    assert (session.merchant_id, session.role, session.stores) == (merchant_id, "owner", frozenset())
    async with database.read(merchant_id) as tx:
        [act] = (await access.list_trail(tx)).items
    assert (act.action, act.actor.name, act.sentence.zh) == ("session.opened", login, f"{login}登录了")


async def test_five_failures_close_the_door_for_a_while(database: Database, merchant_id: int) -> None:
    login = f"li-{merchant_id}"
    await _staff(database, merchant_id, login, ("owner", None))
    for _ in range(5):
        with pytest.raises(access.BadCredentials):
            await _sign_in(database, login, "wrong")
    with pytest.raises(access.TooManyTries) as refused:
        await _sign_in(database, login, "a long secret")
    assert refused.value.facts["retry_after_seconds"] == 61
    assert (await _sign_in(database, login, "a long secret", AT + timedelta(minutes=2))).login == login
    with pytest.raises(access.BadCredentials):
        await _sign_in(database, "nobody-at-all", "a long secret")


async def test_nobody_enters_a_shop_that_is_not_open_yet(database: Database, merchant_id: int) -> None:
    login = f"su-{merchant_id}"
    await _staff(database, merchant_id, login, ("owner", None))
    await _shop_is(database, merchant_id, "loading")
    for _ in range(5):
        with pytest.raises(access.BadCredentials):
            await _sign_in(database, login, "a long secret")
    await _shop_is(database, merchant_id, "active")
    async with database.directory() as tx:
        number = await tx.value("select staff_id from staff where login = %(login)s", login=login)
        await access.forgive_tries(tx, [number])
    assert (await _sign_in(database, login, "a long secret")).merchant_id == merchant_id


async def _shop_is(database: Database, merchant_id: int, state: str) -> None:
    async with database.directory() as tx:
        await tx.run(
            "update merchant set state = %(state)s where merchant_id = %(number)s", state=state, number=merchant_id
        )


async def test_a_session_ends_when_idle_or_too_old(database: Database, merchant_id: int) -> None:
    login = f"wu-{merchant_id}"
    await _staff(database, merchant_id, login, ("clerk", None))
    token, _ = await access.sign_in(database, login, "a long secret", ip="", agent="", at=AT)
    hashed = access.token_hash(token)
    for day in range(30):
        at = AT + timedelta(days=day / 3)
        async with database.directory() as tx:
            session = await access.find_session(tx, hashed, at)
            assert session is not None, day
            await access.touch_session(tx, session, at)
    async with database.directory() as tx:
        assert await access.find_session(tx, hashed, at + timedelta(hours=13)) is None
        assert await access.find_session(tx, access.token_hash("other"), AT) is None


def test_a_role_for_one_store_brings_no_power_over_the_merchant() -> None:
    role, permissions, stores = policy.granted([("manager", 7), ("clerk", 0)])
    assert (role, stores) == ("manager", frozenset())
    assert "settings.write" not in permissions
    assert {"points.adjust", "members.read"} <= permissions
    assert policy.granted([("operator", 7)])[2] == {7}
    assert "*" not in policy.ROLES["owner"][1]


async def test_a_key_works_until_it_is_revoked(database: Database, merchant_id: int) -> None:
    ring = access.KeyRing(database)
    async with database.write(merchant_id) as tx:
        key_id, secret = await access.create_key(tx, "收银", ["ingest"], AT)
    caller = await ring.caller(f"Bearer {secret}")
    assert (caller.merchant_id, caller.key_id, "orders.write" in caller.permissions) == (merchant_id, key_id, True)
    assert "members.read" not in caller.permissions
    async with database.write(merchant_id) as tx:
        await access.revoke_key(tx, key_id, clock.now())
    ring.forget()
    for header in (f"Bearer {secret}", "Bearer sk_none", "Basic x", "", f"Bearer {secret}x"):
        with pytest.raises(access.BadKey):
            await ring.caller(header)


class Asked:
    """A database that counts how often its directory is asked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.times = 0

    def directory(self) -> Any:
        """Count it and pass it on."""
        self.times += 1
        return self._database.directory()


async def test_busy_keys_are_looked_up_together(database: Database, merchant_id: int) -> None:
    asked = Asked(database)
    ring = access.KeyRing(asked)  # type: ignore[arg-type]
    async with database.write(merchant_id) as tx:
        headers = [f"Bearer {(await access.create_key(tx, f'收银 {n}', ['ingest'], AT))[1]}" for n in range(20)]
    assert len({caller.key_id for caller in await asyncio.gather(*map(ring.caller, headers))}) == 20
    for header in headers:
        assert (await ring.caller(header)).merchant_id == merchant_id
    assert asked.times == 1
    await asyncio.sleep(2.1)  # longer than an answer is kept
    for header in headers:
        assert (await ring.caller(header)).merchant_id == merchant_id
    assert asked.times == 2


async def test_the_shop_keeps_an_owner(database: Database, merchant_id: int) -> None:
    from shuke.ground.access.actions import LastOwner, change_staff

    staff_id = await _staff(database, merchant_id, f"zhao-{merchant_id}", ("owner", None))
    for change in ({"roles": [("clerk", None)]}, {"state": "disabled"}, {"roles": [("owner", "s1")]}):
        with pytest.raises(LastOwner):
            async with database.write(merchant_id) as tx:
                await change_staff(tx, staff_id, **change)


def test_every_recorded_action_has_a_sentence() -> None:
    """Whoever records an act gives it its sentence in both languages."""
    import re
    from pathlib import Path

    code = "\n".join(path.read_text() for path in Path("shuke").rglob("*.py"))
    recorded = set(re.findall(r"\brecord\(\s*tx,\s*[\w.()]+,\s*\"([\w.]+)\"", code))
    assert recorded <= policy.TRAIL.keys()


def test_a_prize_is_told_by_its_name_and_an_old_line_without_a_gap() -> None:
    told = policy.sentence("prize.collected", "小满", "4269", {"prize": "玫瑰一支", "key": "k"})
    assert (told.zh, told.en) == (
        "小满给会员 4269 发放了奖品「玫瑰一支」",
        "小满 handed the prize “玫瑰一支” to member 4269",
    )
    assert policy.sentence("prize.collected", "小满", "4269", {"key": "k"}).zh == "小满给会员 4269 发放了奖品"
    assert set(trail.EARLIER) <= set(policy.TRAIL)
