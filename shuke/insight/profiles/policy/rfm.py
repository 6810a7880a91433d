"""Recency, frequency, money: marks from 1 to 5, and the grids of eight and of eleven cells."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

from shuke.insight.profiles.policy.fitting import Words

BEST = 5
_SHARES = (0.2, 0.4, 0.6, 0.8)


def edges(values: np.ndarray) -> np.ndarray:
    """The four limits between five marks: type-7 quantiles (Hyndman, Fan 1996), rounded up to whole units."""
    return np.ceil(np.quantile(values, _SHARES)) if len(values) else np.zeros(4)


def marks(
    values: np.ndarray, *, by: Literal["edges", "sizes"] = "edges", less_is_better: bool = False,
    limits: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Each value's mark, 5 the best.

    `edges`: by the limits given, or those of `edges`; a value on a limit gets the lower fifth, so equal values get equal
    marks and the fifths differ in size. `sizes`: five groups of equal size; ties fall in the order given, so equal values
    may get different marks.
    """
    if by == "edges":
        fifth = np.searchsorted(edges(values) if limits is None else limits, values, side="left") + 1
    else:
        place = np.empty(len(values), np.int64)
        place[np.argsort(values, kind="stable")] = np.arange(len(values))
        fifth = place * BEST // max(len(values), 1) + 1
    return BEST + 1 - fifth if less_is_better else fifth


class Cell(msgspec.Struct, frozen=True):
    """A cell of the grid of eleven: between which marks of recency, frequency and money, both included."""

    code: str
    name: Words
    recency: tuple[int, int]
    frequency: tuple[int, int]
    money: tuple[int, int]


# The ten segments of the manual of the R package rfm 0.3.0 (A. Hebbali, MIT licence); the first that fits counts, and who
# fits none is "other".
ELEVEN: tuple[Cell, ...] = (
    Cell("champions", Words("铁杆熟客", "Champions"), (5, 5), (5, 5), (5, 5)),
    Cell("potential_loyalist", Words("潜力熟客", "Potential loyalists"), (3, 5), (3, 5), (2, 5)),
    Cell("loyal", Words("忠实老客", "Loyal customers"), (2, 4), (2, 4), (2, 4)),
    Cell("promising", Words("有希望的", "Promising"), (3, 4), (1, 3), (3, 5)),
    Cell("new", Words("新客", "New customers"), (4, 5), (1, 3), (1, 5)),
    Cell("cant_lose", Words("不能丢的", "Can't lose them"), (1, 2), (3, 4), (4, 5)),
    Cell("at_risk", Words("可能流失", "At risk"), (1, 2), (2, 5), (4, 5)),
    Cell("need_attention", Words("需要关照", "Need attention"), (1, 3), (3, 5), (3, 5)),
    Cell("about_to_sleep", Words("快要沉睡", "About to sleep"), (2, 3), (1, 3), (1, 4)),
    Cell("lost", Words("已经流失", "Lost"), (1, 1), (1, 5), (1, 5)),
)
OTHER = Cell("other", Words("其他", "Others"), (1, 5), (1, 5), (1, 5))
# Better than the mean in recency, frequency, money: the trade's grid of eight, most valuable first.
EIGHT: dict[tuple[bool, bool, bool], tuple[str, Words]] = {
    (True, True, True): ("key_value", Words("重要价值", "Key, keep")),
    (True, False, True): ("key_develop", Words("重要发展", "Key, develop")),
    (False, True, True): ("key_retain", Words("重要保持", "Key, retain")),
    (False, False, True): ("key_recall", Words("重要挽留", "Key, win back")),
    (True, True, False): ("general_value", Words("一般价值", "General, keep")),
    (True, False, False): ("general_develop", Words("一般发展", "General, develop")),
    (False, True, False): ("general_retain", Words("一般保持", "General, retain")),
    (False, False, False): ("general_recall", Words("一般挽留", "General, win back")),
}


def eleven(recency: np.ndarray, frequency: np.ndarray, money: np.ndarray) -> np.ndarray:
    """The cell of each member by its marks: its place in `ELEVEN`, or its length for none."""
    held = np.stack([
        (cell.recency[0] <= recency) & (recency <= cell.recency[1])
        & (cell.frequency[0] <= frequency) & (frequency <= cell.frequency[1])
        & (cell.money[0] <= money) & (money <= cell.money[1])
        for cell in ELEVEN
    ])  # fmt: skip
    return np.where(held.any(axis=0), held.argmax(axis=0), len(ELEVEN))


def eight(
    recency: np.ndarray, frequency: np.ndarray, money: np.ndarray, means: tuple[float, ...] | None = None
) -> np.ndarray:
    """The cell of each member by its values against the means, their own or those given (the mean itself counts as better): its
    place in `EIGHT`."""
    if means is None:
        means = (recency.mean(), frequency.mean(), money.mean()) if len(recency) else (0, 0, 0)
    better = (recency <= means[0], frequency >= means[1], money >= means[2])
    places = {cell: place for place, cell in enumerate(EIGHT)}
    lookup = np.array([places[bool(n & 4), bool(n & 2), bool(n & 1)] for n in range(8)])
    return lookup[better[0] * 4 + better[1] * 2 + better[2] * 1]
