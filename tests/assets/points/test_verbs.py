"""Posting, spending, holding, merging, adjusting: what the verbs of the ledger promise, trap by trap."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from shuke.assets import approvals, audit, finance, points
from shuke.kit import clock
from shuke.kit.db import Database

DAY = timedelta(days=1)
T0 = datetime(2026, 3, 1, 4, tzinfo=UTC)
WHY = {"zh": "测试", "en": "test"}


def credit(
    member: int, amount: int, key: str, at: datetime = T0, days: int | None = 100, pending: int = 0
) -> points.Posting:
    return points.Posting(
        member_id=member, points=amount, type="earn", key=key, why=WHY, occurred_at=at,
        active_from=at + pending * DAY, expires_at=None if days is None else at + days * DAY,
    )  # fmt: skip


def debit(member: int, amount: int, key: str, at: datetime = T0) -> points.Posting:
    return points.Posting(member_id=member, points=-amount, type="redeem", key=key, why=WHY, occurred_at=at)


async def post(
    database: Database, merchant_id: int, *postings: points.Posting, at: datetime = T0
) -> Sequence[points.Verdict]:
    with clock.at(at):
        return await database.attempt(merchant_id, points.post, postings)


async def balance(database: Database, merchant_id: int, member: int = 1, at: datetime = T0) -> points.Balance:
    async with database.read(merchant_id) as tx:
        return await points.balance(tx, member, at)


async def lots(database: Database, merchant_id: int, member: int = 1) -> list[tuple[int, int]]:
    async with database.read(merchant_id) as tx:
        return [(lot.granted, lot.remaining) for lot in await points.lots_of(tx, member, include_used=True)]


async def clean(database: Database, merchant_id: int) -> dict:
    result = await audit.audit(database, merchant_id, T0)
    assert result["found"] == []
    return result["totals"]["points"]


async def test_a_batch_gives_each_posting_its_own_verdict(database: Database, merchant_id: int) -> None:
    verdicts = await post(
        database,
        merchant_id,
        credit(1, 100, "a"),
        credit(2, 50, "b"),
        debit(1, 101, "c"),
        debit(1, 30, "d"),
        debit(3, 1, "e"),
    )
    assert [verdict.state for verdict in verdicts] == ["booked", "booked", "refused", "booked", "refused"]
    assert verdicts[2].refusal["details"] == {"available": 100, "wanted": 101}
    assert (await balance(database, merchant_id)).available == 70
    totals = await clean(database, merchant_id)
    assert totals == {
        "earned": 150, "spent": 30, "expired": 0, "clawed_back": 0, "outstanding": 120, "members": 3, "entries": 3,
    }  # fmt: skip


async def test_retries_book_once_also_beside_each_other(database: Database, merchant_id: int) -> None:
    verdicts = await asyncio.gather(*(post(database, merchant_id, credit(1, 10, "same")) for _ in range(20)))
    states = sorted(verdict.state for (verdict,) in verdicts)
    assert states == ["booked"] + ["repeated"] * 19
    assert len({verdict.entry_id for (verdict,) in verdicts}) == 1
    (again,) = await post(database, merchant_id, credit(1, 10, "same"))
    assert again.state == "repeated"
    assert (await balance(database, merchant_id)).available == 10
    await clean(database, merchant_id)


async def test_check_then_act_double_spend_200_in_parallel(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 600, "a"), credit(1, 400, "b", days=10))
    spends = await asyncio.gather(*(post(database, merchant_id, debit(1, 7, f"s{n}")) for n in range(200)))
    booked = [verdict for (verdict,) in spends if verdict.state == "booked"]
    refused = [verdict for (verdict,) in spends if verdict.state == "refused"]
    assert len(booked) == 1000 // 7
    assert {verdict.refusal["code"] for verdict in refused} == {"not_enough_points"}
    assert (await balance(database, merchant_id)).available == 1000 - 7 * len(booked)
    await clean(database, merchant_id)


async def test_two_accounts_in_opposite_order_do_not_deadlock(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 1000, "a"), credit(2, 1000, "b"))
    await asyncio.gather(
        *(
            post(database, merchant_id, *((debit(1, 1, f"x{n}"), debit(2, 1, f"y{n}"))[:: 1 if n % 2 else -1]))
            for n in range(60)
        )
    )
    assert (await balance(database, merchant_id, 1)).available == 940
    assert (await balance(database, merchant_id, 2)).available == 940


@pytest.mark.parametrize(
    ("day", "available", "pending", "overdue"),
    [(-1, 0, 10, 0), (0, 0, 10, 0), (2.999, 0, 10, 0), (3, 10, 0, 0), (9.999, 10, 0, 0), (10, 0, 0, 10)],
)
async def test_maturity_and_expiry_are_predicates(
    database: Database, merchant_id: int, day: float, available: int, pending: int, overdue: int
) -> None:
    await post(database, merchant_id, credit(1, 10, "a", days=10, pending=3))
    found = await balance(database, merchant_id, at=T0 + day * DAY)
    assert (found.available, found.pending, found.overdue) == (available, pending, overdue)
    (verdict,) = await post(database, merchant_id, debit(1, 10, "b"), at=T0 + day * DAY)
    assert verdict.state == ("booked" if available else "refused")


async def test_order_of_use_is_earliest_expiry_never_last(database: Database, merchant_id: int) -> None:
    await post(
        database, merchant_id, credit(1, 10, "never", days=None), credit(1, 20, "late", days=90), credit(1, 30, "soon", days=5),
        credit(1, 40, "older", T0 - DAY, days=91),
    )  # fmt: skip
    await post(database, merchant_id, debit(1, 75, "spend"))
    assert await lots(database, merchant_id) == [(30, 0), (40, 0), (20, 15), (10, 10)]
    await post(database, merchant_id, debit(1, 20, "more"))
    assert await lots(database, merchant_id) == [(30, 0), (40, 0), (20, 0), (10, 5)]
    await clean(database, merchant_id)


async def test_a_backdated_earn_never_reorders_settled_consumption(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 50, "a", days=50))
    await post(database, merchant_id, debit(1, 20, "b"), at=T0 + DAY)
    await post(database, merchant_id, credit(1, 50, "c", T0 - 10 * DAY, days=20), at=T0 + 2 * DAY)
    assert await lots(database, merchant_id) == [(50, 50), (50, 30)]
    await clean(database, merchant_id)


async def test_holds_are_captured_released_or_run_out(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 100, "a"), credit(1, 50, "b", days=5))
    async with database.write(merchant_id) as tx:
        with clock.at(T0):
            held = await points.hold(tx, [_hold("h1", 60), _hold("h2", 60), _hold("h3", 60), _hold("h1", 60)], T0)
    assert [verdict.state for verdict in held] == ["done", "done", "refused", "repeated"]
    found = await balance(database, merchant_id)
    assert (found.available, found.held) == (30, 120)
    (refused,) = await post(database, merchant_id, debit(1, 31, "s"))
    assert refused.refusal["details"]["available"] == 30
    async with database.write(merchant_id) as tx:
        with clock.at(T0 + DAY / 2):
            captured = await points.capture(tx, ["h1", "h1", "nope"], T0 + DAY / 2)
            released = await points.release(tx, ["h2", "h1"], T0 + DAY / 2)
    assert [verdict.state for verdict in captured] == ["done", "repeated", "refused"]
    assert [verdict.state for verdict in released] == ["done", "refused"]
    found = await balance(database, merchant_id)
    assert (found.available, found.held) == (90, 0)
    assert await lots(database, merchant_id) == [(50, 0), (100, 90)]
    await clean(database, merchant_id)


async def test_a_hold_pins_its_lots_and_ends_by_itself(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 50, "a", days=2))
    until = T0 + 4 * DAY
    async with database.write(merchant_id) as tx:
        with clock.at(T0):
            await points.hold(tx, [_hold("h1", 30, until), _hold("h2", 10, until)], T0)
    in_between = T0 + 3 * DAY
    with clock.at(in_between):
        swept = await points.sweep_merchant(database, merchant_id, in_between)
    assert (swept.lots, swept.holds) == (0, 0)
    found = await balance(database, merchant_id, at=in_between)
    assert (found.available, found.held, found.overdue) == (0, 40, 10)
    async with database.write(merchant_id) as tx:
        with clock.at(in_between):
            (captured,) = await points.capture(tx, ["h1"], in_between)
    assert captured.state == "done"
    late = until + DAY
    assert (await balance(database, merchant_id, at=late)).held == 0
    async with database.write(merchant_id) as tx:
        (refused,) = await points.capture(tx, ["h2"], late)
    assert refused.refusal["code"] == "hold_ended"
    with clock.at(late):
        swept = await points.sweep_merchant(database, merchant_id, late)
    assert (swept.lots, swept.points, swept.holds) == (1, 20, 1)
    await clean(database, merchant_id)


def _hold(key: str, amount: int, until: datetime = T0 + DAY) -> points.HoldRequest:
    return points.HoldRequest(member_id=1, points=amount, key=key, why=WHY, expires_at=until)


async def test_a_merge_moves_lots_with_their_lives_by_paired_entries(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 50, "a", days=5), credit(1, 20, "b", pending=3), credit(2, 10, "c"))
    await post(database, merchant_id, debit(1, 15, "d"))
    async with database.write(merchant_id) as tx:
        with clock.at(T0):
            await points.hold(tx, [_hold("h", 5)], T0)
    for moved in (1, 0):
        async with database.write(merchant_id) as tx:
            assert await points.merge_members(tx, [(1, 2)], T0 + DAY / 4) == moved
    assert (await balance(database, merchant_id, 1)) == points.Balance(earned_total=70, spent_total=15)
    found = await balance(database, merchant_id, 2)
    assert (found.available, found.pending, found.held) == (40, 20, 5)
    assert found.expiring[0] == points.Expiring(30, T0 + 5 * DAY)
    async with database.write(merchant_id) as tx:
        with clock.at(T0 + DAY / 2):
            (captured,) = await points.capture(tx, ["h"], T0 + DAY / 2)
    assert captured.state == "done"
    totals = await clean(database, merchant_id)
    assert (totals["earned"], totals["outstanding"]) == (80, 60)


async def test_adjusting_by_hand_is_repeatable_and_undone_by_its_opposite(database: Database, merchant_id: int) -> None:
    async def adjust(amount: int, key: str, reason: str = "补发") -> points.EntryShape:
        adjustment = approvals.Adjustment(member_id=1, points=amount, reason=reason, by="小王", key=key)
        return await database.attempt(merchant_id, approvals.adjust, adjustment, T0)

    with clock.at(T0):
        first = await adjust(30, "k1")
        assert await adjust(30, "k1") == first
        assert (first.why.zh, first.why.en) == ("小王 手工调整：补发", "Adjusted by 小王: 补发")
        with pytest.raises(approvals.AdjustedDifferently):
            await adjust(31, "k1")
        with pytest.raises(points.NotEnoughPoints):
            await adjust(-31, "k2")
        with pytest.raises(approvals.NothingToAdjust):
            await adjust(0, "k3")
        with pytest.raises(approvals.ReasonMissing):
            await adjust(1, "k4", " ")
        assert (await balance(database, merchant_id)).expiring == (
            points.Expiring(30, datetime(2027, 12, 31, 16, tzinfo=UTC)),
        )
        await adjust(-30, "k5")
    assert (await balance(database, merchant_id)).available == 0
    await clean(database, merchant_id)


async def test_the_history_pages_and_carries_the_balance_after_each(database: Database, merchant_id: int) -> None:
    for number in range(7):
        await post(database, merchant_id, credit(1, 10, f"c{number}", T0 + number * DAY), at=T0 + number * DAY)
    await post(database, merchant_id, debit(1, 25, "d", T0 + 3.5 * DAY), at=T0 + 8 * DAY)
    async with database.read(merchant_id) as tx:
        first = await points.entries_of(tx, 1, limit=5)
        rest = await points.entries_of(tx, 1, first.next_cursor, limit=5)
        whole = await points.ledger(tx, types=["redeem"], limit=5)
    assert [entry.balance_after for entry in (*first.items, *rest.items)] == [45, 35, 25, 15, 40, 30, 20, 10]
    assert rest.next_cursor is None
    assert [entry.points for entry in whole.items] == [-25]


async def test_figures_by_business_date(database: Database, merchant_id: int) -> None:
    late_evening = datetime(2026, 3, 1, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    await post(
        database, merchant_id, credit(1, 10, "a", late_evening), credit(1, 5, "b", late_evening + timedelta(minutes=1))
    )
    await post(database, merchant_id, debit(1, 4, "c", T0 + DAY), at=T0 + DAY)
    async with database.read(merchant_id) as tx:
        found = await finance.figures(tx, T0 + DAY, 2, "Asia/Shanghai")
    assert [(day.date.day, day.issued, day.used) for day in found.days] == [(1, 10, 0), (2, 5, 4)]
    assert (found.issued, found.used, found.outstanding) == (15, 4, 11)
