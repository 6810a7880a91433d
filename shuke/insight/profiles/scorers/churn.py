"""Churn: how likely a member buys nothing in the coming time, from how long it has been, and how often they came before.

A logistic regression (see `policy/logistic.py`) on the purchase days of the past: taught on one period, judged on the next one,
and taught again with it. Nobody who never bought is scored.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from shuke.insight.profiles.policy import logistic
from shuke.insight.profiles.policy.cards import Learnt, Said, verdict
from shuke.insight.profiles.policy.fitting import Words
from shuke.insight.profiles.policy.histories import WEEK
from shuke.insight.profiles.policy.judging import judge_chances
from shuke.insight.profiles.policy.kinds import LAST_PERIOD, ReadyTag, Score, percent

if TYPE_CHECKING:
    from shuke.insight.profiles.policy.histories import Purchases

CODE = "churn"
NAME = Words("流失风险", "Churn")
UNIT = Words("可能性", "chance")
BASELINE = LAST_PERIOD
READS, EARLIER = "purchases", True
SCORES = (Score("churn", "number", Words("流失风险", "Churn")),)
COLUMNS = ("away", "repeats", "away_over_gap", "age", "lately", "once")


def _columns(known: Purchases) -> np.ndarray:
    """What is looked at: weeks away, repeats, weeks away over the usual gap, weeks known, days bought lately, bought once."""
    histories = known.histories
    away = histories.age - histories.last
    gap = histories.last / np.maximum(histories.repeats, 1)
    ratio = np.where(histories.repeats > 0, np.minimum(away / np.maximum(gap, 1 / WEEK), 20), 0.0)
    return np.column_stack([
        np.log1p(away), np.log1p(histories.repeats), np.log1p(ratio), np.log1p(histories.age), np.log1p(known.before),
        histories.repeats == 0,
    ])  # fmt: skip


def learn(earlier: Purchases | None, past: Purchases, whole: Purchases, period: int) -> Learnt:
    """Taught on the period before the held-out one, judged on that; then taught on that for what is said today."""
    assert earlier is not None, "churn is taught on an earlier period"
    fit, line = logistic.fit(_columns(earlier), earlier.after == 0, COLUMNS)
    judgement = None
    if fit.converged and line is not None:
        judgement = judge_chances(line.chance(_columns(past)), past.after == 0, past.before == 0)
    why = verdict(fit, judgement)
    if why is None:
        fit, line = logistic.fit(_columns(past), past.after == 0, COLUMNS)
        why = fit.why
    kept = (
        line.kept() | {"days": period, "shop": float(np.mean(past.after == 0))}
        if why is None and line is not None
        else {}
    )
    return Learnt(fit=fit, judgement=judgement, kept=kept, why=why)


def say(kept: dict[str, Any], whole: Purchases) -> Said:
    """The chance that a member buys nothing in the coming days, with what it was read from."""
    known = whole.histories
    chance = logistic.line_of(kept).chance(_columns(whole))
    away = ((known.age - known.last) * WEEK).round().astype(int)
    gaps = np.where(known.repeats > 0, known.last * WEEK / np.maximum(known.repeats, 1), 0).round(1)
    return Said(known.member, {"churn": chance.round(2).tolist()}, {
        "last_on": [str(date.fromisoformat(kept["until"]) - timedelta(days=days)) for days in away.tolist()],
        "gap_days": gaps.tolist(), "lately": whole.before.astype(int).tolist(),
        "days": [kept["days"]] * len(known), "shop": [round(kept["shop"], 3)] * len(known),
    })  # fmt: skip


def reason(scores: dict[str, Any], evidence: dict[str, Any]) -> Words:
    """Why, in one sentence."""
    gap, days, shop = evidence["gap_days"], evidence["days"], percent(evidence["shop"])
    habit = (
        (f"平时约每 {gap:.0f} 天来一次，", f"usually every {gap:.0f} days, ")
        if gap
        else ("只来过一天，", "came on one day only, ")
    )
    return Words(
        f"上次购买在 {evidence['last_on']}，{habit[0]}近 {days} 天来过 {evidence['lately']} 天；"
        f"未来 {days} 天不再来的可能性 {percent(scores['churn'])}，全店平均 {shop}。",
        f"Last bought on {evidence['last_on']}, {habit[1]}on {evidence['lately']} of the last {days} days: "
        f"{percent(scores['churn'])} likely not to come in {days} days, {shop} on average.",
    )


def tags(_: dict[str, Any]) -> list[ReadyTag]:
    """Who is about to leave."""
    return [
        ReadyTag(
            code="leaving", name=Words("高流失风险", "Likely to leave"), model=CODE, score="churn", op=">=", value=0.8,
            unit="share", means=Words("下一期不再来买的可能性", "How likely nothing is bought in the next period"),
        )
    ]  # fmt: skip
