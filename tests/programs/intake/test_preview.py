"""A refund told before it is final: nothing moves, and the refund then does exactly what was told."""

import random
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shuke.assets import audit, offers, points
from shuke.ground import access
from shuke.kit import clock, errors
from shuke.kit.db import Database
from shuke.programs.intake.actions import previewing
from tests.assets.confirmations.test_confirmations import RECEIVED, _rule
from tests.programs.intake.test_clawback import _choose
from tests.programs.intake.test_orders import NOW, give_offer, order, refund, send, tables

DAY = timedelta(days=1)


async def _preview(
    database: Database, merchant_id: int, key: str, fen: int | None = None, at: Any = NOW
) -> previewing.RefundPreview:
    return await previewing.preview(database, merchant_id, "api", key, fen, at)


async def _lots(database: Database, merchant_id: int) -> dict[int, int]:
    async with database.read(merchant_id) as tx:
        rows = await tx.rows("select lot_id, remaining from lot where merchant_id = %(merchant_id)s")
    return {row.lot_id: row.remaining for row in rows}


async def _told(database: Database, merchant_id: int, at: Any) -> tuple[int, int, int]:
    async with database.read(merchant_id) as tx:
        found = await points.balance(tx, 1, at)
    return found.available, found.pending, found.debt


async def test_the_till_is_told_which_lots_and_which_debt(database: Database, merchant_id: int) -> None:
    await send(database, merchant_id, order("a", yuan=600), order("old", yuan=50))
    await give_offer(database, merchant_id)
    await send(database, merchant_id, order("b", yuan=60, points_spent=500))
    shown = await _preview(database, merchant_id, "a")
    assert (shown.amount_fen, shown.left_fen, shown.closes_order, shown.pay_fen) == (60_000, 0, True, 60_000)
    assert (shown.taken_back, shown.new_debt, shown.forgiven) == (600, 390, 0)
    assert [(part.points, part.own) for part in shown.from_lots] == [(100, True), (50, False), (60, False)]
    assert shown.before is not None and shown.after is not None
    assert (shown.before.available, shown.after.available, shown.after.debt) == (210, 0, 390)
    back = await _preview(database, merchant_id, "b", 3_000)
    assert (back.given_back, back.taken_back, [part.points for part in back.to_lots]) == (250, 30, [250])
    assert back.why[-1].zh == "退回抵现用掉的 250 积分"


async def test_missing_points_come_off_the_money(database: Database, merchant_id: int) -> None:
    await send(database, merchant_id, order("a", yuan=600))
    await give_offer(database, merchant_id)
    await send(database, merchant_id, order("b", yuan=1, points_spent=500))
    await _choose(database, merchant_id, policy="cash")
    shown = await _preview(database, merchant_id, "a")
    assert (shown.taken_back, shown.forgiven, shown.cash_offset_fen, shown.pay_fen) == (101, 499, 4_990, 55_010)
    assert shown.new_debt == 0


@pytest.mark.parametrize("seed", range(6))
async def test_a_refund_does_what_was_told(database: Database, merchant_id: int, seed: int) -> None:
    """Random orders, spending, waiting points and partial refunds; each told first, with not one row moved by it."""
    chance, at = random.Random(seed), NOW
    await _choose(database, merchant_id, policy=chance.choice(["debt", "balance", "cash", "pending"]))
    if seed % 2:
        await _rule(database, merchant_id, RECEIVED)
    async with database.write(merchant_id) as tx:
        terms = offers.Terms(name="500积分抵50元", points=500, value_fen=5_000, valid_for="3D")
        offer = (await offers.create_offer(tx, "500-50", terms, NOW)).offer_id
    left: dict[str, int] = {}
    for step in range(14):
        at += chance.choice([timedelta(hours=1), DAY, 4 * DAY])
        if step < 3 or chance.random() < 0.4:
            key, yuan = f"o{step}", chance.randrange(1, 900)
            spends = (await _told(database, merchant_id, at))[0] >= 500 and yuan > 200
            if spends:
                async with database.write(merchant_id) as tx:
                    await offers.grant(tx, [offers.Grant(offer_id=offer, member_id=1, key=key)], at)
            made = order(key, yuan=yuan, occurred_at=at, points_spent=500 if spends else 0)
            ((status, _),) = await send(database, merchant_id, made, at=at)
            left |= {key: yuan * 100} if status == 200 else {}
            continue
        key = chance.choice(sorted(left))
        fen = chance.choice([left[key], chance.randrange(left[key] + 1)])
        before, lots = await tables(database, merchant_id), await _lots(database, merchant_id)
        shown = await _preview(database, merchant_id, key, fen, at)
        assert await tables(database, merchant_id) == before
        assert await _lots(database, merchant_id) == lots
        ((_, body),) = await send(database, merchant_id, refund(f"r{step}", key, fen, occurred_at=at), at=at)
        did = body["points"]
        assert (did["taken_back"], did["given_back"]) == (shown.taken_back, shown.given_back)
        assert did.get("cash_offset_fen", 0) == shown.cash_offset_fen
        assert body["why"] == [{"zh": one.zh, "en": one.en} for one in shown.why]
        assert shown.after is not None
        expected = (shown.after.available, shown.after.pending, shown.after.debt)
        assert await _told(database, merchant_id, at) == expected
        moved = await _lots(database, merchant_id)
        taken = sum(max(lots[lot] - moved[lot], 0) for lot in lots)
        back = sum(moved[lot] - lots.get(lot, 0) for lot in moved if moved[lot] > lots.get(lot, 0))
        net = sum(part.points for part in shown.from_lots) - sum(part.points for part in shown.to_lots)
        assert taken - back == net
        left[key] -= fen
    assert (await audit.audit(database, merchant_id, at))["found"] == []


async def test_what_cannot_be_refunded_is_refused_alike(database: Database, merchant_id: int) -> None:
    await send(database, merchant_id, order("a"))
    for key, fen, code in (("a", 10_001, "refund_too_large"), ("gone", None, "unknown_order")):
        with pytest.raises(errors.Refused) as refused:
            await _preview(database, merchant_id, key, fen)
        assert refused.value.code == code


async def test_by_key_and_on_the_console(
    database: Database, merchant_id: int, client: httpx.AsyncClient, owner: httpx.AsyncClient
) -> None:
    now = clock.now()
    ((_, made),) = await send(database, merchant_id, order("a", occurred_at=now), at=now)
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "收银台", ["ingest"], now)
        number = await tx.value("select order_id from orders where merchant_id = %(merchant_id)s")
    client.headers["Authorization"] = f"Bearer {secret}"
    by_key = await client.post("/v1/refunds/preview", json={"order_id": "a", "amount_fen": 5_000})
    assert (by_key.status_code, by_key.json()["taken_back"], by_key.json()["member_id"]) == (200, 50, made["member_id"])
    by_hand = await owner.post(f"/console/api/orders/{number}/refund-preview", json={})
    assert (by_hand.status_code, by_hand.json()["taken_back"], by_hand.json()["pay_fen"]) == (200, 100, 10_000)
    assert (await owner.post("/console/api/orders/1/refund-preview", json={})).status_code == 404


@pytest.mark.parametrize(
    ("fen", "days", "comes_back", "said"),
    [
        (None, 0, True, "「500积分抵50元」退回，"),
        (3_000, 0, False, "部分退款，「500积分抵50元」不退回"),
        (None, 4, False, "「500积分抵50元」已在 "),
    ],
)
async def test_the_till_is_told_whether_the_right_to_the_offer_comes_back(
    database: Database, merchant_id: int, fen: int | None, days: int, comes_back: bool, said: str
) -> None:
    await send(database, merchant_id, order("a", yuan=600))
    await give_offer(database, merchant_id)
    await send(database, merchant_id, order("b", yuan=60, points_spent=500))
    assert (await _preview(database, merchant_id, "a")).offer is None
    at = NOW + days * DAY
    shown = (await _preview(database, merchant_id, "b", fen, at)).offer
    assert shown is not None
    assert (shown.points, shown.value_fen, shown.comes_back) == (500, 5_000, comes_back)
    assert shown.why.zh.startswith(said)
    await send(database, merchant_id, refund("r", "b", fen or 6_000, occurred_at=at), at=at)
    async with database.read(merchant_id) as tx:
        usable = await offers.find_usable(tx, [1], at)
    assert bool(usable.get(1)) is comes_back
