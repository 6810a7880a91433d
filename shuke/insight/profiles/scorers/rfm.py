"""RFM: marks for recency, frequency and money, and the cells they make; counted, not guessed, so there is nothing to judge."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

from shuke.insight.profiles.policy import rfm
from shuke.insight.profiles.policy.cards import Said
from shuke.insight.profiles.policy.fitting import Words
from shuke.insight.profiles.policy.kinds import ReadyTag, Score

CODE = "rfm"
NAME = Words("RFM 评分", "RFM marks")
SCORES = (
    Score("recency", "number", Words("最近购买评分（1–5）", "Recency mark (1–5)")),
    Score("frequency", "number", Words("购买次数评分（1–5）", "Frequency mark (1–5)")),
    Score("money", "number", Words("消费金额评分（1–5）", "Money mark (1–5)")),
    Score("cell", "text", Words("RFM 十一格", "RFM cell of eleven")),
    Score("cell8", "text", Words("RFM 八格", "RFM cell of eight")),
)
CELLS = {cell.code: cell.name for cell in (*rfm.ELEVEN, rfm.OTHER)} | dict(rfm.EIGHT.values())
Values = dict[str, np.ndarray]  # member, recency in days, frequency in orders, money in fen


def meaning(code: str) -> Words | None:
    """What stands behind a cell in words: marks of the eleven, sides of the mean of the eight; None for the others."""
    for cell in rfm.ELEVEN:
        if cell.code == code:
            marks_ = [
                f"{low}–{high}" if low < high else f"{low}" for low, high in (cell.recency, cell.frequency, cell.money)
            ]
            return Words(
                f"最近购买 {marks_[0]} 分，购买次数 {marks_[1]} 分，消费金额 {marks_[2]} 分",
                f"recency {marks_[0]}, frequency {marks_[1]}, money {marks_[2]}",
            )
    for (recent, often, much), (named, _) in rfm.EIGHT.items():
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
        "edges": {code: rfm.edges(column).tolist() for code, column in named.items()},
        "means": {code: float(column.mean()) if len(column) else 0.0 for code, column in named.items()},
    }


def marks(kept: dict[str, Any], values: Values) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three marks of each member by kept limits."""
    edges = {code: np.array(found) for code, found in kept["edges"].items()}
    return (
        rfm.marks(values["recency"], limits=edges["recency"], less_is_better=True),
        rfm.marks(values["frequency"], limits=edges["frequency"]),
        rfm.marks(values["money"] / 100, limits=edges["money"]),
    )


def say(kept: dict[str, Any], values: Values) -> Said:
    """Marks and cells of members by kept limits, with what they were read from."""
    found = marks(kept, values)
    cells = np.array([cell.code for cell in (*rfm.ELEVEN, rfm.OTHER)], object)[rfm.eleven(*found)]
    means = tuple(kept["means"][code] for code in ("recency", "frequency", "money"))
    places = rfm.eight(values["recency"], values["frequency"], values["money"] / 100, means)
    codes = np.array([code for code, _ in rfm.EIGHT.values()], object)
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
        f"Last bought on {last} (mark {found[0]}), {orders} orders (mark {found[1]}), spent {fen} (mark {found[2]}): {cell.en}.",
    )


def tags(_: dict[str, Any]) -> list[ReadyTag]:
    """None: the cells are asked for by segments."""
    return []
