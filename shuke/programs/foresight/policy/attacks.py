"""Attacks a merchant's own rules as a cheat would, with the real policy: each attack tells its steps and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from shuke.ground.orders import Settled
from shuke.kit import money
from shuke.kit.kinds import Sentence
from shuke.programs import earning, referrals
from shuke.programs.foresight.policy import words
from shuke.programs.foresight.policy.searching import Worst, worst
from shuke.programs.foresight.policy.world import Situation, World

ACCOUNTS = 100
"""How many members somebody who farms sign-ups makes."""
MOST_PARTS = 20
LOOPS = 5


@dataclass(frozen=True, slots=True)
class Ground:
    """What the attacks are tried on: a merchant, an order's amount, the best order of that amount, and the limits that hold."""

    world: World
    amount_fen: int
    best: Worst
    worth: int | None
    """What 100 points are worth, in fen."""
    share_percent: int
    lateness_days: int
    plan: referrals.Plan | None = None
    """The plan of referrals that is open now."""

    def fen(self, points: int) -> int | None:
        """The worth of points."""
        return None if self.worth is None else points * self.worth // 100


@dataclass(frozen=True, slots=True)
class Attack:
    """What an attack found: nothing (no points), or the steps and the points they cost."""

    code: str
    name: Sentence
    points: int = 0
    steps: Sequence[Sentence] = ()
    rules: frozenset[int] = frozenset()


def survey(
    world: World, amount_fen: int, *, worth: int | None = None, share_percent: int = 20, lateness_days: int = 30,
    plan: referrals.Plan | None = None,
) -> list[Attack]:  # fmt: skip
    """Every attack on the rules, the costliest first; those that found nothing stand at the end."""
    best = worst(world, amount_fen)
    ground = Ground(world, amount_fen, best, worth, share_percent, lateness_days, plan)
    tried = [attack(ground) for attack in ATTACKS]
    return sorted(tried, key=lambda one: -one.points)


def _rules(awards: Sequence[earning.Award]) -> frozenset[int]:
    return frozenset(award.rule.rule_id for award in awards)


def _gainers(awards: Sequence[earning.Award], before: Sequence[earning.Award]) -> frozenset[int]:
    """The rules that give more now than before."""
    sums: dict[int, int] = {}
    for sign, given in ((1, awards), (-1, before)):
        for award in given:
            sums[award.rule.rule_id] = sums.get(award.rule.rule_id, 0) + sign * award.points
    return frozenset(rule_id for rule_id, points in sums.items() if points > 0)


def _total(awards: Sequence[earning.Award]) -> int:
    return sum(award.points for award in awards)


def _resized(situation: Situation, amount_fen: int) -> Situation:
    """The same order for less money, its goods in the same proportions."""
    shares = money.split(amount_fen, [line.amount_fen for line in situation.lines])
    lines = tuple(
        earning.Line(line.sku, line.quantity, share, line.category, line.brand)
        for line, share in zip(situation.lines, shares, strict=True)
    )
    return replace(situation, amount_fen=amount_fen, lines=lines)


def _edges(world: World, below: int) -> list[int]:
    """Amounts at which rules begin to give more: thresholds of conditions and steps, and the smallest payment."""
    found = {1}
    for rule in world.rules:
        found.add(rule.least_fen or 1)
        if rule.kind == "spend_ladder":
            found.update(step for step, _ in rule.worked_out)
    return sorted(edge for edge in found if edge < below)


def return_most(ground: Ground) -> Attack:
    """Buy large, return until a small part is left, and keep more than an honest order of that part earns."""
    code, name = "refund_loop", Sentence("先买后退", "Buying, then returning")
    best = ground.best.situation
    found = Attack(code, name)
    for left in [0, *_edges(ground.world, ground.amount_fen)]:
        awards = best.awards(ground.world)
        kept = [(award, earning.keeps(award.why, left)) for award in awards]
        honest = _resized(best, left).points(ground.world) if left else 0
        loss = (sum(points for _, points in kept) - honest) * LOOPS
        if loss > found.points:
            paid, stays = money.yuan(ground.amount_fen), money.yuan(left)
            per_loop, lawful = sum(points for _, points in kept), honest
            steps = [
                Sentence(
                    f"下一笔 {paid} 的订单，得 {_total(awards):,} 积分",
                    f"Order for {paid} and get {_total(awards):,} points",
                ),
                Sentence(
                    f"退到只剩 {stays}，还留下 {per_loop:,} 积分，而老实买 {stays} 只有 {lawful:,} 积分",
                    f"Return all but {stays}: {per_loop:,} points stay, where an honest order of {stays} gives {lawful:,}",
                ),
                Sentence(f"重复 {LOOPS} 次", f"Do it {LOOPS} times"),
            ]
            found = Attack(code, name, loss, steps, frozenset(award.rule.rule_id for award, points in kept if points))
    return found


def split_orders(ground: Ground) -> Attack:
    """Pay one purchase as many small orders."""
    code, name = "split_orders", Sentence("拆单", "Splitting an order")
    whole = ground.best.points
    found = Attack(code, name)
    parts = {ground.amount_fen // count for count in range(2, MOST_PARTS + 1)} | set(
        _edges(ground.world, ground.amount_fen)
    )
    for part in sorted(parts):
        if part < 1 or ground.amount_fen // part > MOST_PARTS or ground.amount_fen // part < 2:
            continue
        count = ground.amount_fen // part
        awards = [award for given in _one_after_another(ground, [part] * count) for award in given]
        rest = ground.amount_fen - part * count
        loss = _total(awards) - whole
        if loss > found.points:
            paid, each, left = money.yuan(ground.amount_fen), money.yuan(part), money.yuan(rest)
            left_zh, left_en = (f"（剩 {left} 不花）", f" ({left} unspent)") if rest else ("", "")
            steps = [
                Sentence(f"一笔 {paid} 的订单得 {whole:,} 积分", f"One order of {paid} gives {whole:,} points"),
                Sentence(
                    f"同样的钱拆成 {count} 笔、每笔 {each}{left_zh}，共得 {_total(awards):,} 积分",
                    f"The same money as {count} orders of {each}{left_en} gives {_total(awards):,}",
                ),
            ]
            found = Attack(code, name, loss, steps, _gainers(awards, ground.best.awards))
    return found


def _one_after_another(ground: Ground, parts: Sequence[int]) -> Iterator[list[earning.Award]]:
    """Orders of one member within one day, as the live path would judge them."""
    counters, situation = ground.world.counters(), ground.best.situation
    for part in parts:
        order = _resized(situation, part)
        yield order.awards(ground.world, counters)
        situation = replace(situation, orders=situation.orders + 1, month_fen=situation.month_fen + part)


def farm_sign_ups(ground: Ground) -> Attack:
    """Join again and again on one device or address, and place the smallest first order."""
    code, name = "sign_up_farm", Sentence("批量注册", "Joining again and again")
    world, counters = ground.world, ground.world.counters()
    newcomer = replace(
        ground.best.situation, at=world.now, level=world.levels[0], orders=0, age_days=0, birthday=None, month_fen=0
    )
    regular = replace(newcomer, orders=10_000, age_days=10_000)
    smallest = max(
        _edges(world, ground.amount_fen), key=lambda edge: _gain(world, newcomer, regular, edge) * 1_000_000 // edge
    )
    if _gain(world, newcomer, regular, smallest) <= 0:
        smallest = 1
    gift = first = 0
    awards: list[earning.Award] = []
    for account in range(1, ACCOUNTS + 1):
        joined = earning.Basis(occurred_at=world.now, trigger="sign_up", zone=world.zone, day=world.today)
        gifts = earning.evaluate(world.rules, earning.EFFECTS, joined, member_id=account, counters=counters)
        ordered = _resized(newcomer, smallest).awards(world, counters, account)
        lawful = _resized(regular, smallest).points(world)
        gift, first = gift + _total(gifts), first + max(_total(ordered) - lawful, 0)
        awards += [*gifts, *(award for award in ordered if award.rule.kind in ("first_order", "order_bonus"))]
    if not gift + first:
        return Attack(code, name)
    steps = [
        Sentence(
            f"用同一台设备、同一个地址注册 {ACCOUNTS} 个号码" + (f"，共得 {gift:,} 积分" if gift else ""),
            f"Register {ACCOUNTS} numbers on one device and at one address" + (f": {gift:,} points" if gift else ""),
        ),
        Sentence(
            f"每个号各下一笔 {money.yuan(smallest)} 的首单，{ACCOUNTS} 笔一共比老会员多得 {first:,} 积分",
            f"Place a first order of {money.yuan(smallest)} with each: together the {ACCOUNTS} orders give {first:,} points "
            "more than a regular member gets",
        ),
    ]
    steps = steps if first else steps[:1]
    return Attack(code, name, gift + first, steps, _rules(awards))


def _gain(world: World, newcomer: Situation, regular: Situation, amount_fen: int) -> int:
    return _resized(newcomer, amount_fen).points(world) - _resized(regular, amount_fen).points(world)


def farm_referrals(ground: Ground) -> Attack:
    """Bring oneself under other numbers: what self-, ring- and duplicate refusals, caps and the return window leave of it."""
    code, name = "referral_farm", Sentence("自己推荐自己", "Referring oneself")
    plan, at = ground.plan, ground.world.now
    if plan is None:
        return Attack(code, name)
    me, first = 1, Settled(1, 2, at, plan.least_fen)
    stands = referrals.outcome(plan, at, [first]).state == "ordered"
    taken, friends, parents = referrals.Taken(), 0, dict[int, int]()
    for friend in range(me + 1, me + 1 + ACCOUNTS):
        if (
            stands
            and not referrals.is_ring(friend, me, parents)
            and taken.take(plan, ground.world.today.replace(day=1))
        ):
            parents[friend], friends = me, friends + 1
    mine, theirs = (_given(rewards) for rewards in (plan.referrer_rewards, plan.friend_rewards))
    loss = friends * (mine + theirs)
    if not loss:
        return Attack(code, name)
    paid, days = money.yuan(plan.least_fen), plan.return_days
    ring = "拒绝" if referrals.is_ring(me, me + 1, parents) else "放行"
    steps = [
        Sentence(
            f"注册 {friends} 个新号当“好友”，各用一台设备，都填自己的推荐码（推荐自己、互相推荐绕成圈会被{ring}）",
            f"Register {friends} new numbers as friends, each on a device of its own, with one's own code",
        ),
        Sentence(
            f"每个号下一笔 {paid} 的首单，放过 {days} 天退货期",
            f"Place a first order of {paid} with each and let the {days} days for returns pass",
        ),
        Sentence(
            f"一个月里 {friends} 位“好友”有奖，推荐人每位得 {mine:,} 积分，好友各得 {theirs:,} 积分",
            f"{friends} friends count within a month: {mine:,} points for each and {theirs:,} for the friend",
        ),
    ]
    return Attack(code, name, loss, steps)


def _given(rewards: Sequence[Any]) -> int:
    """The points among rewards."""
    return sum(int(one.params.get("points", 0)) for one in rewards if one.kind == "points")


def backdate(ground: Ground) -> Attack:
    """Send an order late, with the time of a better day within the lateness window."""
    code, name = "backdating", Sentence("补录到好日子", "Sent late, dated better")
    world = ground.world
    since = world.now - timedelta(days=ground.lateness_days)
    member = replace(ground.best.situation, birthday=None, at=world.now)
    on_time = member.awards(world)
    today = _total(on_time)
    found = Attack(code, name)
    times = [since + timedelta(hours=hours) for hours in range(ground.lateness_days * 24)]
    for at in times:
        awards = replace(member, at=at).awards(world)
        if _total(awards) - today > found.points:
            zh, en = words.day_words(world.business_date(at))
            late = (world.today - world.business_date(at)).days
            steps = [
                Sentence(f"今天下单本来得 {today:,} 积分", f"An order of today gives {today:,} points"),
                Sentence(
                    f"收银系统把发生时间写成 {zh}，晚 {late} 天补录，得 {_total(awards):,} 积分",
                    f"The till writes {en} as its time and sends it {late} days late: {_total(awards):,} points",
                ),
            ]
            found = Attack(code, name, _total(awards) - today, steps, _gainers(awards, on_time))
    return found


def across_midnight(ground: Ground) -> Attack:
    """Order twice within minutes, before and after the day ends, where a cap counts by the day."""
    code, name = "midnight", Sentence("跨零点下单", "Around midnight")
    world, best = ground.world, ground.best.situation
    if not any(cap.per != "order" for rule in world.rules for cap in rule.terms.caps):
        return Attack(code, name)
    begins = (best.at.astimezone(world.zone) + timedelta(days=1)).replace(
        hour=world.day_start_minutes // 60, minute=world.day_start_minutes % 60, second=0, microsecond=0
    )
    before, after = replace(best, at=begins - timedelta(minutes=1)), replace(best, at=begins)
    same, across = world.counters(), world.counters()
    one_day = [before.awards(world, same), _next(before).awards(world, same)]
    two_days = [before.awards(world, across), replace(_next(before), at=after.at).awards(world, across)]
    gain = sum(map(_total, two_days)) - sum(map(_total, one_day))
    if gain <= 0:
        return Attack(code, name)
    (first, second), on_one = map(_total, two_days), sum(map(_total, one_day))
    steps = [
        Sentence(f"{before.at:%H:%M} 下一单，得 {first:,} 积分", f"Order at {before.at:%H:%M}: {first:,} points"),
        Sentence(
            f"{after.at:%H:%M} 再下一单，上限重新计算，又得 {second:,} 积分；都在同一天只有 {on_one:,} 积分",
            f"Order again at {after.at:%H:%M}, when caps count anew: {second:,} more; on one day both give {on_one:,}",
        ),
    ]
    return Attack(code, name, gain, steps, _rules([award for given in two_days for award in given]))


def _next(situation: Situation) -> Situation:
    return replace(situation, orders=situation.orders + 1, month_fen=situation.month_fen + situation.amount_fen)


def move_birthday(ground: Ground) -> Attack:
    """Say that today is the birthday."""
    code, name = "birthday", Sentence("改生日", "A birthday when it suits")
    world = ground.world
    member = replace(ground.best.situation, at=world.now, birthday=None)
    born = world.today.replace(year=1992)
    without = member.awards(world)
    with_birthday = replace(member, birthday=born).awards(world)
    loss = _total(with_birthday) - _total(without)
    if loss <= 0:
        return Attack(code, name)
    paid, before, after = money.yuan(ground.amount_fen), _total(without), _total(with_birthday)
    steps = [
        Sentence("下单前把生日改成今天", "Have the birthday changed to today before ordering"),
        Sentence(
            f"同一笔 {paid} 的订单，从 {before:,} 积分变成 {after:,} 积分",
            f"The same order of {paid} gives {after:,} points, not {before:,}",
        ),
    ]
    return Attack(code, name, loss, steps, _gainers(with_birthday, without))


def stack(ground: Ground) -> Attack:
    """Put everything together that adds up, until the points are worth more than a set share of the order."""
    code, name = "stacking", Sentence("优惠叠加过高", "Everything at once")
    best, fen = ground.best, ground.fen(ground.best.points)
    allowed = ground.amount_fen * ground.share_percent // 100
    if fen is None or fen <= allowed or not ground.worth:
        return Attack(code, name)
    told = words.joined(words.described(best.situation, ground.world))
    steps = [
        Sentence(f"条件凑齐：{told.zh}", f"All at once: {told.en}"),
        Sentence(
            f"{len(best.awards)} 条规则叠加，一笔 {money.yuan(ground.amount_fen)} 的订单得 {best.points:,} 积分，"
            f"值 {money.yuan(fen)}，超过订单的 {ground.share_percent}%",
            f"{len(best.awards)} rules together give {best.points:,} points on an order of {money.yuan(ground.amount_fen)}, worth "
            f"{money.yuan(fen)}: more than {ground.share_percent} % of it",
        ),
    ]
    return Attack(code, name, (fen - allowed) * 100 // ground.worth, steps, _rules(best.awards))


ATTACKS: Sequence[Callable[[Ground], Attack]] = (
    return_most, split_orders, farm_sign_ups, farm_referrals, backdate, across_midnight, move_birthday, stack,
)  # fmt: skip
