"""What members do between purchases: look, search, put into the cart, watch, read, check in, share, review."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from shuke.doors.demo.goods import CATEGORIES, PRODUCTS
from shuke.doors.demo.purchases import ZONE

if TYPE_CHECKING:
    from datetime import date

    from shuke.doors.demo.calendar import Year
    from shuke.doors.demo.people import Habits, Member
    from shuke.doors.demo.purchases import Order

VIDEOS = (
    "三分钟画好通勤妆",
    "敏感肌怎么选面霜",
    "油皮控油早C晚A",
    "防晒到底涂多少",
    "主理人探店：静安店",
    "面膜一周敷几次",
)
ARTICLES = (
    "换季护肤五步法",
    "成分党看懂神经酰胺",
    "口红色号怎么挑",
    "精华叠加的顺序",
    "护理师的居家按摩手法",
    "新手化妆刷指南",
)
_HOURS = np.array([4, 2, 1, 0.5, 0.3, 0.5, 2, 4, 5, 4, 4, 4, 6, 6, 4, 4, 4, 4, 5, 6, 8, 9, 9, 7], float)
_SHARES = _HOURS / _HOURS.sum()


@dataclass(frozen=True, slots=True)
class Deed:
    """One event; `properties` as the API takes them."""

    event_id: str
    at: datetime
    member: int
    event: str
    properties: dict[str, Any]
    channel: str = "mini"


class Diary:
    """Draws events; each gets an id of its own."""

    def __init__(self, rng: np.random.Generator, last: datetime, stem: str = "") -> None:
        self.rng = rng
        self.last = last
        self.stem = stem
        self.deeds: list[Deed] = []

    def note(self, member: int, at: datetime, event: str, channel: str = "mini", **properties: Any) -> None:
        if at <= self.last:
            self.deeds.append(Deed(f"D{self.stem}{len(self.deeds):07}", at, member, event, properties, channel))

    def sometime(self, day: date) -> datetime:
        hour = int(self.rng.choice(24, p=_SHARES))
        return datetime.combine(day, time(hour, int(self.rng.integers(60)), int(self.rng.integers(60))), ZONE)


def around_orders(diary: Diary, orders: list[Order], habits: Habits) -> None:
    """Before an order one looks at it, more so online; afterwards some review, comment, share."""
    rng = diary.rng
    for order in orders:
        if order.member is None:
            continue
        curious = float(habits.curious[order.member])
        _before(diary, order, order.member)
        if rng.random() < 0.05 * min(curious, 3):
            sku = order.lines[0].product.sku
            later = order.at + timedelta(days=float(rng.gamma(2, 2)))
            stars = int(rng.choice([5, 4, 3, 2], p=[0.64, 0.25, 0.08, 0.03]))
            diary.note(order.member, later, "review", sku=sku, stars=stars, pictures=int(rng.poisson(0.8)))
            if rng.random() < 0.5:
                diary.note(order.member, later + timedelta(minutes=3), "share", target="moments", sku=sku)


def _before(diary: Diary, order: Order, member: int) -> None:
    rng = diary.rng
    online = order.channel != "pos"
    for line in order.lines:
        if rng.random() >= (0.75 if online else 0.22):
            continue
        sku = line.product.sku
        looked_at = order.at - timedelta(minutes=float(rng.exponential(600 if online else 2500)) + 1)
        _look(diary, member, looked_at, sku, line.product.category)
        if online:
            diary.note(member, order.at - timedelta(minutes=2), "add_to_cart", sku=sku, quantity=line.quantity)


def between_orders(
    diary: Diary, year: Year, people: list[Member], habits: Habits, alive: list[tuple[int, int]]
) -> None:
    """Browsing, videos and articles while somebody is around."""
    rng = diary.rng
    for member in people:
        begins, ends = alive[member.number]
        span = ends - begins
        if span <= 0:
            continue
        sessions = int(rng.poisson(min(float(habits.curious[member.number]) * span * 0.042, 90)))
        for place in sorted(rng.integers(begins, ends, sessions).tolist()):
            _session(diary, member.number, diary.sometime(year.days[place]), habits)
        if year.place(member.joined_on) >= 0 and rng.random() < 0.45:
            diary.note(
                member.number, diary.sometime(year.days[begins]), "follow", channel="wechat", account="芙颜FUYAN"
            )


def one_day(diary: Diary, day: date, habits: Habits, around: np.ndarray, checked_in: np.ndarray) -> np.ndarray:
    """What those who are `around` (true or false by member) do on a day apart from buying; who checked in.

    The same chances as over the year: a session with one in twenty-four of the curiosity, a check-in likelier after one.
    """
    rng = diary.rng
    sessions = rng.poisson(np.where(around, habits.curious * 0.042, 0.0))
    for member in np.repeat(np.arange(len(sessions)), sessions).tolist():
        _session(diary, member, diary.sometime(day), habits)
    chance = np.where(around & (habits.checks >= 0.03), habits.checks, 0.0)
    came = rng.random(len(chance)) < np.where(checked_in, np.minimum(chance * 1.5, 0.96), chance * 0.5)
    for member in np.flatnonzero(came).tolist():
        diary.note(member, diary.sometime(day), "check_in")
    return came


def check_ins(diary: Diary, year: Year, people: list[Member], habits: Habits, alive: list[tuple[int, int]]) -> None:
    """Daily check-ins in the mini program; who did it yesterday is likelier to do it today."""
    rng = diary.rng
    for member in people:
        chance = float(habits.checks[member.number])
        begins, ends = alive[member.number]
        if chance < 0.03 or ends <= begins:
            continue
        draws = rng.random(ends - begins)
        yesterday = False
        for step, draw in enumerate(draws.tolist()):
            yesterday = draw < (min(chance * 1.5, 0.96) if yesterday else chance * 0.5)
            if yesterday:
                diary.note(member.number, diary.sometime(year.days[begins + step]), "check_in")


def _session(diary: Diary, member: int, at: datetime, habits: Habits) -> None:
    rng = diary.rng
    draw = rng.random()
    if draw < 0.36 * float(habits.video[member]):
        share = round(float(np.clip(rng.beta(1.6, 1.1), 0.02, 1)), 2)
        title = VIDEOS[int(rng.integers(len(VIDEOS)))]
        diary.note(member, at, "video_watched", video=title, share=share, finished=share > 0.9)
    elif draw < 0.36:
        diary.note(
            member,
            at,
            "article_read",
            article=ARTICLES[int(rng.integers(len(ARTICLES)))],
            finished=bool(rng.random() < 0.55),
        )
    if draw * 7_919 % 1 < 0.1 * float(habits.social[member]):  # another chance from the same draw
        diary.note(member, at + timedelta(minutes=4), "share", target=str(rng.choice(["moments", "group", "friend"])))
    if draw > 0.3:
        taste = habits.taste[member]
        if rng.random() < 0.16:
            words = CATEGORIES[int(rng.choice(len(CATEGORIES), p=taste))].name
            diary.note(member, at, "search", words=words)
        for step in range(1 + int(rng.poisson(1.1))):
            product = PRODUCTS[int(rng.integers(len(PRODUCTS)))]
            _look(diary, member, at + timedelta(minutes=step * 2), product.sku, product.category)
            if rng.random() < 0.07:
                diary.note(member, at + timedelta(minutes=step * 2 + 1), "add_to_cart", sku=product.sku, quantity=1)


def _look(diary: Diary, member: int, at: datetime, sku: str, category: str) -> None:
    seconds = int(diary.rng.gamma(1.8, 16)) + 2
    diary.note(member, at, "view", sku=sku, category=category, seconds=seconds)
