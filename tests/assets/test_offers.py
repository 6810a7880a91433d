"""Offers: granted once, usable until they end, used by one order, given back only while they are valid."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.assets import offers
from shuke.doors import wiring
from shuke.ground import members
from shuke.kit import durations, errors
from shuke.kit.db import Database, Tx
from shuke.kit.events import Relay
from tests.statements import counted

AT = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)
TERMS = offers.Terms(name="500 积分抵 50 元", points=500, value_fen=5_000, valid_for="3D")


async def _offer(tx: Tx, slug: str = "o", terms: offers.Terms = TERMS) -> int:
    return (await offers.create_offer(tx, slug, terms, AT)).offer_id


async def _granted(database: Database, merchant_id: int, *member_ids: int, terms: offers.Terms = TERMS) -> list[int]:
    async with database.write(merchant_id) as tx:
        offer_id = await _offer(tx, terms=terms)
        grants = [offers.Grant(offer_id=offer_id, member_id=m, key=f"k{m}") for m in member_ids]
        return [grant.grant_id for grant in await offers.grant(tx, grants, AT)]


async def _usable(database: Database, merchant_id: int, member_id: int, at: datetime) -> list[int]:
    async with database.read(merchant_id) as tx:
        found = await offers.find_usable(tx, [member_id], at)
    return [right.grant_id for right in found.get(member_id, [])]


async def test_an_offer_says_what_it_is_worth(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        made = await offers.create_offer(tx, "500-as-50", TERMS, AT)
    assert made.sentence.zh == "500 积分抵 50 元，领到后 3 天内有效"
    assert made.sentence.en == "500 points pay for ¥50.00, for 3 days from the grant"
    assert (made.state, made.granted, made.used) == ("live", 0, 0)


@pytest.mark.parametrize(
    ("slug", "change", "refusal"),
    [
        ("Ünfit", {}, errors.Refused),
        ("ok", {"valid_for": "unlimited"}, errors.Refused),
        ("ok", {"valid_for": "soon"}, durations.BadDuration),
        ("taken", {}, offers.OfferTaken),
    ],
)
async def test_an_unfit_offer_is_refused_and_nothing_is_made(
    database: Database, merchant_id: int, slug: str, change: dict[str, Any], refusal: type[Exception]
) -> None:
    terms = offers.Terms(**{"name": "n", "points": 5, "value_fen": 50, **change})
    async with database.write(merchant_id) as tx:
        await _offer(tx, "taken")
    async with database.write(merchant_id) as tx:
        with pytest.raises(refusal):
            await offers.create_offer(tx, slug, terms, AT)
    async with database.read(merchant_id) as tx:
        assert [offer.slug for offer in await offers.offers(tx)] == ["taken"]


async def test_a_grant_is_usable_until_its_last_second(database: Database, merchant_id: int) -> None:
    [grant_id] = await _granted(database, merchant_id, 1)
    end = AT + timedelta(days=3)
    assert await _usable(database, merchant_id, 1, AT - timedelta(seconds=1)) == []
    assert await _usable(database, merchant_id, 1, AT) == [grant_id]
    assert await _usable(database, merchant_id, 1, end - timedelta(microseconds=1)) == [grant_id]
    assert await _usable(database, merchant_id, 1, end) == []


async def test_a_key_grants_once(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        offer_id = await _offer(tx)
        wanted = offers.Grant(offer_id=offer_id, member_id=1, key="k")
        first, second = await offers.grant(tx, [wanted, wanted], AT)
    async with database.write(merchant_id) as tx:
        [again] = await offers.grant(tx, [wanted], AT + timedelta(days=30))
        assert not tx.has_news
    assert first.grant_id == second.grant_id == again.grant_id
    assert again.repeated
    assert again.expires_at == first.expires_at


async def test_a_grant_keeps_the_terms_of_its_day(database: Database, merchant_id: int) -> None:
    [grant_id] = await _granted(database, merchant_id, 1)
    async with database.write(merchant_id) as tx:
        [offer] = await offers.offers(tx)
        dearer = offers.Terms(name="new", points=900, value_fen=5_000, valid_for="1D")
        await offers.edit_offer(tx, offer.offer_id, dearer, "ended")
    async with database.read(merchant_id) as tx:
        [right] = (await offers.find_usable(tx, [1], AT))[1]
    assert (right.grant_id, right.points, right.expires_at) == (grant_id, 500, AT + timedelta(days=3))
    async with database.write(merchant_id) as tx:
        with pytest.raises(offers.OfferEnded):
            await offers.grant(tx, [offers.Grant(offer_id=offer.offer_id, member_id=2, key="late")], AT)


async def test_an_unknown_offer_is_refused(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        with pytest.raises(errors.NotFound):
            await offers.grant(tx, [offers.Grant(offer_id=1, member_id=2, key="k")], AT)


async def test_many_grants_take_as_many_statements_as_one(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        offer_id = await _offer(tx)
    counts = []
    for numbers in (range(1, 2), range(2, 502)):
        async with database.write(merchant_id) as tx:
            counting = counted(tx)
            grants = [offers.Grant(offer_id=offer_id, member_id=m, key=f"k{m}") for m in numbers]
            await offers.grant(tx, grants, AT)
        counts.append(counting.count)
    assert counts[0] == counts[1]
    async with database.read(merchant_id) as tx:
        counting = counted(tx)
        found = await offers.find_usable(tx, list(range(1, 600)), AT)
        assert (len(found), counting.count) == (501, 1)


async def test_one_order_uses_a_grant_and_repeating_changes_nothing(database: Database, merchant_id: int) -> None:
    [grant_id] = await _granted(database, merchant_id, 1)
    used = offers.Use(grant_id=grant_id, order_id=77, at=AT)
    for _ in range(2):
        async with database.write(merchant_id) as tx:
            await offers.use(tx, [used])
    async with database.write(merchant_id) as tx:
        with pytest.raises(offers.OfferGone):
            await offers.use(tx, [offers.Use(grant_id=grant_id, order_id=78, at=AT)])
    assert await _usable(database, merchant_id, 1, AT) == []
    async with database.read(merchant_id) as tx:
        [held] = await offers.of_member(tx, 1, AT)
    assert (held.state, held.order_id, held.used_at) == ("used", 77, AT)


async def test_twenty_orders_at_once_use_a_grant_once(database: Database, merchant_id: int) -> None:
    [grant_id] = await _granted(database, merchant_id, 1)

    async def spend(order_id: int) -> bool:
        try:
            async with database.write(merchant_id) as tx:
                await offers.use(tx, [offers.Use(grant_id=grant_id, order_id=order_id, at=AT)])
        except offers.OfferGone:
            return False
        return True

    assert sum(await asyncio.gather(*(spend(order_id) for order_id in range(1, 21)))) == 1


@pytest.mark.parametrize(
    ("later", "returned", "state"),
    [
        (timedelta(days=2), True, "usable"),
        (timedelta(days=3) - timedelta(seconds=1), True, "usable"),
        (timedelta(days=3), False, "used"),
        (timedelta(days=30), False, "used"),
    ],
)
async def test_a_refund_gives_back_only_what_is_still_valid(
    database: Database, merchant_id: int, later: timedelta, returned: bool, state: str
) -> None:
    [grant_id] = await _granted(database, merchant_id, 1)
    async with database.write(merchant_id) as tx:
        await offers.use(tx, [offers.Use(grant_id=grant_id, order_id=77, at=AT)])
    for turn in range(2):
        async with database.write(merchant_id) as tx:
            back = await offers.give_back(tx, [77, 78], AT + later)
            assert back == ([grant_id] if returned and not turn else [])
    async with database.read(merchant_id) as tx:
        [held] = await offers.of_member(tx, 1, AT + later)
    assert held.state == state


def _right(**more: Any) -> offers.Usable:
    fields = {
        "grant_id": 1, "offer_id": 1, "member_id": 1, "points": 500, "value_fen": 5_000, "max_share_percent": 100,
        "expires_at": AT,
    }  # fmt: skip
    return offers.Usable(**{**fields, **more})


def test_the_points_must_be_exactly_those_of_an_offer() -> None:
    usable = [_right(), _right(grant_id=2, points=1000, value_fen=12_000)]
    assert offers.match(usable, 500, 10_000).grant_id == 1
    with pytest.raises(offers.NoSuchOffer) as refusal:
        offers.match(usable, 600, 10_000)
    assert refusal.value.message_zh == ("这一单不能用 600 积分抵现：可用的是 500 积分抵 ¥50.00、1000 积分抵 ¥120.00。")
    with pytest.raises(offers.NoSuchOffer) as refusal:
        offers.match([], 500, 10_000)
    assert refusal.value.message_en == (
        "500 points cannot be spent on this order: the member has no offer to spend points as cash now."
    )


@pytest.mark.parametrize(
    ("payable", "share", "fits"),
    [(5_001, 100, True), (5_000, 100, False), (10_000, 50, True), (9_999, 50, False), (1, 100, False), (0, 100, False)],
)
def test_an_offer_pays_its_share_and_never_the_last_fen(payable: int, share: int, fits: bool) -> None:
    usable = [_right(max_share_percent=share)]
    if fits:
        assert offers.match(usable, 500, payable).grant_id == 1
        return
    with pytest.raises(offers.ShareExceeded):
        offers.match(usable, 500, payable)


def test_the_one_worth_most_then_the_one_that_ends_first_goes_first() -> None:
    soon, later = AT + timedelta(hours=1), AT + timedelta(days=1)
    usable = [
        _right(grant_id=1, expires_at=soon),
        _right(grant_id=2, value_fen=6_000, expires_at=later),
        _right(grant_id=3, value_fen=6_000, expires_at=soon),
    ]
    assert offers.match(usable, 500, 100_000).grant_id == 3
    assert offers.match(usable, 500, 5_500).grant_id == 1, "the best that fits the order"


@given(st.integers(0, 10**7), st.integers(1, 100), st.integers(1, 10**7))
def test_a_matched_offer_leaves_something_to_pay(payable: int, share: int, value: int) -> None:
    right = _right(max_share_percent=share, value_fen=value)
    try:
        found = offers.match([right], 500, payable)
    except offers.ShareExceeded:
        return
    assert payable - found.value_fen >= 1
    assert found.value_fen * 100 <= payable * share


async def test_offers_follow_a_merge_and_go_back_when_it_is_undone(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        await members.ensure_members(tx, [{"external": "c-1"}, {"external": "c-2"}], AT)
    mine, theirs = await _granted(database, merchant_id, 1, 2)
    relay = Relay(database, wiring.READERS)
    async with database.write(merchant_id) as tx:
        merge_id = await members.merge(tx, 1, 2, by="小美", at=AT)
    await relay.drain(merchant_id)
    assert await _usable(database, merchant_id, 2, AT) == [mine, theirs]
    async with database.write(merchant_id) as tx:
        await members.unmerge(tx, merge_id, by="小美", at=AT)
    await relay.drain(merchant_id)
    assert [await _usable(database, merchant_id, member, AT) for member in (1, 2)] == [[mine], [theirs]]
