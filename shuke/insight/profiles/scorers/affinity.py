"""Category affinity: which categories a member buys more of than the shop sells, lately bought counting more.

The expected share of a category in what a member buys next, drawn to the shop's mix where little was bought, over the shop's share:
the lift. See `policy/shares.py` for the law; what was bought 90 days ago counts half.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shuke.insight.profiles.policy import shares
from shuke.insight.profiles.policy.cards import Learnt, Said, verdict
from shuke.insight.profiles.policy.fitting import Words
from shuke.insight.profiles.policy.kinds import LAST_PERIOD, ReadyTag, Score, percent, times
from shuke.insight.profiles.policy.shares import REST, Counts

CODE = "affinity"
NAME = Words("品类偏好", "Category affinity")
UNIT = Words("占比", "share")
BASELINE = LAST_PERIOD
READS, EARLIER = "by_category", False
SCORES = (
    Score("category", "text", Words("最偏好的品类", "Category preferred")),
    Score("category_lift", "number", Words("最偏好品类是全店的几倍", "Category preferred, times the shop")),
    Score("category_share", "number", Words("最偏好品类的预计占比", "Category preferred, expected share")),
)
TWICE = 2  # bought less often than this, a category is no preference
LOVED = 1.2  # times the shop's share; below it nothing is told of a category


def learn(_: Counts | None, past: Counts, whole: Counts, period: int) -> Learnt:
    """The shop's mix and how alike members are; judged on what was bought in the held-out time."""
    names = shares.largest(past)
    past = past.only(names)
    means = shares.mix(past.known)
    fit = shares.concentration(past.times, shares.mix(past.times))
    judgement = None
    if fit.converged:
        found = shares.expected(past.known, means, fit.parameters["concentration"])
        judgement = shares.judged(past, found, [n for n, name in enumerate(names) if name != REST])
    why = verdict(fit, judgement)
    if why is not None:
        return Learnt(fit=fit, judgement=judgement, kept={}, why=why)
    names = shares.largest(whole)
    whole = whole.only(names)
    means = shares.mix(whole.known)
    fit = shares.concentration(whole.times, shares.mix(whole.times))
    kept = {"names": list(names), "mix": means.tolist(), "concentration": fit.parameters.get("concentration", 0.0)}
    return Learnt(fit=fit, judgement=judgement, kept=kept, why=fit.why)


def say(kept: dict[str, Any], whole: Counts) -> Said:
    """The category with the largest lift among those bought twice, and the lift of every one that is loved."""
    names = tuple(kept["names"])
    whole = whole.only(names)
    means = np.array(kept["mix"])
    found = shares.expected(whole.known, means, kept["concentration"])
    known = (whole.times >= TWICE) & np.array([name != REST for name in names])
    lifts = np.where(known, found / means, 0.0).round(1)
    chosen = np.flatnonzero(lifts.max(axis=1, initial=0.0) >= LOVED)
    best = lifts[chosen].argmax(axis=1)
    rows = np.arange(len(chosen))
    scores: dict[str, list[Any]] = {
        "category": [names[place] for place in best.tolist()],
        "category_lift": lifts[chosen][rows, best].tolist(),
        "category_share": found[chosen][rows, best].round(2).tolist(),
    }
    for place, name in enumerate(names):
        if name != REST:
            scores[f"affinity:{name}"] = [lift if lift >= LOVED else None for lift in lifts[chosen, place].tolist()]
    return Said(whole.member[chosen], scores, {
        "times": whole.times[chosen][rows, best].astype(int).tolist(),
        "orders": whole.times[chosen].sum(axis=1).astype(int).tolist(),
        "shop": means[best].round(3).tolist(),
    })  # fmt: skip


def reason(scores: dict[str, Any], evidence: dict[str, Any]) -> Words:
    """Why, in one sentence."""
    name, lift, share = scores["category"], scores["category_lift"], percent(scores["category_share"])
    shop = percent(evidence["shop"])
    return Words(
        f"买过 {evidence['times']} 次{name}，近期的算得多；预计下次有 {share} 会买{name}，全店是 {shop}，约为 {lift:.1f} 倍。",
        f"Bought {name} {times(evidence['times'])}, lately counting more: {share} of what comes next, {shop} in the shop, "
        f"{lift:.1f} times as much.",
    )


def tags(kept: dict[str, Any]) -> list[ReadyTag]:
    """A tag for who loves each of the largest categories."""
    return [
        ReadyTag(
            code=f"lover:{name}", name=Words(f"{name}爱好者", f"{name} lovers"), model=CODE, score=f"affinity:{name}", op=">=",
            value=1.5, unit="lift",
            means=Words(f"{name}的占比是全店平均的几倍", f"Share of {name}, times the shop's"),
        )
        for name in kept.get("names", [])[:12]
        if name != REST
    ]  # fmt: skip
