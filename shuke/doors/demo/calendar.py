"""The trade's year in China: festivals, sales, weekends, and how strongly each day pulls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

SPRING_FESTIVAL = {
    2023: (1, 22), 2024: (2, 10), 2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26), 2029: (2, 13),
    2030: (2, 3), 2031: (1, 23), 2032: (2, 11), 2033: (1, 31), 2034: (2, 19), 2035: (2, 8), 2036: (1, 28),
}  # fmt: skip
QIXI = {
    2023: (8, 22), 2024: (8, 10), 2025: (8, 29), 2026: (8, 19), 2027: (8, 8), 2028: (8, 26), 2029: (8, 16),
    2030: (8, 5), 2031: (8, 24), 2032: (8, 12), 2033: (8, 1), 2034: (8, 20), 2035: (8, 10), 2036: (8, 28),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sale:
    """A time of sales: how it pulls everybody, how it pulls those who look at prices, its rebate, its coupon."""

    name: str
    code: str
    begins: date
    days: int
    pull: float
    bargain: float
    off_percent: int


@dataclass(frozen=True, slots=True)
class Year:
    """The days of the world, in order: their dates, pull for all, extra pull of bargains, and rebate of the day."""

    days: tuple[date, ...]
    pull: np.ndarray
    bargain: np.ndarray
    off_percent: np.ndarray
    codes: tuple[str, ...]

    def place(self, day: date) -> int:
        return (day - self.days[0]).days


def sales(year: int) -> list[Sale]:
    """The sales that begin in one calendar year."""
    spring = date(year, *SPRING_FESTIVAL.get(year, (2, 5)))
    qixi = date(year, *QIXI.get(year, (8, 15)))
    return [
        Sale("年货节", f"CNY{year % 100}", spring - timedelta(days=16), 13, 1.25, 0.6, 12),
        Sale("情人节", f"LOVE{year % 100}", date(year, 2, 11), 4, 1.3, 0.2, 8),
        Sale("三八女神节", f"QUEEN{year % 100}", date(year, 3, 5), 5, 2.1, 1.6, 20),
        Sale("520", f"LOVE520{year % 100}", date(year, 5, 18), 3, 1.5, 0.5, 12),
        Sale("618", f"MID{year % 100}", date(year, 6, 14), 6, 1.7, 1.5, 18),
        Sale("七夕", f"QIXI{year % 100}", qixi - timedelta(days=3), 4, 1.7, 0.6, 12),
        Sale("国庆", f"GQ{year % 100}", date(year, 10, 1), 7, 1.25, 0.3, 8),
        Sale("双11", f"ELEVEN{year % 100}", date(year, 11, 8), 4, 2.9, 2.6, 25),
        Sale("双12", f"TWELVE{year % 100}", date(year, 12, 11), 2, 1.5, 1.1, 15),
    ]


def year_until(last: date, length: int) -> Year:
    """The `length` days that end with `last`."""
    days = tuple(last - timedelta(days=back) for back in range(length - 1, -1, -1))
    pull = np.array([1.0 + 0.35 * (day.weekday() >= 5) + 0.12 * (day.weekday() == 4) for day in days])
    bargain, off, codes = np.zeros(length), np.zeros(length, int), [""] * length
    for sale in (sale for year in range(days[0].year, last.year + 1) for sale in sales(year)):
        for step in range(sale.days):
            place = (sale.begins - days[0]).days + step
            if 0 <= place < length:
                pull[place] *= sale.pull
                bargain[place] += sale.bargain
                off[place], codes[place] = sale.off_percent, sale.code
    for year in range(days[0].year, last.year + 1):
        spring = date(year, *SPRING_FESTIVAL.get(year, (2, 5)))
        for step in range(-2, 6):  # the shops rest, people are with their families
            place = (spring - days[0]).days + step
            if 0 <= place < length:
                pull[place] *= 0.35
    return Year(days, pull, bargain, off, tuple(codes))
