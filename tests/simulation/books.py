"""The auditor's own books: what a merchant's ledger must say, kept in plain Python without a line of the real code.

Rules it knows: points per net yuan by channel, times the level's multiplier; waiting for a confirmation; order of use;
refunds; debts; expiry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

SHANGHAI = timezone(timedelta(hours=8))
GRACE = timedelta(days=7)


@dataclass
class Lot:
    left: int
    earned_at: datetime
    expires_at: datetime
    number: int
    source: str
    pins: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    begins: datetime | None = None
    waits: bool = False

    def free(self, at: datetime) -> int:
        return self.left - sum(points for points, until in self.pins.values() if at < until)


@dataclass
class Member:
    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    months: dict[tuple[int, int], int] = field(default_factory=dict)
    level: int = 0
    since: datetime | None = None
    changes: list[tuple[datetime, int, int]] = field(default_factory=list)
    merged: bool = False

    def available(self, at: datetime) -> int:
        return sum(lot.free(at) for lot in self.usable(at))

    def usable(self, at: datetime) -> list[Lot]:
        return [lot for lot in self.lots if at < lot.expires_at and (lot.begins is None or lot.begins <= at)]


@dataclass
class Award:
    source: str
    given: int
    per_yuan: Fraction
    lapses_at: datetime | None = None
    confirmed: bool = False


@dataclass
class Sale:
    member: int
    fen: int
    at: datetime
    refunded: int = 0
    awards: list[Award] = field(default_factory=list)
    spent: int = 0
    taken: list[tuple[Lot, int]] = field(default_factory=list)
    restored: int = 0
    owner: Member | None = None


@dataclass
class Rule:
    """One point rule: so many points per yuan on orders of that channel, valid for that long."""

    number: int
    per_yuan: int
    channel: str
    days: int | None
    waits: tuple[int, bool] | None = None
    """Days in which an action is to be confirmed, and whether the points lapse otherwise."""


@dataclass
class Books:
    """All members of one simulated merchant. `thresholds` are (fen within twelve months, multiplier)."""

    rules: list[Rule]
    thresholds: list[tuple[int, Fraction]]
    members: dict[int, Member] = field(default_factory=dict)
    sales: dict[str, Sale] = field(default_factory=dict)
    waiting: dict[str, list[tuple[int, datetime]]] = field(default_factory=dict)
    earned: int = 0
    clawed_back: int = 0
    numbers: int = 0

    def member(self, number: int) -> Member:
        return self.members.setdefault(number, Member())

    def order(
        self, key: str, member: int, fen: int, channel: str, happened: datetime, now: datetime, spend: int = 0
    ) -> bool:
        """An order; False when it may not spend so much (then nothing happens)."""
        who = self.member(member)
        if spend > who.available(now):
            return False
        sale = Sale(member, fen, happened, spent=spend, owner=who)
        sale.taken = self._use(who, spend, who.usable(now), now)
        factor = self.thresholds[self._level(who, happened)][1]
        for rule in self.rules:
            rate = rule.per_yuan * factor
            points = int(Fraction(fen, 100) * rate)
            if points and rule.channel in ("", channel):
                source = f"{key}/{rule.number}"
                ends, due = _end(rule.days, happened), None
                lapses = rule.waits is not None and rule.waits[1]
                if rule.waits is not None:
                    due = _end(rule.waits[0], happened)
                    ends = due if lapses else ends
                sale.awards.append(Award(source, points, rate, due if lapses else None))
                self._credit(who, points, happened, ends, source, due)
                self.earned += points
        self.sales[key] = sale
        self._pay(who, fen, happened)
        for amount, refunded_at in self.waiting.pop(key, []):
            self.refund(key, min(amount, sale.fen - sale.refunded), refunded_at, now)
        return True

    def refund(self, key: str, fen: int, happened: datetime, now: datetime) -> bool:
        """A refund; before its order it waits. False when more is asked than is left."""
        sale = self.sales.get(key)
        if sale is None:
            self.waiting.setdefault(key, []).append((fen, happened))
            return True
        if fen > sale.fen - sale.refunded:
            return False
        who = self.member(sale.member)
        moved = who is not sale.owner
        before = sale.fen - sale.refunded
        sale.refunded += fen
        for award in sale.awards:
            back = int(Fraction(before, 100) * award.per_yuan) - int(Fraction(before - fen, 100) * award.per_yuan)
            if award.confirmed or award.lapses_at is None or now < award.lapses_at:
                self._take_back(who, back, award.source, now)
        share = sale.spent if sale.refunded >= sale.fen else sale.spent * sale.refunded // sale.fen
        self._give_back(who, sale, share - sale.restored, (happened, now), moved)
        self._pay(who, -fen, sale.at)
        return True

    def sweep(self, now: datetime) -> None:
        """What ran out is gone."""
        for who in self.members.values():
            for lot in who.lots:
                if lot.expires_at <= now and lot.free(now) == lot.left:
                    lot.left = 0

    def adjust(self, member: int, points: int, now: datetime, expires_at: datetime) -> bool:
        """Points by hand; False when there are not enough to take."""
        who = self.member(member)
        if points > 0:
            self._credit(who, points, now, expires_at, "adjust")
            return True
        if -points > who.available(now):
            return False
        self._use(who, -points, who.usable(now), now)
        return True

    def confirm(self, key: str, now: datetime) -> int:
        """What an order's waiting points become: usable now, in lots of their own. Returns how many credits did."""
        sale = self.sales[key]
        who, done = self.member(sale.member), 0
        for award in sale.awards:
            for lot in [lot for lot in who.lots if lot.waits and lot.source == award.source and lot.left]:
                if lot.begins is None or lot.begins <= now:
                    continue
                points, lot.left, award.confirmed = lot.left, 0, True
                rule = next(rule for rule in self.rules if award.source == f"{key}/{rule.number}")
                paid = min(who.debt, points)
                who.debt -= paid
                done += 1
                if points > paid:
                    self.numbers += 1
                    ends = _end(rule.days, sale.at)
                    who.lots.append(Lot(points - paid, lot.earned_at, ends, self.numbers, lot.source))
        return done

    def hold(self, key: str, member: int, points: int, until: datetime, now: datetime) -> bool:
        """Points set aside; False when there are not enough."""
        who = self.member(member)
        if points > who.available(now):
            return False
        for lot in _in_order(who.usable(now)):
            part = min(lot.free(now), points)
            if part:
                lot.pins[key] = (part, until)
                points -= part
        return True

    def close(self, key: str, capture: bool, now: datetime) -> bool:
        """Capture or release a hold; False when it is over."""
        pinned = [lot for who in self.members.values() if not who.merged for lot in who.lots if key in lot.pins]
        if capture and pinned and pinned[0].pins[key][1] <= now:
            return False
        for lot in {id(lot): lot for lot in pinned}.values():
            part, _ = lot.pins.pop(key)
            lot.left -= part if capture else 0
        return bool(pinned)

    def merge(self, loser: int, heir: int, now: datetime) -> None:
        """Everything of one member becomes the other's; both names mean the heir from now on."""
        old, who = self.members[loser], self.member(heir)
        for lot in old.lots:
            if lot.left:
                self.numbers += 1
                source = lot.source if lot.waits else "merge"
                life = (lot.earned_at, lot.expires_at, self.numbers, source, lot.pins, lot.begins, lot.waits)
                who.lots.append(Lot(lot.left, *life))
        who.debt += old.debt
        for month, fen in old.months.items():
            who.months[month] = who.months.get(month, 0) + fen
        before = who.level
        if old.level > who.level:
            who.level, who.since = old.level, old.since
        day = now.astimezone(SHANGHAI)
        reached = self._reached(who, (day.year, day.month))
        if reached > who.level:
            who.level, who.since = reached, now
        if who.level != before:
            who.changes.append((now, len(who.changes), who.level))
        old.merged, old.lots = True, []
        for name, member in self.members.items():
            if member is old:
                self.members[name] = who

    def _level(self, who: Member, happened: datetime) -> int:
        if who.months and who.since is not None and happened < who.since:
            return max((change for change in who.changes if change[0] <= happened), default=(happened, 0, 0))[2]
        return who.level

    def _pay(self, who: Member, fen: int, happened: datetime) -> None:
        if fen == 0:
            return
        day = happened.astimezone(SHANGHAI)
        month = (day.year, day.month)
        who.months[month] = who.months.get(month, 0) + fen
        reached = self._reached(who, month)
        if reached > who.level:
            who.level, who.since = reached, happened
            who.changes.append((happened, len(who.changes), reached))

    def _reached(self, who: Member, month: tuple[int, int]) -> int:
        first = (month[0] - 1, month[1] + 1) if month[1] < 12 else (month[0], 1)
        window = sum(paid for at, paid in who.months.items() if first <= at <= month)
        return max(number for number, (threshold, _) in enumerate(self.thresholds) if threshold <= max(window, 0))

    def _credit(
        self,
        who: Member,
        points: int,
        earned_at: datetime,
        expires_at: datetime,
        source: str,
        begins: datetime | None = None,
    ) -> None:
        paid = 0 if begins == expires_at else min(who.debt, points)
        who.debt -= paid
        if points > paid:
            self.numbers += 1
            who.lots.append(
                Lot(points - paid, earned_at, expires_at, self.numbers, source, {}, begins, begins is not None)
            )

    def _use(self, who: Member, points: int, lots: list[Lot], now: datetime) -> list[tuple[Lot, int]]:
        taken = []
        for lot in _in_order(lots):
            part = min(lot.free(now), points)
            if part:
                lot.left -= part
                points -= part
                taken.append((lot, part))
        assert points == 0
        return taken

    def _take_back(self, who: Member, points: int, source: str, now: datetime) -> None:
        if points <= 0:
            return
        self.clawed_back += points
        live = [lot for lot in who.lots if now < lot.expires_at]
        others = [lot for lot in who.usable(now) if lot.source != source]
        for lots in ([lot for lot in live if lot.source == source], others):
            part = min(sum(lot.free(now) for lot in lots), points)
            self._use(who, part, lots, now)
            points -= part
        who.debt += points

    def _give_back(self, who: Member, sale: Sale, points: int, when: tuple[datetime, datetime], moved: bool) -> None:
        happened, now = when
        sale.restored += points
        late = 0
        for index in reversed(range(len(sale.taken))):
            lot, taken = sale.taken[index]
            part = min(taken, points)
            sale.taken[index] = (lot, taken - part)
            points -= part
            if lot.expires_at <= now:
                late += part
            elif moved and part:
                self.numbers += 1
                who.lots.append(Lot(part, lot.earned_at, lot.expires_at, self.numbers, "moved"))
            else:
                lot.left += part
        assert points == 0
        if late:
            self.numbers += 1
            who.lots.append(Lot(late, happened, now + GRACE, self.numbers, "grace"))


def _in_order(lots: list[Lot]) -> list[Lot]:
    return sorted(lots, key=lambda lot: (lot.expires_at, lot.earned_at, lot.number))


def _end(days: int | None, happened: datetime) -> datetime:
    local = happened.astimezone(SHANGHAI)
    if days is None:
        return datetime(local.year + 2, 1, 1, tzinfo=SHANGHAI).astimezone(UTC)
    return (local + timedelta(days=days)).astimezone(UTC)
