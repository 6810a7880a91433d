"""Verbs of what orders and time do to relations: consider, pay, take back, and a person's decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from shuke.assets import points, rewards
from shuke.ground import members, orders, tenancy
from shuke.kit import clock, jobs
from shuke.kit.db import Database, Tx
from shuke.programs.referrals.actions import shaping
from shuke.programs.referrals.events import ReferralsRewarded, ReferralsTakenBack
from shuke.programs.referrals.policy import relation as policy
from shuke.programs.referrals.policy.plan import Plan
from shuke.programs.referrals.policy.relation import Outcome, Relation
from shuke.programs.referrals.queries import plans, relations

BATCH = 200


_QUEUE = """
select from referral_plan where merchant_id = %(merchant_id)s order by version desc limit 1 for update
"""


async def queue(tx: Tx) -> None:
    """One at a time: whoever makes or joins relations of a merchant, after locking the members' accounts."""
    await tx.run(_QUEUE)


async def lock(tx: Tx, numbers: Iterable[int], at: datetime) -> list[Relation]:
    """These relations as they are under the lock of both members' accounts, in the order of the members.

    Those whose members were merged into others in between are left out: ask again.
    """
    found = await relations.by_number(tx, numbers)
    if not found:
        return []
    held = {number for one in found for number in (one.friend_id, one.referrer_id)}
    await points.open_book(tx, held, at=at)
    again = await relations.by_number(tx, [one.referral_id for one in found], lock=True)
    return [one for one in again if {one.friend_id, one.referrer_id} <= held]


async def plans_of(tx: Tx, found: Iterable[Relation]) -> dict[int, Plan]:
    """The plan that each relation was promised, by version."""
    wanted = {one.version for one in found}
    return {one.version: one.plan for one in await plans.versions(tx) if one.version in wanted}


async def _bought(tx: Tx, found: Sequence[Relation], promised: dict[int, Plan]) -> dict[int, list[orders.Settled]]:
    """By relation: the friend's orders net of what came back within the plan's window; one statement for each window."""
    numbers = await members.absorbed(tx, {one.friend_id for one in found})
    mine: dict[int, list[int]] = defaultdict(list)
    for old, heir in numbers.items():
        mine[heir].append(old)
    by_days: dict[int, list[Relation]] = defaultdict(list)
    for one in found:
        by_days[promised[one.version].return_days].append(one)
    net: dict[int, list[orders.Settled]] = {}
    for days, same in by_days.items():
        asked = {number for one in same for number in (one.friend_id, *mine[one.friend_id])}
        rows = await orders.standing(tx, asked, least_fen=1, return_days=days)
        by_friend: dict[int, list[orders.Settled]] = defaultdict(list)
        for order in rows:
            by_friend[numbers.get(order.member_id, order.member_id)].append(order)
        net |= {one.referral_id: by_friend[one.friend_id] for one in same}
    return net


async def consider(tx: Tx, numbers: Iterable[int], at: datetime) -> list[Relation]:
    """Hold open relations against all orders and refunds known now; repeatable, in whatever order these were heard of.

    The first order that stands its window counts. Writes what changed, wakes the work for when it is due; answers the
    open relations as they are now.
    """
    found = [one for one in await lock(tx, numbers, at) if one.state in policy.OPEN]
    if not found:
        return []
    promised = await plans_of(tx, found)
    bought = await _bought(tx, found, promised)
    changed, now = [], []
    for one in found:
        outcome = policy.outcome(promised[one.version], one.occurred_at, bought[one.referral_id])
        moved = _moved(one, outcome)
        if moved != one:
            changed.append({"referral_id": one.referral_id} | msgspec.structs.asdict(outcome))
        now.append(moved)
    if changed:
        await tx.run(_OUTCOMES, rows=msgspec.json.encode(changed).decode())
    dues = [one.due_at for one in now if one.payable and one.due_at is not None]
    if dues:
        await jobs.wake(tx, shaping.WORK, min(dues))
    return now


_OUTCOMES = """
update referral r set state = w.state, reason = w.reason, order_id = w.order_id, order_at = w.order_at, due_at = w.due_at
from json_to_recordset(%(rows)s::json) as w(referral_id bigint, state text, reason text, order_id bigint,
    order_at timestamptz, due_at timestamptz)
where r.merchant_id = %(merchant_id)s and r.referral_id = w.referral_id and r.state in ('waiting', 'ordered')
"""


def _moved(one: Relation, outcome: Outcome) -> Relation:
    return msgspec.structs.replace(one, **msgspec.structs.asdict(outcome))


async def consider_friends(tx: Tx, member_ids: Iterable[int], at: datetime) -> None:
    """The same for the friends among these members, by whatever number they bought before a merge."""
    known = await members.members_of(tx, member_ids)
    found = await relations.of_friends(tx, {one.merged_into or one.member_id for one in known.values()})
    await consider(tx, [one.referral_id for one in found if one.state in policy.OPEN], at)


async def settle(tx: Tx, at: datetime, limit: int = BATCH) -> int:
    """Reward up to `limit` relations whose return window has passed; how many were looked at. Repeatable.

    Each is held against its orders once more. Both sides get what their plan promised, through `rewards`, under keys of
    their own, once for ever. Beyond the caps the referrer gets nothing, the friend all the same.
    """
    numbers = await relations.due(tx, at, limit)
    still = [one for one in await consider(tx, numbers, at) if one.payable and one.due_at and one.due_at <= at]
    if not still:
        return len(numbers)
    promised = await plans_of(tx, still)
    merchant = await tenancy.get_merchant(tx)
    day_start = merchant.day_start_minutes
    taken: dict[int, policy.Taken] = defaultdict(policy.Taken)
    for referrer_id, when in await relations.rewarded_counts(tx, {one.referrer_id for one in still}):
        taken[referrer_id].total += 1
        taken[referrer_id].months[clock.business_date(when, merchant.zone, day_start).replace(day=1)] += 1
    settled = []
    for one in still:
        assert one.due_at is not None
        when = max(one.due_at, one.recorded_at)
        month = clock.business_date(when, merchant.zone, day_start).replace(day=1)
        fits = taken[one.referrer_id].take(promised[one.version], month)
        settled.append(msgspec.structs.replace(one, settled_at=when, capped=not fits))
    await _pay(tx, settled, promised)
    return len(numbers)


_PAID = """
update referral r set state = 'rewarded', settled_at = w.settled_at, capped = w.capped, given = w.given
from json_to_recordset(%(rows)s::json) as w(referral_id bigint, settled_at timestamptz, capped boolean, given jsonb)
where r.merchant_id = %(merchant_id)s and r.referral_id = w.referral_id
"""


async def _pay(tx: Tx, settled: Sequence[Relation], promised: dict[int, Plan]) -> None:
    gifts = [(one.referral_id, gift) for one in settled for gift in gifts_of(one, promised[one.version])]
    given = await rewards.give(tx, [gift for _, gift in gifts])
    told: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for (number, gift), what in zip(gifts, given, strict=True):
        words = msgspec.to_builtins(rewards.sentence([gift.reward]))
        told[number].append({"side": gift.why["side"], "state": what.state, "kind": what.kind, "words": words})
    rows = [
        {
            "referral_id": one.referral_id, "settled_at": one.settled_at, "capped": one.capped,
            "given": told[one.referral_id],
        }
        for one in settled
    ]  # fmt: skip
    await tx.run(_PAID, rows=msgspec.json.encode(rows).decode())
    tx.announce(ReferralsRewarded(referral_ids=[one.referral_id for one in settled]))


def gifts_of(one: Relation, plan: Plan) -> list[rewards.Gift]:
    """What a relation gives to both sides, each part under a permanent key."""
    assert one.settled_at is not None
    sides = [("friend", one.friend_id, plan.friend_rewards)]
    if not one.capped:
        sides.append(("referrer", one.referrer_id, plan.referrer_rewards))
    why = {"kind": "referral", "friend_id": one.friend_id, "referrer_id": one.referrer_id}
    return [
        rewards.Gift(
            member_id=member_id, reward=reward, key=f"referral:{one.referral_id}:{side}:{place}",
            why=why | {"side": side}, at=one.settled_at,
        )
        for side, member_id, deserved in sides
        for place, reward in enumerate(deserved)
    ]  # fmt: skip


async def refund(tx: Tx, order_ids: Iterable[int], at: datetime) -> int:
    """Hold relations against refunds of their orders; repeatable. How many rewards were taken back.

    An open one goes on waiting for another order. A rewarded one whose order does not stand any more by refunds that
    occurred within the window loses its rewards, once, and for good.
    """
    found = await relations.of_orders(tx, order_ids)
    await consider(tx, [one.referral_id for one in found if one.state in policy.OPEN], at)
    paid = [one for one in await lock(tx, [one.referral_id for one in found], at) if one.state == "rewarded"]
    if not paid:
        return 0
    promised = await plans_of(tx, paid)
    bought = await _bought(tx, paid, promised)
    gone = [
        one for one in paid
        if not any(it.order_id == one.order_id and it.net_fen >= promised[one.version].least_fen for it in bought[one.referral_id])
    ]  # fmt: skip
    await take_back(tx, gone, "taken_back", "refund", at)
    return len(gone)


async def take_back(tx: Tx, gone: Sequence[Relation], state: str, because: str, at: datetime) -> None:
    """Take back what these (locked, rewarded) relations gave, and leave them in that state with the reason; repeatable."""
    if not gone:
        return
    promised = await plans_of(tx, gone)
    gifts = [
        msgspec.structs.replace(gift, at=at, why=gift.why | {"kind": "referral_taken_back", "because": because})
        for one in gone
        for gift in gifts_of(one, promised[one.version])
    ]
    await rewards.take_back(tx, gifts)
    numbers = [one.referral_id for one in gone]
    await tx.run(
        "update referral set state = %(state)s, reason = %(reason)s where merchant_id = %(merchant_id)s "
        "and referral_id = any(%(numbers)s::bigint[])",
        state=state, reason=because, numbers=numbers,
    )  # fmt: skip
    tx.announce(ReferralsTakenBack(referral_ids=numbers))


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's word on one relation that waits; a refusal has its reason."""

    referral_id: int
    accept: bool
    reason: str = ""


_DECIDED = """
update referral r set review = w.review, state = case when w.review = 'refused' then 'refused' else r.state end,
    reason = w.reason, decided_by = %(by)s, decided_at = %(at)s
from json_to_recordset(%(rows)s::json) as w(referral_id bigint, review text, reason text)
where r.merchant_id = %(merchant_id)s and r.referral_id = w.referral_id and r.review = 'waiting'
    and r.state in ('waiting', 'ordered')
"""


async def decide(tx: Tx, decisions: Sequence[Decision], by: str, at: datetime) -> int:
    """Accept or refuse relations that wait; accepted ones go on like any other. How many were decided.

    Those that somebody else decided, or that are no longer open, are left alone. Refuses all when a refusal has no reason.
    """
    for place, one in enumerate(decisions):
        if not one.accept and not one.reason.strip():
            raise policy.ReasonNeeded(field="reason", row=place)
    await lock(tx, [one.referral_id for one in decisions], at)
    rows = [
        {
            "referral_id": one.referral_id, "review": "accepted" if one.accept else "refused",
            "reason": "" if one.accept else one.reason.strip(),
        }
        for one in {one.referral_id: one for one in decisions}.values()
    ]  # fmt: skip
    decided = await tx.run(_DECIDED, rows=msgspec.json.encode(rows).decode(), by=by, at=at)
    await consider(tx, [one.referral_id for one in decisions if one.accept], at)
    return decided


async def settle_merchant(database: Database, merchant_id: int, at: datetime) -> int:
    """Settle everything that is due at a merchant, in batches; how many were looked at."""
    looked = 0
    while True:
        done = await database.attempt(merchant_id, settle, at)
        looked += done
        if done < BATCH:
            return looked


points.explained_by(
    {"referral": policy.explained, "referral_taken_back": policy.taken_back, "referral_prize": policy.prized}
)
