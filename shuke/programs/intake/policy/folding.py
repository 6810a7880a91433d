"""Decides what an order or event becomes, given the locked state of its member; pure but for the book it writes in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shuke.assets import confirmations, offers, points
from shuke.ground import catalog, ingestion, tenancy
from shuke.kit import errors, money
from shuke.kit.kinds import Sentence
from shuke.programs import earning, tiers

FUTURE = timedelta(minutes=10)
OWNED = frozenset(
    "order order_line refund redeem points_moved message_sent campaign_targeted coupon_redeemed "
    "segment_entered segment_left invite_rewarded invite_taken_back".split()
)


class UnknownStore(errors.Refused):
    """There is no store "{store}"."""

    code = "unknown_store"
    http_status = 422
    zh = "没有门店「{store}」。"
    cure = "Create it under Settings → Stores, or send one of: {known}."
    cure_zh = "请先在「设置 → 门店」添加，或改为已有门店：{known}。"


class FutureDate(errors.Refused):
    """It says it happened at {occurred_at}, which is in the future."""

    code = "future_date"
    http_status = 422
    zh = "发生时间 {occurred_at} 在将来。"
    cure = "Check the clock and the time zone of the sending system."
    cure_zh = "请检查发送方的时钟和时区。"


class AmountMismatch(errors.Refused):
    """The lines add up to {lines_fen} fen but amount_fen says {amount_fen}."""

    code = "amount_mismatch"
    http_status = 422
    zh = "各行合计 {lines_fen} 分，与 amount_fen {amount_fen} 分不符。"
    cure = "Send the sum of the lines, or leave amount_fen out."
    cure_zh = "请改为各行之和，或不传 amount_fen。"


class AmountMissing(errors.Refused):
    """An order without lines needs amount_fen."""

    code = "amount_missing"
    http_status = 422
    zh = "没有明细行的订单必须给出 amount_fen。"
    cure = "Send amount_fen (money paid, in fen) or the lines."
    cure_zh = "请给出 amount_fen（实付，单位分）或明细行。"


class MemberNeeded(errors.Refused):
    """Points can only be spent by a member, and this order names none."""

    code = "member_needed"
    http_status = 422
    zh = "订单没有会员，不能使用积分。"
    cure = "Send the member, or leave points_spent out."
    cure_zh = "请带上会员信息，或去掉 points_spent。"


class OwnedEvent(errors.Refused):
    """The event "{event}" is written by Shuke itself and cannot be sent."""

    code = "owned_event"
    http_status = 422
    zh = "事件「{event}」由系统自己记录，不能从外部发送。"
    cure = "Send orders to /v1/orders and refunds to /v1/refunds, or use another name."
    cure_zh = "订单请发 /v1/orders，退款请发 /v1/refunds，或换一个名字。"


@dataclass(frozen=True, slots=True)
class Asks:
    """What live rules ask beyond the order; nothing is read where no rule asks. `events` earn, `awaited` ones may later."""

    needs: frozenset[str] = frozenset()
    limited: bool = False
    events: frozenset[str] = frozenset()
    awaited: frozenset[str] = frozenset()

    @classmethod
    def of(cls, rules: Sequence[earning.LiveRule]) -> Asks:
        """What these rules ask together."""
        return cls(
            needs=frozenset[str]().union(*(rule.needs for rule in rules)), limited=any(rule.limited for rule in rules),
            events=frozenset[str]().union(*(rule.events for rule in rules if rule.trigger == "event")),
            awaited=frozenset[str]().union(*(rule.events for rule in rules if "marks" in rule.needs)),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Context:
    """What a merchant's items are judged by; read once and kept until the merchant's version moves."""

    merchant: tenancy.MerchantSettings
    version: int
    stores: Mapping[str, int]
    rules: Sequence[earning.LiveRule]
    ladder: Sequence[tiers.Level]
    products: dict[str, catalog.Product | None] = field(default_factory=dict)
    asks: Asks = field(default_factory=Asks)
    terms: tiers.Terms = field(default_factory=tiers.Terms)
    zone: ZoneInfo = field(init=False)
    lateness: timedelta = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", ZoneInfo(self.merchant.zone))
        object.__setattr__(self, "lateness", timedelta(days=int(self.merchant.settings.get("lateness_days", 30))))

    def earns(self, item: ingestion.Item) -> bool:
        """Whether an item may touch its member's account: orders, and events that rules answer."""
        return isinstance(item, ingestion.OrderIn) or getattr(item, "event", None) in self.asks.events


@dataclass(slots=True)
class State:
    """What one transaction has locked and read of the members of its items."""

    book: points.Book
    standings: dict[int, tiers.Standing]
    usable: Mapping[int, list[offers.Usable]]
    level_then: dict[str, int]
    parked: bool = False
    orders: list[dict[str, Any]] = field(default_factory=list)
    rises: list[tiers.Rise] = field(default_factory=list)
    uses: dict[int, offers.Use] = field(default_factory=dict)
    known: dict[int, earning.Known] = field(default_factory=dict)
    counters: earning.Counters = field(default_factory=earning.Counters)
    fresh_marks: list[dict[str, Any]] = field(default_factory=list)
    used_marks: list[dict[str, Any]] = field(default_factory=list)
    awaited: list[dict[str, Any]] = field(default_factory=list)
    history: bool = False


def check(context: Context, item: ingestion.Item, now: datetime, history: bool) -> None:
    """Refuse what no state could make right: future dates, unknown stores, sums that do not add up, owned events."""
    if item.occurred_at > now + FUTURE:
        raise FutureDate(field="occurred_at", occurred_at=item.occurred_at.isoformat())
    if isinstance(item, ingestion.RefundIn):
        return
    if item.store_id and item.store_id not in context.stores:
        raise UnknownStore(field="store_id", store=item.store_id, known=", ".join(list(context.stores)[:8]) or "–")
    if isinstance(item, ingestion.EventIn):
        if item.event in OWNED:
            raise OwnedEvent(field="event", event=item.event)
        return
    lines_fen = sum(line.amount_fen for line in item.lines)
    if item.lines and item.amount_fen is not None and item.amount_fen != lines_fen and not history:
        raise AmountMismatch(field="amount_fen", lines_fen=lines_fen, amount_fen=item.amount_fen)
    if not item.lines and item.amount_fen is None:
        raise AmountMissing(field="amount_fen")
    if item.points_spent and item.member is None:
        raise MemberNeeded(field="member")


def late(context: Context, item: ingestion.Item, now: datetime, history: bool) -> bool:
    """Whether an item comes after the lateness window; imports are history and never late."""
    return not history and item.occurred_at < now - context.lateness


def fold_order(
    context: Context,
    state: State,
    order: ingestion.OrderIn,
    member_id: int | None,
    order_id: int,
    day: date,
    history: bool,
) -> dict[str, Any]:
    """Spend, then earn, then count towards the tier; returns the answer. A refusal leaves the state as it was."""
    amount_fen = sum(line.amount_fen for line in order.lines) if order.amount_fen is None else order.amount_fen
    lines = named_lines(context, order.lines)
    value_fen = 0
    spent_why: list[dict[str, str]] = []
    if order.points_spent and member_id is not None:
        value_fen, spent_why = _spend(state, order, member_id, order_id, amount_fen)
    awards: list[earning.Award] = []
    tier = None
    if member_id is not None:
        level = _level(context, state, order, member_id)
        tier = level
        basis = _basis(context, order, lines, amount_fen, level, day)
        basis.known = _known(state, member_id)
        awards = _earn(context, state, member_id, basis, f"order:{order_id}:", order_id)
        basis.known.orders += 1
        standing = state.standings[member_id]
        at, zone = order.occurred_at, context.merchant.zone
        rise = tiers.pay(standing, context.ladder, amount_fen, day, at, zone, context.terms)
        if rise is not None:
            state.rises.append(rise)
            tier = tiers.level_of(context.ladder, standing.level)
    earned = sum(award.points for award in awards)
    row = _order_row(context, order, amount_fen)
    row.update(
        order_id=order_id, member_id=member_id, lines=lines, business_date=day, history=history,
        points_earned=earned, points_value_fen=value_fen, recorded_at=state.book.now,
    )  # fmt: skip
    state.orders.append(row)
    answer: dict[str, Any] = {"status": "accepted", "order_id": order.order_id, "member_id": member_id}
    if member_id is not None and tier is not None:
        answer["points"] = {"earned": earned, "spent": order.points_spent, **standing_of(state.book, member_id)}
        answer["why"] = [*spent_why, *(earning.explain(award.why) for award in awards)]
        answer["tier"] = {"level": tier.level, "name": tier.name}
        answer["points_value_fen"] = value_fen
    return answer


def _level(context: Context, state: State, order: ingestion.OrderIn, member_id: int) -> tiers.Level:
    """The member's level when the order was placed; the order that crosses a threshold earns at the old one."""
    then = state.level_then.get(order.key)
    return tiers.level_of(context.ladder, state.standings[member_id].level if then is None else then)


def _spend(
    state: State, order: ingestion.OrderIn, member_id: int, order_id: int, amount_fen: int
) -> tuple[int, list[dict[str, str]]]:
    usable = [right for right in state.usable.get(member_id, []) if right.grant_id not in state.uses]
    worth = max((right.value_fen for right in usable if right.points == order.points_spent), default=0)
    grant = offers.match(usable, order.points_spent, amount_fen + worth)
    why = {"kind": "cash_offer", "points": grant.points, "value_fen": grant.value_fen, "grant_id": grant.grant_id}
    cause = points.Cause(f"order:{order_id}:spent", why, order.occurred_at, order_id=order_id)
    state.book.spend(member_id, order.points_spent, cause)
    state.uses[grant.grant_id] = offers.Use(grant_id=grant.grant_id, order_id=order_id, at=order.occurred_at)
    zh = f"用 {grant.points} 积分抵 {money.yuan(grant.value_fen)}"
    en = f"{grant.points} points spent as {money.yuan(grant.value_fen)}"
    return grant.value_fen, [{"zh": zh, "en": en}]


def named_lines(context: Context, lines: Sequence[ingestion.LineIn]) -> Sequence[ingestion.LineIn]:
    """Lines that bring no name, category or brand of their own get them from the catalogue, as it is now."""
    if not context.products:
        return lines
    return [_named(line, context.products.get(line.sku)) for line in lines]


def _named(line: ingestion.LineIn, product: catalog.Product | None) -> ingestion.LineIn:
    if product is None or (line.product and line.category and line.brand):
        return line
    return ingestion.LineIn(
        sku=line.sku, quantity=line.quantity, amount_fen=line.amount_fen, list_fen=line.list_fen,
        discount_fen=line.discount_fen, product=line.product or product.name,
        category=line.category or product.category, brand=line.brand or product.brand,
    )  # fmt: skip


def _basis(
    context: Context, order: ingestion.OrderIn, lines: Sequence[ingestion.LineIn], amount_fen: int, level: tiers.Level,
    day: date,
) -> earning.Basis:  # fmt: skip
    return earning.Basis(
        occurred_at=order.occurred_at, amount_fen=amount_fen, store=order.store_id, channel=order.channel,
        lines=[earning.Line(line.sku, line.quantity, line.amount_fen, line.category, line.brand) for line in lines],
        tier_level=level.level, tier_name=level.name, multiplier_percent=level.multiplier_percent,
        payments=[payment.method for payment in order.payments], zone=context.zone, day=day,
    )  # fmt: skip


def _known(state: State, member_id: int) -> earning.Known:
    """What rules may know of a member, as it was before this item of the batch."""
    known = state.known.get(member_id)
    if known is None:
        known = state.known[member_id] = earning.Known()
    standing = state.standings.get(member_id)
    if standing is not None:
        known.months = standing.months
    return known


def _earn(
    context: Context, state: State, member_id: int, basis: earning.Basis, key: str, order_id: int | None
) -> list[earning.Award]:
    """Credit what the live rules give, each award under the key and the rule's number."""
    awards = earning.evaluate(
        context.rules, earning.EFFECTS, basis, member_id=member_id, counters=state.counters,
        multiplier_policy=earning.multiplying(context.merchant.settings),
    )  # fmt: skip
    for award in awards:
        cause = points.Cause(
            f"{key}{award.rule.rule_id}", award.why, basis.occurred_at, order_id=order_id, rule_id=award.rule.rule_id,
            rule_version=award.rule.version, basis_fen=award.basis_fen, breakdown=award.breakdown or None,
        )  # fmt: skip
        state.awaited += credit(state.book, member_id, award, cause, context.merchant.zone, history=state.history)
        if award.uses is not None:
            award.uses.used = True
            state.used_marks.append(_mark_row(member_id, award.uses))
    return awards


def credit(
    book: points.Book, member_id: int, award: earning.Award, cause: points.Cause, zone: str, *, history: bool = False
) -> list[dict[str, Any]]:
    """Book an award for the life that its rule says; what waits is answered as rows of `confirmations`."""
    life = earning.life(award.rule.terms.use, award.validity, cause.occurred_at, zone, history=history)
    begins, ends, waits = life
    if waits is not None:
        cause.why["waits"] = waits
    entry_id = book.credit(member_id, award.points, cause, active_from=begins, expires_at=ends)
    lot_id = book.lots[-1]["lot_id"] if book.lots and book.lots[-1]["entry_id"] == entry_id else None
    if waits is None or lot_id is None:
        return []
    return [confirmations.awaiting(member_id, entry_id, lot_id, cause, award.points)]


def fold_event(context: Context, state: State, event: ingestion.EventIn, member_id: int, day: date) -> dict[str, Any]:
    """What a member did may earn, and may wait for an order; returns what the answer says of points, if anything."""
    if event.event in context.asks.awaited:
        _wait(state, event, member_id)
    if event.event not in context.asks.events:
        return {}
    level = tiers.level_of(context.ladder, state.standings[member_id].level)
    basis = event_basis(context, event, day)
    basis.known = _known(state, member_id)
    basis.tier_level, basis.tier_name = level.level, level.name
    awards = _earn(context, state, member_id, basis, f"event:{event.source}:{event.event_id}:", None)
    if not awards:
        return {}
    earned = sum(award.points for award in awards)
    why = [earning.explain(award.why) for award in awards]
    return {"points": {"earned": earned, "spent": 0, **standing_of(state.book, member_id)}, "why": why}


def standing_of(book: points.Book, member_id: int) -> dict[str, int]:
    """How an answer tells what a member has: `balance` can be spent now (below zero: owed), `pending` later, where there is any."""
    balance, pending = book.account(member_id).standing(book.now)
    return {"balance": balance} | ({"pending": pending} if pending else {})


def event_basis(context: Context, event: ingestion.EventIn, day: date) -> earning.Basis:
    """What rules may look at of an event, but for the member."""
    return earning.Basis(
        occurred_at=event.occurred_at, store=event.store_id, channel=event.channel, event=event.event,
        properties=event.properties, trigger="event", zone=context.zone, day=day,
    )  # fmt: skip


def _wait(state: State, event: ingestion.EventIn, member_id: int) -> None:
    """Keep it for an order to come: one row for each video or article, or each time where the event names none."""
    mark = earning.mark_of(event.event, event.properties, event.event_id, event.occurred_at)
    if mark is None:
        return
    known = _known(state, member_id)
    known.marks = [*known.marks, mark]
    state.fresh_marks.append(_mark_row(member_id, mark))


def _mark_row(member_id: int, mark: earning.Mark) -> dict[str, Any]:
    return {
        "member_id": member_id, "event": mark.event, "ref": mark.ref, "at": mark.at, "skus": list(mark.skus),
        "used": mark.used,
    }  # fmt: skip


def _order_row(context: Context, order: ingestion.OrderIn, amount_fen: int) -> dict[str, Any]:
    """What the order says of itself; what was decided about it is added by the caller."""
    discount = sum(line.discount_fen for line in order.lines)
    return {
        "source": order.source,
        "source_key": order.order_id,
        "store_id": context.stores[order.store_id] if order.store_id else None,
        "channel": order.channel,
        "occurred_at": order.occurred_at,
        "amount_fen": amount_fen,
        "list_fen": sum(
            line.amount_fen + line.discount_fen if line.list_fen is None else line.list_fen for line in order.lines
        )
        or amount_fen,
        "discount_fen": discount,
        "points_spent": order.points_spent,
        "coupon_code": order.coupon_code,
        "payments": order.payments,
    }


def _as_cash(why: dict[str, Any]) -> Sentence:
    zh = f"用 {why['points']} 积分抵 {why['value_fen'] / 100:g} 元"
    return Sentence(zh, f"{why['points']} points spent as {why['value_fen'] / 100:g} yuan")


points.explained_by({"cash_offer": _as_cash})
