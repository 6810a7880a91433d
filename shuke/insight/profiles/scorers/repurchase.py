"""Repurchase and value: what the buying model that was chosen for a merchant says of members, in visits and in money."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from shuke.insight.profiles.policy.cards import Said
from shuke.insight.profiles.policy.fitting import Words
from shuke.insight.profiles.policy.histories import WEEK
from shuke.insight.profiles.policy.kinds import ReadyTag, Score, percent, times
from shuke.insight.profiles.scorers import bgnbd, gamma_gamma, pareto_nbd

if TYPE_CHECKING:
    from shuke.insight.profiles.policy.fitting import Fit
    from shuke.insight.profiles.policy.histories import Histories, Purchases

CODE = "repurchase"
NAME = Words("复购", "Repeat buying")
UNIT = Words("次", "purchases")
SCORES = (
    Score("p_alive", "number", Words("仍是顾客的可能性", "Probability of still being a customer")),
    Score("purchases", "number", Words("预计购买次数", "Purchases expected")),
    Score("value_fen", "number", Words("预计消费（分）", "Value expected (fen)")),
)
BUYING = {bgnbd.CODE: bgnbd, pareto_nbd.CODE: pareto_nbd}


def fit_and_score(model: str, known: Histories, days: int) -> tuple[Fit, dict[str, np.ndarray], Fit | None]:
    """The fit, and each member's scores by name if it converged; of a buying model with value (not a number where it could not
    be fitted), and that fit."""
    found = BUYING.get(model, gamma_gamma).fit(known)
    if not found.converged:
        return found, {}, None
    parameters = np.array([*found.parameters.values()])
    if model not in BUYING:
        return found, {"purchase_value": gamma_gamma.expected_value(parameters, known)}, None
    scores = {
        "p_alive": BUYING[model].p_alive(parameters, known),
        "expected_purchases": BUYING[model].expected(parameters, known, days / WEEK),
    }
    worth = gamma_gamma.fit(known)
    each = np.full(len(known), np.nan)
    if worth.converged:
        each = gamma_gamma.expected_value(np.array([*worth.parameters.values()]), known)
    scores |= {"purchase_value": each, "expected_value": scores["expected_purchases"] * each}
    return found, scores, worth


def say(kept: dict[str, Any], whole: Purchases) -> Said:
    """Whether members are still there, how often they come in the days ahead, and what that is worth where value was learnt.

    Of who came on one day only BG/NBD assumes that they are still there; that is no finding, so nothing is told of it.
    """
    known, parameters, model = whole.histories, np.array(kept["parameters"]), BUYING[kept["model"]]
    coming = model.expected(parameters, known, kept["days"] / WEEK)
    alive, told = model.p_alive(parameters, known).round(2).tolist(), model.TELLS_OF_ONCE | (known.repeats > 0)
    scores: dict[str, list[Any]] = {
        "p_alive": [chance if one else None for chance, one in zip(alive, told.tolist(), strict=True)],
        "purchases": coming.round(2).tolist(),
    }
    if kept["value"]:
        worth = coming * gamma_gamma.expected_value(np.array(kept["value"]), known)
        scores["value_fen"] = (worth.round() * 100).astype(int).tolist()
    gone = ((known.age - known.last) * WEEK).round().astype(int).tolist()
    gaps = np.where(known.repeats > 0, known.last * WEEK / np.maximum(known.repeats, 1), 0).round(1).tolist()
    today = date.fromisoformat(kept["until"])
    return Said(known.member, scores, {
        "repeats": known.repeats.astype(int).tolist(), "gap_days": gaps, "days": [kept["days"]] * len(known),
        "last_on": [str(today - timedelta(days=days)) for days in gone],
    })  # fmt: skip


def reason(scores: dict[str, Any], evidence: dict[str, Any]) -> Words:
    """Why, in one sentence."""
    again, last, days = evidence["repeats"], evidence["last_on"], evidence["days"]
    coming, alive = f"{scores['purchases']:.1f}", scores.get("p_alive")
    there = (
        ("只来过一天，看不出是不是已经走了", "one day does not tell whether they left")
        if alive is None
        else (f"仍是顾客的可能性 {percent(alive)}", f"{percent(alive)} likely to be a customer still")
    )
    gap = evidence.get("gap_days")
    habit = (f"平时约每 {gap:.0f} 天来一次，", f"usually every {gap:.0f} days, ") if gap else ("", "")
    worth = scores.get("value_fen")
    yuan = "" if worth is None else f"¥{worth / 100:,.0f}"
    spend = (f"、消费约 {yuan}", f" worth about {yuan}") if worth is not None else ("", "")
    came = (
        (f"首购之后又来过 {again} 次", f"Came back {times(again)}")
        if again
        else ("首购之后还没再来过", "Has not come back yet")
    )
    return Words(
        f"{came[0]}，{habit[0]}上次在 {last}；{there[0]}，未来 {days} 天预计再买 {coming} 次{spend[0]}。",
        f"{came[1]}, {habit[1]}last on {last}: {there[1]}, {coming} purchases{spend[1]} expected in {days} days.",
    )


def tags(_: dict[str, Any]) -> list[ReadyTag]:
    """Who is likely to come again and again."""
    return [
        ReadyTag(
            code="promising", name=Words("高潜力复购", "Likely to buy again"), model=CODE, score="purchases", op=">=", value=2.0,
            unit="times", means=Words("未来 90 天预计再买几次", "Purchases expected in the next 90 days"),
        )
    ]  # fmt: skip
