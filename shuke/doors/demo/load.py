"""Loads the invented year: most of it as history, its last six weeks live, with the clock of those days.

Everything goes through the verbs that real data takes. In the live weeks segments are refreshed, the journey writes to
the dormant, and some of them come back and use what it gave: drawn from the same seed, decided by what really happened.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from shuke.assets import offers
from shuke.assets.audit import jobs as audit_jobs
from shuke.assets.points import jobs as points_jobs
from shuke.doors import setup, wiring
from shuke.doors.demo import friends, goods, happenings, programme, purchases, shop, tagging, timetable, world
from shuke.doors.demo.desk import Desk
from shuke.ground import access, catalog, ingestion, members, tenancy
from shuke.insight import profiles, segments
from shuke.insight.tags import jobs as tags_jobs
from shuke.kit import clock, jobs, money
from shuke.kit.db import Database
from shuke.kit.events import Relay
from shuke.outreach import journeys
from shuke.outreach.journeys import jobs as journeys_jobs
from shuke.programs import earning, intake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from shuke.doors.context import Context
    from shuke.doors.demo.people import Member
    from shuke.doors.demo.purchases import Order, Refund
    from shuke.doors.demo.world import World
    from shuke.ground.mirror import Mirror

LIVE_DAYS = 42
REFRESH_EVERY = 2
BATCH = 1_000
MORNING = time(10, 0)
WORK = "demo_day"
"""The due work by which a running process feeds the day that is about to end."""
EVENING = time(23, 52)
"""When a day is fed: before midnight, so that the ledger and its digest tell it as that day's; less before midnight than the
ten minutes by which a till's clock may be fast."""


@dataclass(slots=True)
class Play:
    """The loading under way: whose, with what, and which member has which number."""

    database: Database
    mirror: Mirror | None
    merchant_id: int
    made: World
    rng: np.random.Generator
    numbers: list[int]
    answered: set[int] = field(default_factory=set)
    replies: list[tuple[Order, int]] = field(default_factory=list)
    brought: dict[int, int] = field(default_factory=dict)
    """Friend → referrer, by place in the list of members."""
    first: dict[int, datetime] = field(default_factory=dict)
    """The first order of each, by place in the list of members."""
    desk: Desk | None = None

    @property
    def people(self) -> tuple[Sequence[Member], Sequence[int]]:
        """The members and their numbers."""
        return self.made.members, self.numbers


async def load_until_yesterday(context: Context, told: Callable[[str, float], None]) -> int:
    """The demonstration merchant up to yesterday, as its own shops count the days."""
    yesterday = clock.business_date(clock.now(), shop.ZONE) - timedelta(days=1)
    assert context.mirror is not None, "the demonstration merchant needs the mirror"
    return await load(context.database, context.mirror, yesterday, told, home=context.settings.home)


async def load(
    database: Database,
    mirror: Mirror,
    last_day: date,
    told: Callable[[str, float], None],
    *,
    home: Path,
    count: int = world.MEMBERS,
) -> int:
    """Create the merchant with its year up to `last_day`; its number. `told` hears what is being done and how far (0…1);
    `home` is where the process keeps its files.

    Repeatable after a crash: what was cut off is put aside and begun anew.
    """
    told("编一年的生意 · inventing a year", 0.0)
    made = await asyncio.to_thread(world.build, last_day, count=count)
    begins = instant(made.year.days[0], time(0))
    own = await Database.open(database.url, 3, 2)
    try:
        async with own.directory() as tx:
            await tenancy.drop_unfinished(tx, shop.SLUG)
        with clock.at(begins):
            merchant_id = await setup.create_merchant(
                own, slug=shop.SLUG, name=shop.NAME, zone=shop.ZONE, at=begins, ready_made=True, state="loading"
            )
            numbers, staff = await _found(own, merchant_id, made)
        play = Play(own, mirror, merchant_id, made, np.random.default_rng(world.SEED + 1), numbers)
        play.desk = Desk(own, merchant_id, made, numbers, staff, home, last_day)
        await _history(play, told)
        await _live(play, told)
        await _open(play)
    finally:
        await own.close()
    told("好了 · done", 1.0)
    return merchant_id


async def _found(database: Database, merchant_id: int, made: World) -> tuple[list[int], dict[str, int]]:
    """Shops, levels, rules, products, people at work and members; the members' numbers, and those of the staff by name."""
    now = clock.now()
    password = await access.hash_password(shop.PASSWORD)
    async with database.write(merchant_id) as tx:
        await tenancy.change_merchant(tx, settings=(await tenancy.get_merchant(tx)).settings | shop.POINTS)
        await tenancy.ensure_stores(tx, shop.STORES, now)
        staff = {
            worker.name: await access.ensure_staff(
                tx, login=worker.login, name=worker.name, password_hash=password,
                roles=[(worker.role, worker.store)], at=now,
            )
            for worker in shop.STAFF
        }  # fmt: skip
        [rule] = await earning.list_rules(tx, now)
        await earning.save_draft(tx, rule.rule_id, shop.RULE, now)
        await earning.publish(tx, rule.rule_id, now, by="苏芙")
        await programme.open_programme(tx, now, "苏芙")
        await programme.rest_missions(tx, now, awake=False)
        products = [
            {"sku": p.sku, "name": p.name, "category": p.category, "brand": p.brand, "price_fen": p.price_fen}
            for p in goods.PRODUCTS
        ]
        await catalog.put_products(tx, products, now)
    return await enrol(database, merchant_id, made.members, first_orders(made)), staff


async def enrol(
    database: Database, merchant_id: int, people: Sequence[Member], first: Mapping[int, datetime] | None = None
) -> list[int]:
    """These members with profile and consents, from the day they joined, shortly before the `first` order of those who
    bought on that day; their numbers. Repeatable."""
    now = clock.now()
    numbers: list[int] = []
    for part in parts(people):
        async with database.write(merchant_id) as tx:
            named = [{"external": member.external, "phone": member.phone} for member in part]
            joined = [_joined_at(member, (first or {}).get(member.number)) for member in part]
            found = await members.ensure_members(tx, named, now, joined)
            await members.write_profiles(tx, [(n, _profile(m)) for n, m in zip(found, part, strict=True)])
            answers = [
                (n, channel, given)
                for n, m in zip(found, part, strict=True)
                for channel, given in (("sms", m.sms), ("wechat", m.wechat))
            ]
            await members.set_consents(tx, answers, now, "import")
        numbers += found
    return numbers


def _joined_at(member: Member, first: datetime | None) -> datetime:
    if first is not None and first.date() == member.joined_on:
        return first - timedelta(minutes=2)
    return instant(member.joined_on, time(10 + member.number % 11, member.number * 7 % 60))


def _profile(member: Any) -> dict[str, Any]:
    return {
        "name": member.name, "gender": member.gender, "birthday": member.birthday,
        "attributes": {"city": member.city, "肤质": member.skin, "入会途径": member.met},
    }  # fmt: skip


def first_orders(made: World) -> dict[int, datetime]:
    """When each member, by place, bought for the first time in the year."""
    return {order.member: order.at for order in reversed(made.orders) if order.member is not None}


async def _history(play: Play, told: Callable[[str, float], None]) -> None:
    """All but the last weeks, as an import would bring it: no journeys, no messages; then what expired meanwhile."""
    cut = instant(play.made.year.days[-LIVE_DAYS], time(0))
    play.brought = friends.pairs(play.made.members, play.made.year.days[0])
    play.first = first_orders(play.made)
    past = play.made.year.days[:-LIVE_DAYS]
    await friends.bring_all(play.database, play.merchant_id, play.people, play.brought, past, play.first)
    items: list[ingestion.Item] = [order_in(play, order) for order in play.made.orders if order.at < cut]
    items += [refund_in(refund) for refund in play.made.refunds if refund.at < cut]
    items += [event_in(play, deed) for deed in play.made.deeds if deed.at < cut]
    done = 0
    with clock.at(cut):
        for part in parts(items):
            await _apply(play, part, history=True)
            done += len(part)
            told("历史订单和行为 · history", 0.1 + 0.6 * done / len(items))
        await points_jobs.sweep_points(play.database, play.merchant_id)
        async with play.database.write(play.merchant_id) as tx:
            for ready in shop.SEGMENTS:
                await segments.create_segment(
                    tx,
                    slug=ready.slug,
                    name=ready.name,
                    description=ready.description,
                    rule=ready.rule,
                    at=cut,
                    by="苏芙",
                )
            journey = await journeys.install_example(tx, shop.JOURNEY, cut)
            await tagging.put_tags(tx, play.made, play.numbers, cut)
            await friends.celebrate(tx, play.made.year.days[-LIVE_DAYS], 400, "苏芙")
            for name, words in goods.STAGES.items():
                await profiles.put_stage(tx, name, words, "苏芙", cut)
        await turn(play)
        async with play.database.write(play.merchant_id) as tx:
            await programme.rest_missions(tx, cut, awake=True)
            await journeys.launch(tx, journey.journey_id, cut, start_with_members=True)
            await happenings.welcome(tx, cut)
        await turn(play)


async def _live(play: Play, told: Callable[[str, float], None]) -> None:
    """The last weeks, day by day: trade as it comes, refreshes in the morning, answers to messages as they fall due."""
    days = play.made.year.days[-LIVE_DAYS:]
    since = instant(days[0], time(0))
    for number, day in enumerate(days):
        morning, night = instant(day, MORNING), instant(day + timedelta(days=1), time(0)) - timedelta(seconds=1)
        if number % REFRESH_EVERY == 0 or number == len(days) - 1:
            since = await _until(play, since, morning)
            with clock.at(morning):
                await turn(play)
                await _answer(play, morning)
        since = await _work(play, since, day)
        since = await _until(play, since, night)
        if day.day == 1:
            with clock.at(night):
                await points_jobs.sweep_points(play.database, play.merchant_id)
        told("最近六周，一天一天地过 · the last six weeks", 0.72 + 0.26 * (number + 1) / len(days))


async def _work(play: Play, since: datetime, day: date) -> datetime:
    """What people at work did on that day, each act at its hour; until when everything has happened."""
    assert play.desk is not None
    for act in timetable.of((play.desk.last_day - day).days):
        since = await _until(play, since, instant(day, act.at))
        with clock.at(since):
            await act.do(play.desk, since)
    return since


async def _until(play: Play, since: datetime, until: datetime) -> datetime:
    """Everything that happened from `since` to before `until`, recorded at `until`."""
    made = play.made
    orders = [(order, 0) for order in _between(made.orders, since, until)]
    orders += [(order, spent) for order, spent in play.replies if since <= order.at < until]
    items: list[ingestion.Item] = [
        order_in(play, order, spent) for order, spent in sorted(orders, key=lambda one: one[0].at)
    ]
    items += [refund_in(refund) for refund in _between(made.refunds, since, until)]
    items += [event_in(play, deed) for deed in _between(made.deeds, since, until)]
    with clock.at(until):
        days = since.astimezone(purchases.ZONE).date(), until.astimezone(purchases.ZONE).date()
        await friends.bring(play.database, play.merchant_id, play.people, play.brought, *days, play.first)
        for part in parts(items):
            await _apply(play, part, history=False)
        await Relay(play.database, wiring.READERS).drain(play.merchant_id)
    return until


async def turn(play: Play) -> None:
    """What the clock brings round: segments refreshed, who entered taken in, their steps taken."""
    assert play.mirror is not None
    await segments.refresh(play.database, play.mirror, play.merchant_id, clock.now())
    relay = Relay(play.database, wiring.READERS)
    await relay.drain(play.merchant_id)
    await journeys_jobs.travel(play.database, play.merchant_id)
    await programme.keep(play.database, play.merchant_id)
    await relay.drain(play.merchant_id)


async def _answer(play: Play, now: datetime) -> None:
    """Who was just given 500 points as 50 yuan decides whether to come: the thrifty rather than the others."""
    async with play.database.read(play.merchant_id) as tx:
        usable = await offers.find_usable(tx, play.numbers, now)
    place_of = {number: place for place, number in enumerate(play.numbers)}
    last = play.made.year.days[-1]
    for number, rights in sorted(usable.items()):
        right = rights[0]
        if right.grant_id in play.answered:
            continue
        play.answered.add(right.grant_id)
        member = place_of[number]
        thrift = float(play.made.habits.thrift[member])
        draw, back = play.rng.random(2)
        if draw >= 0.07 + 0.3 * thrift:
            continue
        day = now.astimezone(purchases.ZONE).date() + timedelta(days=int(back * 3))
        order = play.made.till.order(member, play.made.year.place(min(day, last)), thriftier=0.3)
        if day <= last and now < order.at < right.expires_at and order.amount_fen >= 3 * right.value_fen:
            play.replies.append((order, right.points))


async def _open(play: Play) -> None:
    """The last audit, and the doors open."""
    last = instant(play.made.year.days[-1] + timedelta(days=1), time(0)) - timedelta(seconds=1)
    with clock.at(last):
        await turn(play)
        await _know(play, last)
        await audit_jobs.audit_points(play.database, play.merchant_id)
    now = clock.now()
    async with play.database.directory() as tx:
        await access.forgive_tries(tx, list(play.desk.staff.values()) if play.desk else [])
        await tenancy.activate(tx, play.merchant_id)
    async with play.database.write(play.merchant_id) as tx:
        await wiring.plan(tx, now)
        await jobs.wake(tx, WORK, next_due())


def next_due() -> datetime:
    """When the next day is fed that has not been yet."""
    return instant(last_day() + timedelta(days=1), EVENING)


def last_day() -> date:
    """The last day that may be told: today from its evening on, else yesterday."""
    today = clock.business_date(clock.now(), shop.ZONE)
    return today if clock.now() >= instant(today, EVENING) else today - timedelta(days=1)


async def _know(play: Play, now: datetime) -> None:
    """Models are fitted as if they had been every other week, so that their drift is seen; tags follow what they say."""
    assert play.mirror is not None
    for weeks in (4, 2, 0):
        await profiles.refit(play.database, play.mirror, play.merchant_id, now - timedelta(weeks=weeks))
    async with play.database.write(play.merchant_id) as tx:
        await tagging.follow_models(tx, now)
    await tags_jobs.keep_tags(play.database, play.merchant_id)
    await Relay(play.database, wiring.READERS).drain(play.merchant_id)


async def _apply(play: Play, items: Sequence[ingestion.Item], *, history: bool) -> None:
    answers = await intake.apply(play.database, play.merchant_id, items, history=history, at=clock.now())
    refused = [
        answer.body
        for item, answer in zip(items, answers, strict=True)
        if not answer.accepted and not getattr(item, "points_spent", 0)  # the points may have expired since the answer
    ]
    assert not refused, refused[:3]


def order_in(play: Play, order: Order, spent: int = 0) -> ingestion.OrderIn:
    """The order as a till sends it; points spent as cash come off its lines."""
    saved = money.split(5_000 if spent else 0, [line.amount_fen for line in order.lines])
    lines = [
        ingestion.LineIn(
            sku=line.product.sku, quantity=line.quantity, amount_fen=line.amount_fen - less, list_fen=line.list_fen,
            discount_fen=line.list_fen - line.amount_fen, product=line.product.name,
            category=line.product.category, brand=line.product.brand,
        )
        for line, less in zip(order.lines, saved, strict=True)
    ]  # fmt: skip
    paid = sum(line.amount_fen for line in lines)
    return ingestion.OrderIn(
        order_id=order.order_id, occurred_at=order.at, source="pos" if order.channel == "pos" else "shop",
        member=None if order.member is None else _identity(play, order.member),
        store_id=order.store, channel=order.channel, lines=lines, amount_fen=paid,
        payments=[ingestion.PaymentIn(method=order.method, amount_fen=paid)],
        coupon_code=order.coupon or None, points_spent=spent,
    )  # fmt: skip


def refund_in(refund: Refund) -> ingestion.RefundIn:
    return ingestion.RefundIn(
        refund_id=refund.refund_id, order_id=refund.order.order_id, occurred_at=refund.at, amount_fen=refund.amount_fen,
        source="pos" if refund.order.channel == "pos" else "shop",
        lines=[
            ingestion.RefundLineIn(sku=line.product.sku, quantity=line.quantity, amount_fen=line.amount_fen)
            for line in refund.lines
        ],
    )  # fmt: skip


def event_in(play: Play, deed: Any) -> ingestion.EventIn:
    return ingestion.EventIn(
        event_id=deed.event_id, occurred_at=deed.at, event=deed.event, member=_identity(play, deed.member),
        source="mini", properties=deed.properties, channel=deed.channel,
    )  # fmt: skip


def _identity(play: Play, member: int) -> dict[str, str]:
    return {"external": play.made.members[member].external}


def _between(happened: Sequence[Any], since: datetime, until: datetime) -> Sequence[Any]:
    """What happened from `since` to before `until`, of things in the order of time."""
    return happened[bisect_left(happened, since, key=_at) : bisect_left(happened, until, key=_at)]


def _at(happened: Any) -> datetime:
    instant: datetime = happened.at
    return instant


def instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, purchases.ZONE)


def parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))
