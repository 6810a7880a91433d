"""Purchase histories of many members as arrays: what the models of repeat buying look at."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

LEARNT_FROM = 100_000  # members a model is fitted to at most; more change the parameters by less than their own error
WEEK = 7.0  # days; the models count time in weeks, as the papers do


@dataclass(frozen=True, slots=True)
class Histories:
    """One row per member with at least one order. A business day with any purchase is one purchase.

    `repeats`: days with a purchase after the first. `last`: weeks from the first to the last of them (0 without repeats).
    `age`: weeks from the first to the end of what is known. `value`: mean amount in yuan of the repeat days (0 without).
    """

    member: np.ndarray
    repeats: np.ndarray
    last: np.ndarray
    age: np.ndarray
    value: np.ndarray

    def __len__(self) -> int:
        return len(self.member)

    def where(self, chosen: np.ndarray) -> Histories:
        """Some of the members: a mask or places."""
        return replace(self, **{field.name: getattr(self, field.name)[chosen] for field in fields(self)})

    def learnt_from(self) -> Histories:
        """All members, or of many every second, third, … in the order of their numbers."""
        return self.where(np.arange(0, len(self), -(-len(self) // LEARNT_FROM) or 1))

    def distinct(self) -> tuple[Histories, np.ndarray]:
        """Each (repeats, last, age) once, and how many members have it: likelihoods need no more."""
        # One number per history sorts much faster than rows do; days fit into 20 bits each.
        days = [np.rint(column * WEEK).astype(np.int64) for column in (self.last, self.age)]
        key = (self.repeats.astype(np.int64) << 40) | (days[0] << 20) | days[1]
        _, places, counts = np.unique(key, return_index=True, return_counts=True)
        return self.where(places), counts.astype(float)


@dataclass(frozen=True, slots=True)
class Purchases:
    """Histories up to a day, and of the same members: purchase days and fen in the period before it and in the one after."""

    histories: Histories
    known_fen: np.ndarray
    before: np.ndarray
    before_fen: np.ndarray
    after: np.ndarray
    after_fen: np.ndarray


def history(member: list[int], repeats: list[float], last: list[float], age: list[float]) -> Histories:
    """Histories from plain lists, times in weeks; for trying out."""
    columns = (np.asarray(repeats, float), np.asarray(last, float), np.asarray(age, float))
    return Histories(np.asarray(member, np.int64), *columns, np.zeros(len(member)))


def of_days(
    member: np.ndarray, days: np.ndarray, first: np.ndarray, last: np.ndarray, until: int, value: np.ndarray
) -> Histories:  # fmt: skip
    """Histories from what the mirror counts: purchase days, first and last of them, the day until which all is known."""
    return Histories(
        member, days - 1.0, (last - first) / WEEK, (until - first) / WEEK, np.where(days > 1, value, 0.0)
    )  # fmt: skip
