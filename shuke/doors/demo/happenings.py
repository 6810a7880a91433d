"""What people at work did at 芙颜 in the live weeks: holds at the till, merges, adjustments, a gift, and what they set up.

All of it goes through the verbs of the console and is noted in the trail as theirs, so that every page has something to show.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from shuke.assets import approvals, confirmations, holds, transfers
from shuke.ground import access, ingestion, members
from shuke.insight import segments
from shuke.outreach import journeys
from shuke.programs import earning, foresight, intake, referrals

if TYPE_CHECKING:
    from datetime import datetime

    from shuke.doors.demo.desk import Desk, Verb
    from shuke.kit.db import Tx

WELCOME = "欢迎新客"
LIMIT = 2_000
"""How many points one person may adjust alone here."""
KEYS = (
    ("静安店收银 POS", ("ingest", "member")),
    ("有赞商城", ("ingest",)),
    ("旧小程序（已下线）", ("ingest", "member")),
)
RETIRED = KEYS[-1][0]
DRAFT = "周末精华双倍"
"""The rule that is thought about."""
CONFIRMED = 0.85
"""So much of what is bought for later is had and confirmed at the till."""


async def welcome(tx: Tx, at: datetime) -> None:
    """Launch the playbook's word to newcomers; its other journeys stay drafts."""
    [draft] = [one for one in await journeys.journeys(tx) if one.name == WELCOME]
    await journeys.launch(tx, draft.journey_id, at)


async def make_keys(desk: Desk, at: datetime) -> None:
    """Keys of the till and the web shop. Nobody keeps their secrets, so that none of them can be used."""
    async with desk.database.write(desk.merchant_id) as tx:
        for name, scopes in KEYS:
            desk.left[name], _ = await access.create_key(tx, name, scopes, at)
            await desk.note(tx, desk.owner, "key.created", ("key", name), at, scopes=list(scopes))


async def revoke_old_key(desk: Desk, at: datetime) -> None:
    """The old mini program is gone, and its key with it."""
    async with desk.database.write(desk.merchant_id) as tx:
        await access.revoke_key(tx, desk.left[RETIRED], at)
        await desk.note(tx, desk.owner, "key.revoked", ("key", RETIRED), at)


async def book_left_out(desk: Desk, at: datetime) -> None:
    """The limit above which two must agree, and a small adjustment that needs nobody else."""
    async with desk.database.write(desk.merchant_id) as tx:
        await approvals.set_limit(tx, LIMIT)
        await desk.note(tx, desk.owner, "approvals.limited", ("points", "approvals"), at, limit=LIMIT)
        for member in await desk.rich(tx, 0, 1, at):
            wish = approvals.Adjustment(
                member_id=member, points=168, reason="漏积分补录，小票已核对", by=desk.clerk.name, key="small"
            )
            await approvals.adjust(tx, wish, at)
            told = {"points": wish.points, "reason": wish.reason}
            await desk.note(tx, desk.clerk, "points.adjusted", ("member", member), at, **told)


def ask_for(place: int, count: int, reason: str) -> Verb:
    """小满 asks for an adjustment that somebody else must approve."""

    async def ask(desk: Desk, at: datetime) -> None:
        async with desk.database.write(desk.merchant_id) as tx:
            for member in await desk.rich(tx, place, 1, at):
                wish = approvals.Adjustment(
                    member_id=member, points=count, reason=reason, by=desk.clerk.name, key=f"large-{place}"
                )
                desk.left[f"asked-{place}"] = (await approvals.ask(tx, wish, desk.clerk, at)).request_id
                await desk.note(tx, desk.clerk, "points.asked", ("member", member), at, points=count, reason=reason)

    return ask


def answer(place: int, words: str = "") -> Verb:
    """苏芙 approves what was asked for, or refuses it with a reason."""

    async def decide(desk: Desk, at: datetime) -> None:
        if f"asked-{place}" not in desk.left:
            return
        number = desk.left[f"asked-{place}"]
        async with desk.database.write(desk.merchant_id) as tx:
            if words:
                found = await approvals.refuse(tx, number, words, desk.owner, at)
            else:
                found = await approvals.approve(tx, number, desk.owner, at)
            told = {"points": found.points, "reason": found.reason, "asked_by": found.asked_by}
            act = "points.refused" if words else "points.approved"
            await desk.note(tx, desk.owner, act, ("member", found.member_id), at, **told)

    return decide


def merge_double(external: str, reason: str, fen: int, place: int) -> Verb:
    """Somebody who registered twice and bought under the second account is made one member again."""

    async def merge(desk: Desk, at: datetime) -> None:
        order = ingestion.OrderIn(
            order_id=f"TWICE-{external}", occurred_at=at - timedelta(hours=1), member={"external": external}, source="shop",
            channel="mini", amount_fen=fen,
        )  # fmt: skip
        async with desk.database.write(desk.merchant_id) as tx:
            [heir] = await desk.rich(tx, place, 1, at) or [desk.numbers[place]]
            [double] = await members.ensure_members(tx, [{"external": external}], at, [at - timedelta(days=2)])
        [answered] = await intake.apply(desk.database, desk.merchant_id, [order], at=at)
        assert answered.accepted, answered.body
        async with desk.database.write(desk.merchant_id) as tx:
            await members.merge(tx, double, heir, by=desk.clerk.name, at=at)
            await desk.note(tx, desk.clerk, "member.merged", ("member", double), at, into=heir, reason=reason)

    return merge


async def give_on(desk: Desk, at: datetime) -> None:
    """One gift of points within a family."""
    async with desk.database.write(desk.merchant_id) as tx:
        if len(family := await desk.rich(tx, 3, 2, at)) < 2:
            return
        gift = transfers.Gift(
            from_id=family[0], to_id=family[1], points=150, key="gift-1", note="母女共用积分，妈妈转给女儿", by=desk.clerk.name
        )  # fmt: skip
        [given] = await transfers.transfer(tx, [gift], at)
        assert given.refusal is None, given.refusal
        told = {"to": gift.to_id, "points": gift.points}
        await desk.note(tx, desk.clerk, "points.transferred", ("member", gift.from_id), at, **told)


def hold_for(place: int, note: str, count: int, days: int) -> Verb:
    """Points set aside for a purchase under way."""

    async def hold(desk: Desk, at: datetime) -> None:
        async with desk.database.write(desk.merchant_id) as tx:
            for member in await desk.rich(tx, place, 1, at):
                wish = holds.Wish(
                    member_id=member, points=count, key=f"till-{place}", note=note, seconds=days * 86_400 - 60
                )
                await holds.hold(tx, wish, at)

    return hold


async def confirm_treatments(desk: Desk, at: datetime) -> None:
    """Who bought a treatment comes for it within days, and the till confirms it; some never come, and their points lapse."""
    async with desk.database.write(desk.merchant_id) as tx:
        found = await confirmations.awaited(tx, at)
        draws = {one.entry_id: desk.rng(one.entry_id).random(2) for one in found.items}
        ready = [
            one
            for one in found.items
            if draws[one.entry_id][0] < CONFIRMED
            and at > one.earned_at + timedelta(hours=20 + 200 * float(draws[one.entry_id][1]))
        ]
        if not ready:
            return
        wishes = [confirmations.Wish(entry_id=one.entry_id) for one in ready]
        done = await confirmations.confirm(tx, wishes, at, desk.clerk.name)
        for one in done[:1]:
            told = {"points": one.points, "action_confirmed": one.action}
            await desk.note(tx, desk.clerk, "points.confirmed", ("points", str(one.entry_id)), at, **told)


async def look_at_referrals(desk: Desk, at: datetime) -> None:
    """苏芙 looks at the oldest referrals that look strange: one in four is refused, the newest wait on."""
    async with desk.database.write(desk.merchant_id) as tx:
        found = (await referrals.list_relations(tx, None, 1_000)).items
        waiting = [one for one in reversed(found) if one.review == "waiting" and one.state in ("waiting", "ordered")][
            :-3
        ]
        if not waiting:
            return
        told = [
            referrals.Decision(referral_id=one.referral_id, accept=False, reason="两个账号是同一个人，已电话核实")
            if place % 4 == 1
            else referrals.Decision(referral_id=one.referral_id, accept=True)
            for place, one in enumerate(waiting)
        ]
        count = await referrals.decide(tx, told, desk.owner.name, at)
        decisions = msgspec.to_builtins(told)
        await desk.note(
            tx, desk.owner, "referrals.reviewed", ("referrals", "reviews"), at, count=count, decisions=decisions
        )


async def keep_list(desk: Desk, at: datetime) -> None:
    """A list kept for the salon."""
    async with desk.database.write(desk.merchant_id) as tx:
        found = await segments.members(tx, "high-value")
        origin = {"how": "snapshot", "rule": {"segment": "high-value"}}
        kept = await segments.keep_list(
            tx, name="冬季沙龙邀请名单", found=found, origin=origin, at=at, by=desk.owner.name, slug="winter-salon"
        )  # fmt: skip
        told = {"count": kept.count, "how": "snapshot"}
        await desk.note(tx, desk.owner, "segment_list.created", ("segment_list", kept.name), at, **told)


async def draft_rule(desk: Desk, at: datetime) -> None:
    """A rule that is thought about, and a backtest of it that the first work will run."""
    draft = earning.Draft(
        name=DRAFT, params={"categories": ["精华"], "points": 1, "per": "yuan"},
        conditions=[{"kind": "weekday", "params": {"weekdays": [6, 7]}}],
    )  # fmt: skip
    async with desk.database.write(desk.merchant_id) as tx:
        await earning.create_rule(tx, "product_bonus", draft, at)
        await desk.note(tx, desk.owner, "rule.created", ("rule", draft.name), at)
        last = desk.last_day
        await foresight.ask(tx, (last - timedelta(days=29), last), foresight.Chosen(), at, desk.owner.name)
