"""What people at work did at 芙颜 in the last days: holds at the till, merges, adjustments, a gift, and what they set up.

All of it goes through the verbs of the console and is noted in the trail as theirs, so that every page has something to show.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shuke.assets import approvals, holds, points, transfers
from shuke.doors import wiring
from shuke.ground import access, ingestion, members
from shuke.insight import segments
from shuke.kit import clock
from shuke.kit.events import Relay
from shuke.kit.http import Caller
from shuke.outreach import journeys, webhooks
from shuke.programs import foresight, intake

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from shuke.kit.db import Database, Tx

WELCOME = "欢迎新客"
LIMIT = 2_000
"""How many points one person may adjust alone here."""
DOUBLES = (
    ("wx-o7Kq2fLs", "小程序里换了微信又注册一次，同一位顾客", 26_800),
    ("wx-o7Kq9dTb", "收银时报了旧会员号，手机尾号一致", 15_900),
)
NEEDED = 12
"""So many members with points take part; in a smaller world nothing of this happens."""
CRM = "https://crm.example.com/shuke/members"


async def welcome(tx: Tx, at: datetime) -> None:
    """Launch the playbook's word to newcomers; its other journeys stay drafts."""
    [draft] = [one for one in await journeys.journeys(tx) if one.name == WELCOME]
    await journeys.launch(tx, draft.journey_id, at)


async def happen(
    database: Database, merchant_id: int, numbers: Sequence[int], staff: dict[str, int], last_day: date
) -> None:
    """Everything, in the order of a day's work; `numbers` are the members, `staff` those at work by name."""
    at = clock.now()
    owner, clerk = (Caller(merchant_id, frozenset(), name, staff_id=staff[name]) for name in ("苏芙", "小满"))
    async with database.read(merchant_id) as tx:
        rich = await _rich(tx, numbers, at)
    if len(rich) < NEEDED:
        return
    doubles = await _doubles(database, merchant_id, at)
    async with database.write(merchant_id) as tx:
        await _at_the_till(tx, clerk, rich, at)
        await _adjust(tx, clerk, owner, rich[8:], at)
        for double, heir, (_, reason, _) in zip(doubles, rich[4:], DOUBLES, strict=False):
            await members.merge(tx, double, heir, by=clerk.name, at=at)
            after = {"into_id": heir, "reason": reason}
            await access.record(tx, clerk, "member.merged", ("member", double), after=after, at=at)
    async with database.write(merchant_id) as tx:
        await _set_up(tx, owner, last_day, at)
    await Relay(database, wiring.READERS).drain(merchant_id)


async def _rich(tx: Tx, numbers: Sequence[int], at: datetime) -> list[int]:
    """Some members with points to spend, by number."""
    found = await points.balances(tx, numbers[:400], at)
    return [number for number in numbers[:400] if found[number].available >= 500][:NEEDED]


async def _doubles(database: Database, merchant_id: int, at: datetime) -> list[int]:
    """Members who registered twice, each with an order under the second account."""
    named = [{"external": external} for external, _, _ in DOUBLES]
    async with database.write(merchant_id) as tx:
        numbers = await members.ensure_members(tx, named, at, [at - timedelta(days=2)] * len(named))
    orders: list[ingestion.Item] = [
        ingestion.OrderIn(
            order_id=f"TWICE-{external}", occurred_at=at - timedelta(hours=6), member={"external": external}, source="shop",
            channel="mini", amount_fen=fen,
        )
        for external, _, fen in DOUBLES
    ]  # fmt: skip
    answers = await intake.apply(database, merchant_id, orders, at=at)
    assert all(answer.accepted for answer in answers), answers
    return numbers


async def _at_the_till(tx: Tx, clerk: Caller, rich: list[int], at: datetime) -> None:
    """Points set aside for purchases under way, and one gift between friends."""
    wishes = (("静安店预约护理，到店抵现", 500, 7), ("春熙店代客下单，等付款", 300, 3), ("小程序订单待付款", 200, 5))
    for number, (member, (note, count, days)) in enumerate(zip(rich, wishes, strict=False)):
        wish = holds.Wish(
            member_id=member, points=count, key=f"till-{number + 1}", note=note, seconds=days * 86_400 - 60
        )
        await holds.hold(tx, wish, at)
    gift = transfers.Gift(
        from_id=rich[6], to_id=rich[7], points=150, key="gift-1", note="母女共用积分，妈妈转给女儿", by=clerk.name
    )
    [given] = await transfers.transfer(tx, [gift], at)
    assert given.refusal is None, given.refusal
    after = {"points": gift.points, "to": gift.to_id}
    await access.record(tx, clerk, "points.transferred", ("member", gift.from_id), after=after, at=at)


async def _adjust(tx: Tx, clerk: Caller, owner: Caller, rich: list[int], at: datetime) -> None:
    """One small adjustment at once, one large one approved, one refused, one that waits."""
    await approvals.set_limit(tx, LIMIT)
    small = approvals.Adjustment(
        member_id=rich[0], points=100, reason="漏积分补录，小票已核对", by=clerk.name, key="small"
    )
    await approvals.adjust(tx, small, at)
    after = {"points": small.points, "reason": small.reason}
    await access.record(tx, clerk, "points.adjusted", ("member", small.member_id), after=after, at=at)
    wishes = (
        (3_000, "沙龙抽奖一等奖", "yes"), (5_000, "顾客说上次少积了", "no"), (2_600, "护理改期补偿", ""),
    )  # fmt: skip
    for member, (count, reason, answer) in zip(rich[1:], wishes, strict=False):
        wish = approvals.Adjustment(member_id=member, points=count, reason=reason, by=clerk.name, key=f"large-{count}")
        asked = await approvals.ask(tx, wish, clerk, at)
        if answer == "yes":
            await approvals.approve(tx, asked.request_id, owner, at)
        elif answer == "no":
            await approvals.refuse(tx, asked.request_id, "小票对不上，先查清楚", owner, at)


async def _set_up(tx: Tx, owner: Caller, last_day: date, at: datetime) -> None:
    """A list kept for the salon, a paused address of another system, and a backtest that the first work will run."""
    found = await segments.members(tx, "high-value")
    origin = {"how": "snapshot", "rule": {"segment": "high-value"}}
    kept = await segments.keep_list(
        tx, name="冬季沙龙邀请名单", found=found, origin=origin, at=at, by=owner.name, slug="winter-salon"
    )  # fmt: skip
    await access.record(
        tx,
        owner,
        "segment_list.created",
        ("segment_list", kept.name),
        after={"count": kept.count, "how": "snapshot"},
        at=at,
    )
    events, told = ["segment_entered", "segment_left"], ["high-value", "lifecycle-dormant"]
    hook, _ = await webhooks.create_webhook(
        tx, name="企业微信 CRM", url=CRM, events=events, segments=told, at=at, by=owner.name,
    )  # fmt: skip
    await webhooks.change_webhook(
        tx, hook.webhook_id, name=hook.name, url=hook.url, events=events, segments=told, paused=True
    )
    await access.record(tx, owner, "webhook.created", ("webhook", hook.name), at=at)
    chosen = foresight.Chosen()
    await foresight.ask(tx, (last_day - timedelta(days=29), last_day), chosen, at, owner.name)
