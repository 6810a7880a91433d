"""The ledger's arithmetic: accounts, lots and what a credit, a debit, a take-back or a give-back does to them.

A `Book` holds what one transaction has locked and collects what it changes; nothing here touches the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from shuke.kit import errors

POINTS = "points"


class Wallet(NamedTuple):
    """One unit that accounts are kept in, its name and what it is counted in; `gift`: members may pass it on."""

    code: str
    zh: str
    en: str
    unit_zh: str
    unit_en: str
    gift: bool = False

    @property
    def money(self) -> bool:
        """Whether it is counted in fen and read in yuan."""
        return self.unit_en == "fen"


WALLETS = (
    Wallet(POINTS, "积分", "Points", "分", "points", gift=True),
    Wallet("growth", "成长值", "Growth value", "点", "growth"),
    Wallet("stored_credit", "储值", "Stored credit", "分钱", "fen", gift=True),
    Wallet("stamps", "印花", "Stamps", "枚", "stamps", gift=True),
    Wallet("make_up_cards", "补签卡", "Make-up cards", "张", "cards"),
    Wallet("lottery_chances", "抽奖机会", "Lottery chances", "次", "chances"),
)
"""Every wallet of the ledger; a verb takes any of them by its code."""


class NoSuchWallet(errors.Refused):
    """There is no wallet "{wallet}"; known are: {known}."""

    code = "no_such_wallet"
    http_status = 422
    zh = "没有「{wallet}」这种账本单位，可用的有：{known}。"
    cure = "Use one of the known wallets."
    cure_zh = "请改用列出的账本单位。"


def known_wallet(code: str) -> Wallet:
    """The wallet of that code; refuses `NoSuchWallet`."""
    for wallet in WALLETS:
        if wallet.code == code:
            return wallet
    raise NoSuchWallet(field="wallet", wallet=code, known=", ".join(one.code for one in WALLETS))


GRACE = timedelta(days=7)
"""Points given back to a lot that has run out meanwhile may be used for this long."""


class NotEnoughPoints(errors.Refused):
    """There are {available} points to spend; {wanted} are needed."""

    code = "not_enough_points"
    zh = "可用积分 {available}，不足 {wanted}。"
    cure = "Spend at most {available} points."
    cure_zh = "最多可用 {available} 积分。"


class TakenBack(NamedTuple):
    """What became of a take-back: taken from lots, owed, let go; `offset_fen` is to come off the money of the refund."""

    taken: int
    debt: int = 0
    forgiven: int = 0
    offset_fen: int = 0

    @property
    def missing(self) -> int:
        """What the lots did not have."""
        return self.debt + self.forgiven


class Clawback(NamedTuple):
    """What a merchant does where a refund takes back more than the member has.

    `debt`: the rest is owed, at most `most_debt` in all, later credits pay it first · `balance`: take what is there, let the
    rest go · `pending`: take only what cannot be used yet · `cash`: the rest comes off the money, at `fen_per_100`.
    """

    policy: str = "debt"
    most_debt: int | None = None
    fen_per_100: int | None = None

    def split(self, points: int, reachable: int, owed: int) -> TakenBack:
        """What of `points` is taken, owed, let go, with `reachable` in lots and `owed` from before."""
        taken = min(points, reachable)
        rest = points - taken
        if self.policy == "cash" and self.fen_per_100:
            return TakenBack(taken, forgiven=rest, offset_fen=rest * self.fen_per_100 // 100)
        if self.policy in ("balance", "pending"):
            return TakenBack(taken, forgiven=rest)
        debt = rest if self.most_debt is None else min(rest, max(self.most_debt - owed, 0))
        return TakenBack(taken, debt, rest - debt)


USUAL = Clawback()


def clawback_of(settings: Mapping[str, Any]) -> Clawback:
    """The merchant's choice; what points are worth is their setting as well."""
    points = settings.get("points", {})
    chosen = points.get("clawback", {})
    return Clawback(chosen.get("policy", "debt"), chosen.get("most_debt"), points.get("value_fen_per_100"))


@dataclass(slots=True)
class LotState:
    """One lot as it stands under the lock."""

    lot_id: int
    remaining: int
    restricted: bool
    earned_at: datetime
    active_from: datetime
    expires_at: datetime | None
    entry_id: int = 0
    pins: list[list[int]] | None = None
    """What open holds have set aside here: points and the end of the hold (seconds since 1970)."""

    def free(self, at: datetime) -> int:
        """What remains and no hold that is still running has set aside."""
        if not self.pins:
            return self.remaining
        now = at.timestamp()
        return self.remaining - sum(points for points, until in self.pins if until > now)

    def usable(self, at: datetime) -> bool:
        """Maturity and expiry are predicates: active_from ≤ at < expires_at."""
        return self.free(at) > 0 and self.active_from <= at and (self.expires_at is None or at < self.expires_at)


@dataclass(slots=True)
class AccountState:
    """One locked account; `lots` is None where nothing of this transaction needs them. `waiting` is then what cannot be used
    yet, where that was read."""

    member_id: int
    wallet: str
    balance: int
    held: int
    debt: int
    earned_total: int
    spent_total: int
    lots: list[LotState] | None = None
    waiting: int = 0

    def standing(self, at: datetime) -> tuple[int, int]:
        """What can be spent at `at` less what is owed, and what cannot be used yet. Without the lots, points that ran out
        count until they are booked, which is within a minute."""
        if self.lots is None:
            return self.balance - self.held - self.waiting, self.waiting
        waiting = sum(lot.remaining for lot in self.lots if lot.active_from > at)
        return self.available(at) - self.debt, waiting

    def available(self, at: datetime) -> int:
        """Points that can be spent at `at`; the lots must have been read."""
        assert self.lots is not None
        return sum(lot.free(at) for lot in self.lots if lot.usable(at))


@dataclass(frozen=True, slots=True)
class Cause:
    """Where a movement comes from: its permanent key, what it belongs to, when it happened, and why, as data."""

    key: str
    why: dict[str, Any]
    occurred_at: datetime
    order_id: int | None = None
    rule_id: int | None = None
    rule_version: int | None = None
    basis_fen: int | None = None
    breakdown: list[Any] | None = None
    of_entry_id: int | None = None


_FAR = datetime.max


def use_order(lot: LotState) -> tuple[bool, datetime, bool, datetime, int]:
    """The order of use: earliest expiry first (never last), restricted first, then the oldest."""
    return (
        lot.expires_at is None,
        lot.expires_at.replace(tzinfo=None) if lot.expires_at else _FAR,
        not lot.restricted,
        lot.earned_at.replace(tzinfo=None),
        lot.lot_id,
    )


@dataclass(slots=True)
class Book:
    """Locked accounts and the rows one transaction adds. `next_id` gives fresh ids, `now` is when it is recorded."""

    now: datetime
    next_id: Callable[[], int]
    batch_id: int
    accounts: dict[tuple[int, str], AccountState] = field(default_factory=dict)
    touched: set[tuple[int, str]] = field(default_factory=set)
    entries: list[dict[str, Any]] = field(default_factory=list)
    lots: list[dict[str, Any]] = field(default_factory=list)
    changed: dict[int, tuple[tuple[int, str], LotState]] = field(default_factory=dict)
    consumption: list[dict[str, Any]] = field(default_factory=list)
    new_lots: dict[int, LotState] = field(default_factory=dict)
    clawback: Clawback = USUAL

    def account(self, member_id: int, wallet: str = POINTS) -> AccountState:
        """The member's locked account."""
        return self.accounts[member_id, wallet]

    def add_lot(self, member_id: int, lot: LotState, wallet: str = POINTS) -> None:
        """Know a lot that was emptied before; what comes back to it can be used in this transaction."""
        lots = self.account(member_id, wallet).lots
        assert lots is not None
        lots.append(lot)

    def _entry(
        self, account: AccountState, kind: str, points: int, cause: Cause, *, debt: int = 0,
        effective_at: datetime | None = None,
    ) -> int:  # fmt: skip
        entry_id = self.next_id()
        account.balance += points
        account.debt += debt
        self.touched.add((account.member_id, account.wallet))
        self.entries.append(
            {
                "batch_id": self.batch_id, "entry_id": entry_id, "member_id": account.member_id, "wallet": account.wallet,
                "type": kind, "points": points, "debt_change": debt, "key": cause.key, "order_id": cause.order_id,
                "of_entry_id": cause.of_entry_id, "rule_id": cause.rule_id, "rule_version": cause.rule_version,
                "basis_fen": cause.basis_fen, "breakdown": cause.breakdown, "why": cause.why,
                "occurred_at": cause.occurred_at, "effective_at": effective_at or cause.occurred_at,
                "recorded_at": self.now,
            }
        )  # fmt: skip
        return entry_id

    def credit(
        self, member_id: int, points: int, cause: Cause, *, kind: str = "earn", wallet: str = POINTS,
        active_from: datetime | None = None, expires_at: datetime | None = None,
    ) -> int:  # fmt: skip
        """Give points in a lot of their own; what the member owes is paid first, but by points that may lapse only once
        they are activated. Returns the entry's id."""
        assert points > 0
        account = self.account(member_id, wallet)
        lapses = active_from is not None and active_from == expires_at
        paid = 0 if lapses else min(account.debt, points)
        entry_id = self._entry(account, kind, points, cause, debt=-paid)
        if kind in ("earn", "bonus"):
            account.earned_total += points
        if points > paid:
            self._grant(account, entry_id, points - paid, cause.occurred_at, active_from, expires_at)
        return entry_id

    def _grant(
        self, account: AccountState, entry_id: int, points: int, earned_at: datetime,
        active_from: datetime | None, expires_at: datetime | None, restricted: bool = False,
    ) -> int:  # fmt: skip
        lot = LotState(self.next_id(), points, restricted, earned_at, active_from or earned_at, expires_at, entry_id)
        self.new_lots[lot.lot_id] = lot
        if account.lots is not None:
            account.lots.append(lot)
        elif lot.active_from > self.now:
            account.waiting += points
        self.lots.append(
            {
                "member_id": account.member_id, "lot_id": lot.lot_id, "wallet": account.wallet, "entry_id": entry_id,
                "granted": points, "remaining": points, "restricted": restricted, "earned_at": earned_at,
                "active_from": lot.active_from, "expires_at": expires_at,
            }
        )  # fmt: skip
        return lot.lot_id

    def _take(self, account: AccountState, entry_id: int, points: int, lots: list[LotState], at: datetime) -> int:
        """Take up to `points` from what is free in the lots, in their order; returns what is still missing."""
        for lot in lots:
            taken = min(lot.free(at), points)
            if taken <= 0:
                continue
            self._move(account, entry_id, lot, taken)
            points -= taken
            if points == 0:
                break
        return points

    def _move(self, account: AccountState, entry_id: int, lot: LotState, taken: int) -> None:
        lot.remaining -= taken
        self.changed[lot.lot_id] = ((account.member_id, account.wallet), lot)
        self.consumption.append(
            {"member_id": account.member_id, "entry_id": entry_id, "lot_id": lot.lot_id, "points": taken}
        )

    def spend(
        self, member_id: int, points: int, cause: Cause, *, kind: str = "redeem", wallet: str = POINTS,
        at: datetime | None = None,
    ) -> int:  # fmt: skip
        """Spend points usable at `at` (default: now), earliest expiry first. Refuses when there are not enough."""
        assert points > 0
        account = self.account(member_id, wallet)
        instant = at or self.now
        available = account.available(instant)
        if available < points:
            raise NotEnoughPoints(available=available, wanted=points)
        entry_id = self._entry(account, kind, -points, cause, effective_at=instant)
        account.spent_total += points if kind in ("redeem", "capture") else 0
        assert account.lots is not None
        usable = sorted((lot for lot in account.lots if lot.usable(instant)), key=use_order)
        missing = self._take(account, entry_id, points, usable, instant)
        assert missing == 0
        return entry_id

    def take_back(
        self, member_id: int, points: int, cause: Cause, *, own_entry: int, wallet: str = POINTS
    ) -> TakenBack:
        """Take back what a refund undoes: from the entry's own lot, then the others; the rest goes by `clawback`.

        The entry says how much was taken, is owed, was let go and is to come off the money, also where it moves nothing.
        """
        assert points > 0
        account, now = self.account(member_id, wallet), self.now
        assert account.lots is not None
        open_lots = [
            one for one in account.lots if one.free(now) > 0 and (one.expires_at is None or now < one.expires_at)
        ]
        own = [lot for lot in open_lots if lot.entry_id == own_entry]
        others = [lot for lot in open_lots if lot.entry_id != own_entry and lot.active_from <= now]
        reach = [*own, *sorted(others, key=use_order)]
        if self.clawback.policy == "pending":
            reach = [lot for lot in own if lot.active_from > now]
        done = self.clawback.split(points, sum(lot.free(now) for lot in reach), account.debt)
        if done.missing:
            cause = replace(cause, why={**cause.why, "short": done._asdict()})
        entry_id = self._entry(account, "clawback", -(done.taken + done.debt), cause, debt=done.debt)
        if done.taken:
            self._take(account, entry_id, done.taken, reach, now)
        return done

    def give_back(
        self, member_id: int, parts: list[tuple[LotState, int]], cause: Cause, *, wallet: str = POINTS,
        moved: bool = False,
    ) -> int:  # fmt: skip
        """Return spent points to the lots they came from, with the same expiry; run-out lots get `GRACE`.

        With `moved` those lots were another member's, merged into this one since: the points come in lots of the same life.
        """
        account = self.account(member_id, wallet)
        total = sum(points for _, points in parts)
        assert total > 0
        entry_id = self._entry(account, "restore", total, cause)
        account.spent_total -= total
        late = 0
        for lot, points in parts:
            if lot.expires_at is not None and lot.expires_at <= self.now:
                late += points
            elif moved:
                life = (lot.earned_at, lot.active_from, lot.expires_at)
                self._grant(account, entry_id, points, *life, restricted=lot.restricted)
            else:
                self._move(account, entry_id, lot, -points)
        if late:
            self._grant(account, entry_id, late, cause.occurred_at, self.now, self.now + GRACE)
        return entry_id

    def activate(
        self, member_id: int, lot: LotState, cause: Cause, expires_at: datetime | None, *, wallet: str = POINTS
    ) -> int:
        """What waits in a lot can be used from now on, in a lot of its own; what the member owes is paid first."""
        account, points = self.account(member_id, wallet), lot.remaining
        paid = min(account.debt, points)
        entry_id = self._entry(account, "activate", 0, cause, debt=-paid, effective_at=self.now)
        self._move(account, entry_id, lot, points)
        if points > paid:
            life = (lot.earned_at, self.now, expires_at)
            self._grant(account, entry_id, points - paid, *life, restricted=lot.restricted)
        return entry_id

    def transfer(
        self, member_id: int, into_id: int, points: int, out: Cause, into: Cause, *, wallet: str = POINTS
    ) -> tuple[int, int]:
        """Pass points on, in lots of the same lives; what the receiver owes is paid first. Returns both entries.

        Takes what runs out first, as spending does, and counts neither as spent nor as earned.
        """
        giver, taker = self.account(member_id, wallet), self.account(into_id, wallet)
        before = {lot.lot_id: lot.remaining for lot in giver.lots or ()}
        out_id = self.spend(member_id, points, out, kind="transfer", wallet=wallet)
        paid = min(taker.debt, points)
        in_id = self._entry(taker, "transfer", points, into, debt=-paid, effective_at=self.now)
        for lot in sorted(giver.lots or (), key=use_order):
            moved = before[lot.lot_id] - lot.remaining
            kept = moved - min(paid, moved)
            paid -= moved - kept
            if kept:
                life = (lot.earned_at, lot.active_from, lot.expires_at)
                self._grant(taker, in_id, kept, *life, restricted=lot.restricted)
        return out_id, in_id

    def pin(self, member_id: int, points: int, until: datetime, *, wallet: str = POINTS) -> list[list[int]]:
        """Set points aside until a hold is captured or released, at the latest `until`; returns [lot, points] pairs."""
        assert points > 0
        account = self.account(member_id, wallet)
        available = account.available(self.now)
        if available < points:
            raise NotEnoughPoints(available=available, wanted=points)
        assert account.lots is not None
        pinned, missing = [], points
        for lot in sorted((lot for lot in account.lots if lot.usable(self.now)), key=use_order):
            part = min(lot.free(self.now), missing)
            lot.pins = [*(lot.pins or []), [part, int(until.timestamp())]]
            pinned.append([lot.lot_id, part])
            missing -= part
            if missing == 0:
                break
        account.held += points
        self.touched.add((member_id, wallet))
        return pinned

    def unpin(self, member_id: int, points: int, *, wallet: str = POINTS) -> None:
        """Give back what a hold has set aside; lots that ran out meanwhile are left to the sweep."""
        account = self.account(member_id, wallet)
        account.held -= points
        self.touched.add((member_id, wallet))

    def capture(self, member_id: int, pinned: list[list[int]], cause: Cause, *, wallet: str = POINTS) -> int:
        """Spend exactly what a hold has set aside, also from lots that ran out while it pinned them."""
        account = self.account(member_id, wallet)
        points = sum(part for _, part in pinned)
        self.unpin(member_id, points, wallet=wallet)
        entry_id = self._entry(account, "capture", -points, cause, effective_at=self.now)
        account.spent_total += points
        assert account.lots is not None
        lots = {lot.lot_id: lot for lot in account.lots}
        for lot_id, part in pinned:
            self._move(account, entry_id, lots[lot_id], part)
        return entry_id

    def move_hold(self, member_id: int, into_id: int, points: int, *, wallet: str = POINTS) -> None:
        """An open hold follows its lots to another member."""
        self.account(member_id, wallet).held -= points
        self.account(into_id, wallet).held += points
        self.touched |= {(member_id, wallet), (into_id, wallet)}

    def merge(self, member_id: int, into_id: int, out: Cause, into: Cause, *, wallet: str = POINTS) -> dict[int, int]:
        """Move all lots, with their lives, and the debt by a pair of entries; returns the new lots by the old."""
        loser, heir = self.account(member_id, wallet), self.account(into_id, wallet)
        assert loser.lots is not None
        lots = [lot for lot in loser.lots if lot.remaining > 0]
        balance, debt = loser.balance, loser.debt
        if not lots and not debt:
            return {}
        out_id = self._entry(loser, "merge", -balance, out, debt=-debt)
        in_id = self._entry(heir, "merge", balance, into, debt=debt)
        moved = {}
        for lot in lots:
            life = (lot.earned_at, lot.active_from, lot.expires_at)
            moved[lot.lot_id] = self._grant(heir, in_id, lot.remaining, *life, restricted=lot.restricted)
            self._move(loser, out_id, lot, lot.remaining)
        return moved

    def unmerge(
        self, into_id: int, member_id: int, parts: Sequence[tuple[LotState, LotState, int]], debt: int, out: Cause,
        into: Cause, *, wallet: str = POINTS,
    ) -> None:  # fmt: skip
        """Give what a merge moved back to the lots it came from: (the survivor's lot, the own lot, points), and the debt."""
        heir, member = self.account(into_id, wallet), self.account(member_id, wallet)
        points = sum(part for _, _, part in parts) - debt
        out_id = self._entry(heir, "merge", -points, out, debt=-debt)
        in_id = self._entry(member, "merge", points, into, debt=debt)
        for lot, own, part in parts:
            self._move(heir, out_id, lot, part)
            self._move(member, in_id, own, -part)


def entry_line(entry: dict[str, Any]) -> str:
    """The line of an entry that the hash chain seals; the auditor writes the same from the stored row."""
    return (
        f"{entry['entry_id']}|{entry['member_id']}|{entry['wallet']}|{entry['type']}|{entry['points']}|{entry['key']}\n"
    )
