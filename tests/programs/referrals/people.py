"""Members who bring friends, orders and refunds at chosen instants, for the tests of referrals."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shuke.assets import points, rewards
from shuke.doors import wiring
from shuke.ground import ingestion, members
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.kit.events import Relay
from shuke.programs import intake, referrals
from shuke.programs.referrals import jobs as referral_jobs

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)  # Friday, 12:00 in Shanghai
DAY = timedelta(days=1)


def gift(amount: int) -> list[rewards.Reward]:
    """So many points."""
    return [rewards.Reward(kind="points", params={"points": amount})]


async def open_plan(database: Database, merchant_id: int, at: datetime = NOON - 90 * DAY, **more: Any) -> None:
    """Publish a plan, by default the usual one: 200 points for each side, seven days after the first order."""
    async with database.write(merchant_id) as tx:
        await referrals.publish(tx, referrals.Plan(**more), "live", "小美", at)


async def joined(database: Database, merchant_id: int, *names: int, at: datetime = NOON) -> list[int]:
    """New members who join at an instant, known by a number of a phone."""
    people = [{"phone": f"138{number:08}"} for number in names]
    async with database.write(merchant_id) as tx:
        return await members.ensure_members(tx, people, at, [at] * len(people))


async def code_of(database: Database, merchant_id: int, member_id: int) -> str:
    """The member's personal code."""
    async with database.write(merchant_id) as tx:
        return (await referrals.ensure_codes(tx, [member_id], NOON))[member_id]


async def refer(
    database: Database, merchant_id: int, friend_id: int, referrer_id: int, at: datetime = NOON, **more: Any
) -> referrals.Verdict:
    """The friend shows the referrer's code."""
    code = await code_of(database, merchant_id, referrer_id)
    asked = referrals.Asked(friend_id=friend_id, occurred_at=at, code=code, **more)
    [verdict] = await database.attempt(merchant_id, referrals.attribute, [asked], at)
    return verdict


async def buy(
    database: Database, merchant_id: int, name: int, key: str, fen: int = 10_000, at: datetime = NOON
) -> None:
    """The member of that phone buys; the room is told."""
    order = ingestion.OrderIn(order_id=key, occurred_at=at, amount_fen=fen, member={"phone": f"138{name:08}"})
    with clock.at(at):
        [answer] = await intake.apply(database, merchant_id, [order], history=True, at=at)
    assert answer.status < 300, answer.body
    await hear(database, merchant_id, at)


async def give_back(
    database: Database, merchant_id: int, order: str, key: str, at: datetime, fen: int = 10_000
) -> None:
    """A part or all of an order comes back; the room is told."""
    refund = ingestion.RefundIn(refund_id=key, order_id=order, occurred_at=at, amount_fen=fen)
    with clock.at(at):
        [answer] = await intake.apply(database, merchant_id, [refund], history=True, at=at)
    assert answer.status < 300, answer.body
    await hear(database, merchant_id, at)


async def hear(database: Database, merchant_id: int, at: datetime) -> None:
    """Everything announced so far is delivered."""
    with clock.at(at):
        await Relay(database, wiring.READERS).drain(merchant_id)


async def run(database: Database, merchant_id: int, at: datetime) -> datetime | None:
    """The background work at an instant; when it wants to run again."""
    with clock.at(at):
        return await referral_jobs.keep_promises(database, merchant_id)


async def held(database: Database, merchant_id: int, member_id: int) -> int:
    """Points from referrals that a member holds: what was given less what was taken back."""
    async with database.read(merchant_id) as tx:
        rows = await tx.rows(
            "select coalesce(sum(points), 0)::bigint as n from entry where merchant_id = %(merchant_id)s "
            "and member_id = %(member_id)s and key like 'referral%%'",
            member_id=member_id,
        )
    return int(rows[0].n)


async def state_of(database: Database, merchant_id: int, friend_id: int) -> referrals.Relation:
    """The relation that brought a member."""
    async with database.read(merchant_id) as tx:
        return (await referrals.of_friends(tx, [friend_id]))[-1]


async def sentences(database: Database, merchant_id: int, member_id: int) -> list[str]:
    """The reasons on a member's ledger, the latest first."""
    async with database.read(merchant_id) as tx:
        return [one.why.zh for one in (await points.entries_of(tx, member_id)).items]
