"""RFM: marks for recency, frequency and money, and the cells they make; counted, not guessed, so there is nothing to judge."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

import msgspec
import numpy as np

from shuke.insight.profiles.policy.cards import Said
from shuke.insight.profiles.policy.fitting import Words
from shuke.insight.profiles.policy.kinds import ReadyTag, Score

CODE = "rfm"
NAME = Words("RFM 评分", "RFM marks")
Values = dict[str, np.ndarray]  # member, recency in days, frequency in orders, money in fen


BEST = 5
_SHARES = (0.2, 0.4, 0.6, 0.8)


def edges(values: np.ndarray) -> np.ndarray:
    """The four limits between five marks: type-7 quantiles (Hyndman, Fan 1996), rounded up to whole units."""
    return np.ceil(np.quantile(values, _SHARES)) if len(values) else np.zeros(4)


def mark(
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


SCORES = (
    Score("recency", "number", Words("最近购买评分（1–5）", "Recency mark (1–5)")),
    Score("frequency", "number", Words("购买次数评分（1–5）", "Frequency mark (1–5)")),
    Score("money", "number", Words("消费金额评分（1–5）", "Money mark (1–5)")),
    Score(
        "cell", "text", Words("RFM 十一格", "RFM cell of eleven"), {cell.code: cell.name for cell in (*ELEVEN, OTHER)}
    ),
    Score("cell8", "text", Words("RFM 八格", "RFM cell of eight"), dict(EIGHT.values())),
)
CELLS = {cell.code: cell.name for cell in (*ELEVEN, OTHER)} | dict(EIGHT.values())
_SCORE_OF = {"eleven": "cell", "eight": "cell8"}


def places(scores: dict[str, Any]) -> list[tuple[str, str]]:
    """The cell of each grid in which a member of these scores stands; nowhere where nothing is said."""
    if not scores.get("cell"):
        return []
    named = [(grid, scores[score]) for grid, score in _SCORE_OF.items()]
    return [*named, ("map", f"{scores['recency']}-{scores['frequency']}")]


def called(grid: str, code: str) -> Words:
    """What a cell of a grid is called."""
    if grid != "map":
        return CELLS[code]
    recency, frequency = code.split("-")
    return Words(
        f"最近购买 {recency} 分、购买次数 {frequency} 分", f"Recency mark {recency}, frequency mark {frequency}"
    )


def rule(grid: str, code: str) -> dict[str, Any]:
    """The rule of a segment that holds exactly who stands in a cell."""
    if grid in _SCORE_OF:
        return {"attr": f"profile.{_SCORE_OF[grid]}", "op": "eq", "value": code}
    marked = zip(("recency", "frequency"), code.split("-"), strict=True)
    return {"all": [{"attr": f"profile.{name}", "op": "eq", "value": int(mark)} for name, mark in marked]}


def meaning(code: str) -> Words | None:
    """What stands behind a cell in words: marks of the eleven, sides of the mean of the eight; None for the others."""
    for cell in ELEVEN:
        if cell.code == code:
            marks_ = [
                f"{low}–{high}" if low < high else f"{low}" for low, high in (cell.recency, cell.frequency, cell.money)
            ]
            return Words(
                f"最近购买 {marks_[0]} 分，购买次数 {marks_[1]} 分，消费金额 {marks_[2]} 分",
                f"recency {marks_[0]}, frequency {marks_[1]}, money {marks_[2]}",
            )
    for (recent, often, much), (named, _) in EIGHT.items():
        if named == code:
            zh = (
                f"来得比平均{'近' if recent else '久'}",
                *(f"{what}{'不低于' if high else '低于'}平均" for what, high in (("次数", often), ("金额", much))),
            )
            en = [
                f"{'more' if high else 'less'} {what} than average"
                for what, high in (("recent", recent), ("often", often), ("spent", much))
            ]
            return Words("，".join(zh), ", ".join(en))
    return None


def limits(values: Values) -> dict[str, Any]:
    """The limits between marks and the means of all members, by which single members are marked later."""
    named = {code: values[code] / (100 if code == "money" else 1) for code in ("recency", "frequency", "money")}
    return {
        "edges": {code: edges(column).tolist() for code, column in named.items()},
        "means": {code: float(column.mean()) if len(column) else 0.0 for code, column in named.items()},
    }


def marks(kept: dict[str, Any], values: Values) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three marks of each member by kept limits."""
    edges = {code: np.array(found) for code, found in kept["edges"].items()}
    return (
        mark(values["recency"], limits=edges["recency"], less_is_better=True),
        mark(values["frequency"], limits=edges["frequency"]),
        mark(values["money"] / 100, limits=edges["money"]),
    )


def say(kept: dict[str, Any], values: Values) -> Said:
    """Marks and cells of members by kept limits, with what they were read from."""
    found = marks(kept, values)
    cells = np.array([cell.code for cell in (*ELEVEN, OTHER)], object)[eleven(*found)]
    means = tuple(kept["means"][code] for code in ("recency", "frequency", "money"))
    places = eight(values["recency"], values["frequency"], values["money"] / 100, means)
    codes = np.array([code for code, _ in EIGHT.values()], object)
    scores = {name: mark.tolist() for name, mark in zip(("recency", "frequency", "money"), found, strict=True)}
    today = date.fromisoformat(kept["until"])
    ago, which = np.unique(values["recency"].astype(int), return_inverse=True)
    days = np.array([str(today - timedelta(days=one)) for one in ago.tolist()], object)
    return Said(values["member"], scores | {"cell": cells.tolist(), "cell8": codes[places].tolist()}, {
        "last_on": days[which].tolist(),
        "orders": values["frequency"].astype(int).tolist(), "fen": values["money"].astype(int).tolist(),
    })  # fmt: skip


def reason(scores: dict[str, Any], evidence: dict[str, Any]) -> Words:
    """Why, in one sentence."""
    last, orders, fen = evidence["last_on"], evidence["orders"], f"¥{evidence['fen'] / 100:,.0f}"
    found = (scores["recency"], scores["frequency"], scores["money"])
    cell = CELLS[scores["cell"]]
    return Words(
        f"上次购买在 {last}（{found[0]} 分），共 {orders} 单（{found[1]} 分），实付 {fen}（{found[2]} 分），属于「{cell.zh}」。",
        f"Last bought on {last} (mark {found[0]}), {orders} order{'s'[: orders != 1]} (mark {found[1]}), "
        f"spent {fen} (mark {found[2]}): {cell.en}.",
    )


def tags(_: dict[str, Any]) -> list[ReadyTag]:
    """None: the cells are asked for by segments."""
    return []
