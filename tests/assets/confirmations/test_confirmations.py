"""Points that wait for an action: usable once confirmed, lapsed or due otherwise; refunds, merges, debts and repeats."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.assets import audit, confirmations, points
from shuke.assets.confirmations.reactions import follow_merges
from shuke.ground import access, members, mirror
from shuke.kit import clock, errors
from shuke.kit.db import Database
from shuke.programs import earning
from tests.assets.points.test_facts import mirrored as summed
from tests.programs.intake.test_orders import NOW, order, refund, send

DAY = timedelta(days=1)
RECEIVED = {"when": "action", "wait": "10D", "action": "确认收货", "unconfirmed": "lapse"}


async def _rule(
    database: Database, merchant_id: int, use: dict[str, Any], validity: str = "1Y_U", **params: Any
) -> None:
    """The first rule gives way to one whose points wait."""
    async with database.write(merchant_id) as tx:
        (first,) = await earning.list_rules(tx, NOW)
        draft = earning.Draft(
            name="网店消费", params={"points": 1, "per_fen": 100, "validity": validity} | params, terms={"use": use}
        )
        await earning.save_draft(tx, first.rule_id, draft, NOW)
        await earning.publish(tx, first.rule_id, NOW)


async def _held(database: Database, merchant_id: int, at: datetime, member: int = 1) -> tuple[int, int, int]:
    async with database.read(merchant_id) as tx:
        found = await points.balance(tx, member, at)
    return found.available, found.pending, found.debt


async def _confirm(database: Database, merchant_id: int, at: datetime, **wish: Any) -> list[str]:
    async with database.write(merchant_id) as tx:
        if not wish:
            wish = {"order_id": await tx.value("select max(order_id) from awaited where merchant_id = %(merchant_id)s")}
        with clock.at(at):
            return [one.state for one in await confirmations.confirm(tx, [confirmations.Wish(**wish)], at, "小林")]


async def _clean(database: Database, merchant_id: int, at: datetime) -> None:
    assert (await audit.audit(database, merchant_id, at))["found"] == []


async def _reasons(database: Database, merchant_id: int, member: int = 1) -> list[str]:
    async with database.read(merchant_id) as tx:
        return [entry.why.zh for entry in (await points.entries_of(tx, member)).items]


async def test_orders_of_one_batch_wait_each_until_its_own_time(database: Database, merchant_id: int) -> None:
    await _rule(database, merchant_id, RECEIVED)
    orders = [order(str(n), yuan=100 * n, occurred_at=NOW - n * DAY) for n in (1, 2, 3)]
    await send(database, merchant_id, *orders)
    async with database.read(merchant_id) as tx:
        found = (await confirmations.awaited(tx, NOW)).items
    assert sorted((one.points, NOW - one.earned_at, one.until - one.earned_at) for one in found) == [
        (100 * n, n * DAY, 10 * DAY) for n in (1, 2, 3)
    ]
    await _clean(database, merchant_id, NOW)


async def test_points_wait_until_the_goods_are_received(database: Database, merchant_id: int) -> None:
    await _rule(database, merchant_id, RECEIVED)
    ((_, answer),) = await send(database, merchant_id, order("a", yuan=300))
    assert answer["points"] == {"earned": 300, "spent": 0, "balance": 0, "pending": 300}
    assert answer["why"][0]["zh"].endswith("；「确认收货」后可用，最晚 10 天内确认，逾期作废")
    assert await _held(database, merchant_id, NOW + DAY) == (0, 300, 0)
    at = NOW + 3 * DAY
    assert await _confirm(database, merchant_id, at) == ["confirmed"]
    assert await _confirm(database, merchant_id, at + DAY) == ["confirmed"]
    assert await _held(database, merchant_id, at) == (300, 0, 0)
    assert (await _reasons(database, merchant_id))[0] == "「确认收货」已确认（小林），300 积分现在可用"
    async with database.read(merchant_id) as tx:
        (lot,) = await points.lots_of(tx, 1)
        then = (await points.balances_at(tx, [1], NOW + 2 * DAY))[1]
    assert (lot.earned_at, lot.active_from, lot.expires_at) == (
        NOW,
        at,
        datetime.fromisoformat("2028-01-01T00:00:00+08:00"),
    )
    assert (then.available, then.pending) == (0, 300)
    await _clean(database, merchant_id, at)


@pytest.mark.parametrize(
    ("use", "validity", "before", "after"),
    [
        (RECEIVED, "1Y_U", (0, 100), (0, 0)),
        (RECEIVED | {"unconfirmed": "due"}, "1Y_U", (0, 100), (100, 0)),
        ({"when": "after", "wait": "10D"}, "1Y_U", (0, 100), (100, 0)),
        ({"when": "after", "wait": "10D", "valid_since": "use"}, "5D", (0, 100), (100, 0)),
        ({"when": "at_once"}, "1Y_U", (100, 0), (100, 0)),
    ],
)
async def test_what_nobody_confirms(
    database: Database, merchant_id: int, use: dict[str, Any], validity: str, before: Any, after: Any
) -> None:
    """At the limit points lapse or are due, by the predicate and after the sweep alike; confirming late changes nothing."""
    await _rule(database, merchant_id, use, validity)
    await send(database, merchant_id, order("a"))
    end = NOW + 10 * DAY
    moment = timedelta(seconds=1)
    assert (await _held(database, merchant_id, end - moment))[:2] == before
    for swept in (False, True):
        if swept:
            await points.sweep_merchant(database, merchant_id, end)
        assert (await _held(database, merchant_id, end))[:2] == after
        if "action" in use:
            lapses = use["unconfirmed"] == "lapse"
            assert await _confirm(database, merchant_id, end) == ["lapsed" if lapses else "due"]
    if after == (0, 0):
        assert (await _reasons(database, merchant_id))[0] == "2026-11-21 获得的积分到期没有确认，作废"
    await _clean(database, merchant_id, end)


async def test_a_refund_takes_what_waits_first_and_nothing_of_what_lapsed(database: Database, merchant_id: int) -> None:
    await send(database, merchant_id, order("usable", yuan=50))
    await _rule(database, merchant_id, RECEIVED)
    await send(database, merchant_id, order("a", yuan=100), order("b", yuan=40))
    ((_, part),) = await send(database, merchant_id, refund("1", "a", 3_000), at=NOW + DAY)
    assert part["points"]["taken_back"] == 30
    assert await _held(database, merchant_id, NOW + DAY) == (50, 110, 0)
    async with database.read(merchant_id) as tx:
        of = await tx.value(
            "select order_id from awaited where merchant_id = %(merchant_id)s order by entry_id limit 1"
        )
    assert await _confirm(database, merchant_id, NOW + 2 * DAY, order_id=of) == ["confirmed"]
    assert await _held(database, merchant_id, NOW + 2 * DAY) == (120, 40, 0)
    ((_, rest),) = await send(database, merchant_id, refund("2", "a", 7_000), at=NOW + 3 * DAY)
    assert (rest["points"]["taken_back"], await _held(database, merchant_id, NOW + 3 * DAY)) == (70, (50, 40, 0))
    late = NOW + 11 * DAY
    ((_, lapsed),) = await send(database, merchant_id, refund("3", "b", 4_000), at=late)
    assert (lapsed["points"]["taken_back"], await _held(database, merchant_id, late)) == (0, (50, 0, 0))
    assert lapsed["why"][0]["zh"] == "40 积分没按时确认，早已作废，不用收回"
    await points.sweep_merchant(database, merchant_id, late)
    await _clean(database, merchant_id, late)


async def test_a_whole_refund_leaves_nothing_to_confirm(database: Database, merchant_id: int) -> None:
    await _rule(database, merchant_id, RECEIVED)
    await send(database, merchant_id, order("a"))
    await send(database, merchant_id, refund("1", "a", 10_000))
    assert await _confirm(database, merchant_id, NOW + DAY) == ["taken_back"]
    assert await _held(database, merchant_id, NOW + DAY) == (0, 0, 0)
    await _clean(database, merchant_id, NOW + DAY)


async def test_points_that_may_lapse_pay_a_debt_only_once_confirmed(database: Database, merchant_id: int) -> None:
    await send(database, merchant_id, order("first", yuan=60))
    async with database.write(merchant_id) as tx:
        spent = points.Posting(member_id=1, points=-60, type="redeem", key="s", why={"kind": "none"}, occurred_at=NOW)
        with clock.at(NOW):
            await points.post(tx, [spent])
    await send(database, merchant_id, refund("1", "first", 6_000))
    assert await _held(database, merchant_id, NOW) == (0, 0, 60)
    await _rule(database, merchant_id, RECEIVED)
    await send(database, merchant_id, order("a", yuan=100))
    assert await _held(database, merchant_id, NOW) == (0, 100, 60)
    assert await _confirm(database, merchant_id, NOW + DAY) == ["confirmed"]
    assert await _held(database, merchant_id, NOW + DAY) == (40, 0, 0)
    await _clean(database, merchant_id, NOW + DAY)


async def test_what_waits_goes_with_a_merge_and_back(database: Database, merchant_id: int) -> None:
    await _rule(database, merchant_id, RECEIVED)
    await send(database, merchant_id, order("a"), order("b", member={"phone": "13911112222"}, yuan=7))
    at = NOW + DAY
    async with database.write(merchant_id) as tx:
        await members.merge(tx, 1, 2, by="小林", at=at)
        with clock.at(at):
            await points.merge_members(tx, [(1, 2)], at)
    ((_, taken),) = await send(database, merchant_id, refund("1", "a", 4_000), at=at)
    assert (taken["points"]["taken_back"], taken["points"]["debt"]) == (40, 0)
    assert await _held(database, merchant_id, at, 2) == (0, 67, 0)
    async with database.read(merchant_id) as tx:
        of = await tx.value("select min(order_id) from awaited where merchant_id = %(merchant_id)s")
    assert await _confirm(database, merchant_id, at, order_id=of) == ["confirmed"]
    assert await _held(database, merchant_id, at, 2) == (60, 7, 0)
    await _clean(database, merchant_id, at)


async def test_what_waits_comes_back_when_a_merge_is_undone(database: Database, merchant_id: int) -> None:
    await _rule(database, merchant_id, RECEIVED)
    await send(database, merchant_id, order("a"), order("b", member={"phone": "13911112222"}, yuan=7))
    at = NOW + DAY
    async with database.read(merchant_id) as tx:
        of = await tx.value("select min(order_id) from awaited where merchant_id = %(merchant_id)s")
    async with database.write(merchant_id) as tx:
        with clock.at(at):
            await points.merge_members(tx, [(1, 2)], at)
        await follow_merges(tx, [members.MembersMerged(member_id=1, into_id=2, at=at)])
    assert await _held(database, merchant_id, at, 2) == (0, 107, 0)
    async with database.write(merchant_id) as tx:
        with clock.at(at):
            await points.unmerge_members(tx, [(1, 2)], at)
        await follow_merges(tx, [members.MembersUnmerged(member_id=1, into_id=2, at=at, merge_id=1)])
    assert await _confirm(database, merchant_id, at, order_id=of) == ["confirmed"]
    assert (await _held(database, merchant_id, at, 1), await _held(database, merchant_id, at, 2)) == (
        (100, 0, 0),
        (0, 7, 0),
    )
    await _clean(database, merchant_id, at)


async def test_what_an_import_brings_was_confirmed_long_ago(database: Database, merchant_id: int) -> None:
    """Rules that wait hold from the beginning of time at a new merchant; years of history do not lapse by them."""
    await _rule(database, merchant_id, RECEIVED)
    await send(database, merchant_id, order("old", occurred_at=NOW - 200 * DAY), history=True)
    assert await _held(database, merchant_id, NOW) == (100, 0, 0)
    await _clean(database, merchant_id, NOW)


async def test_trying_a_rule_out_says_what_waits(
    database: Database, merchant_id: int, owner: httpx.AsyncClient
) -> None:
    await _rule(database, merchant_id, RECEIVED)
    told = (await owner.post("/console/api/points/preview", json={"amount_fen": 10_000})).json()
    assert told["given"][0]["why"]["zh"].endswith("；「确认收货」后可用，最晚 10 天内确认，逾期作废")


async def test_fifty_confirmations_at_once_activate_once(database: Database, merchant_id: int) -> None:
    await _rule(database, merchant_id, RECEIVED)
    await send(database, merchant_id, order("a"))
    async with database.read(merchant_id) as tx:
        of = await tx.value("select order_id from awaited where merchant_id = %(merchant_id)s")
    wish = [confirmations.Wish(order_id=of)]
    at = NOW + DAY
    await asyncio.gather(*(database.attempt(merchant_id, confirmations.confirm, wish, at) for _ in range(50)))
    assert await _held(database, merchant_id, at) == (100, 0, 0)
    await _clean(database, merchant_id, at)


async def test_segments_see_what_waits_and_what_became_of_it(
    database: Database, columns: mirror.Mirror, merchant_id: int
) -> None:
    await _rule(database, merchant_id, RECEIVED)
    await send(database, merchant_id, order("a"), order("b", member={"phone": "13911112222"}))
    await _confirm(database, merchant_id, NOW + 2 * DAY)
    for days, usable in ((1, {}), (3, {2: 100}), (11, {2: 100})):
        at = NOW + days * DAY
        async with database.read(merchant_id) as tx:
            truth = {n: one.available for n, one in (await points.balances_at(tx, [1, 2], at)).items() if one.available}
        seen = {n: left for n, left in (await summed(columns, database, merchant_id, at)).items() if left}
        assert seen == truth == usable


async def test_a_shop_confirms_by_order_or_key_and_staff_on_the_console(
    app: Any, database: Database, merchant_id: int, client: httpx.AsyncClient, owner: httpx.AsyncClient
) -> None:
    now = clock.now()
    await _rule(database, merchant_id, RECEIVED)
    items = [order(key, occurred_at=now) for key in ("a", "b", "c")]
    await send(database, merchant_id, *items, at=now)
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "网店", ["ingest"], now)
    client.headers["Authorization"] = f"Bearer {secret}"
    for _ in range(2):
        body = (await client.post("/v1/confirmations", json={"order_id": "a"})).json()
        assert (body["points"], body["items"][0]["state"], body["items"][0]["action"]) == (100, "confirmed", "确认收货")
    nothing = await client.post("/v1/confirmations", json={"order_id": "nowhere"})
    assert (nothing.status_code, nothing.json()["code"]) == (404, "nothing_awaited")
    assert (await client.post("/v1/confirmations", json={})).json()["code"] == "name_one"
    listed = (await owner.get("/console/api/awaited", params={"member": 1})).json()["items"]
    assert [one["points"] for one in listed] == [100, 100]
    by_key = await client.post("/v1/confirmations", json={"key": listed[0]["key"]})
    assert by_key.json()["points"] == 100
    done = await owner.post(f"/console/api/awaited/{listed[1]['entry_id']}/confirm")
    assert (done.status_code, done.json()["items"][0]["state"]) == (200, "confirmed")
    assert (await owner.get("/console/api/awaited")).json()["items"] == []
    assert len((await owner.get("/console/api/awaited", params={"state": "all"})).json()["items"]) == 3
    assert (await owner.get("/console/api/members/1/balance")).json()["available"] == 300
    await _clean(database, merchant_id, clock.now())


@pytest.mark.parametrize(
    ("use", "validity", "code"),
    [
        ({"when": "after", "wait": "30D"}, "7D", "ends_before_use"),
        (RECEIVED | {"wait": "unlimited"}, "1Y_U", "never_usable"),
        (RECEIVED | {"wait": "soon"}, "1Y_U", "bad_duration"),
        (RECEIVED | {"action": ""}, "1Y_U", "bad_parameters"),
    ],
)
async def test_a_rule_whose_points_could_never_be_used_is_refused(
    database: Database, merchant_id: int, use: dict[str, Any], validity: str, code: str
) -> None:
    with pytest.raises(errors.Refused) as refused:
        await _rule(database, merchant_id, use, validity)
    assert refused.value.code == code


@given(
    count=st.integers(1, 400), valid=st.integers(20, 400), wait=st.integers(1, 19),
    lapses=st.booleans(), since_use=st.booleans(), confirmed=st.integers(0, 40),
)  # fmt: skip
def test_a_life_is_never_spendable_before_its_time(
    count: int, valid: int, wait: int, lapses: bool, since_use: bool, confirmed: int
) -> None:
    """Whatever the policy: nothing is usable before the confirmation or the limit, and lapsing means never."""
    use = {"when": "action", "wait": f"{wait}D", "unconfirmed": "lapse" if lapses else "due"}
    terms = earning.terms_of({"use": use | {"valid_since": "use" if since_use else "earning"}})
    begins, ends, waits = earning.life(terms.use, f"{valid}D", NOW, "Asia/Shanghai")
    assert waits is not None and begins is not None and ends is not None
    lot = points.LotState(1, count, False, NOW, begins, ends)
    limit = NOW + wait * DAY
    for days in range(0, 440, 7):
        at = NOW + days * DAY
        assert lot.usable(at) == (not lapses and limit <= at < (limit if since_use else NOW) + valid * DAY)
    assert (begins == ends) == lapses


async def test_the_answers_balance_can_be_spent_and_what_waits_stands_beside_it(
    database: Database, merchant_id: int
) -> None:
    """With and without the lots read, in one batch and after, held and given back: always as the ledger says of the instant."""

    async def told(*answers: Any) -> list[tuple[int, int]]:
        return [(one["points"]["balance"], one["points"].get("pending", 0)) for _, one in answers]

    async def ledger() -> tuple[int, int]:
        async with database.read(merchant_id) as tx:
            found = await points.balance(tx, 1, NOW)
        return found.available - found.debt, found.pending

    assert await told(*await send(database, merchant_id, order("before", yuan=100))) == [(100, 0)]
    await _rule(database, merchant_id, RECEIVED)
    together = await send(database, merchant_id, order("a", yuan=300), order("b", yuan=50))
    assert await told(*together) == [(100, 300), (100, 350)]
    assert await ledger() == (100, 350)
    async with database.write(merchant_id) as tx:
        kept = [points.HoldRequest(member_id=1, points=40, key="h", expires_at=NOW + DAY, why={"kind": "test"})]
        await points.hold(tx, kept, NOW)
    ((_, held),) = await send(database, merchant_id, order("c", yuan=10))
    assert [(held["points"]["balance"], held["points"]["pending"])] == [await ledger()] == [(60, 360)]
    ((_, back),) = await send(database, merchant_id, refund("r", "a", 10_000))
    assert (back["points"]["balance"], back["points"]["pending"]) == await ledger() == (60, 260)
