"""Social propensity: how likely a member shares, comments, reviews or invites in the coming time.

Acts are Poisson with rates Gamma(r, α) over members, so counts are negative binomial (M. Greenwood, G. U. Yule, 1920); who
was known for a short time is drawn to what all do. For what is expected, acts and the time they fell in fade by half in 90
days: people change. Time in weeks.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import gammaln

from shuke.insight.profiles.policy.cards import Learnt, Said, verdict
from shuke.insight.profiles.policy.features import HALF_LIFE_DAYS
from shuke.insight.profiles.policy.fitting import Fit, Words, maximise
from shuke.insight.profiles.policy.histories import WEEK
from shuke.insight.profiles.policy.judging import judge_chances
from shuke.insight.profiles.policy.kinds import LAST_PERIOD, ReadyTag, Score, percent, times

CODE = "social"
NAME = Words("社交倾向", "Social propensity")
UNIT = Words("可能性", "chance")
BASELINE = LAST_PERIOD
READS, EARLIER = "doings", False
SCORES = (Score("social", "number", Words("社交倾向", "Social propensity")),)
NAMES = ("r", "alpha")
FEWEST_DOINGS = 5  # of who did less here nothing is said
LEARNT_FROM = 100_000


def fit(acts: np.ndarray, weeks: np.ndarray) -> Fit:
    """The two parameters by maximum likelihood, of at most 100,000 members evenly chosen."""
    thin = max(1, -(-len(acts) // LEARNT_FROM))
    pairs, counts = np.unique(np.column_stack([acts, weeks])[::thin], axis=0, return_counts=True)

    def log_likelihood(parameters: np.ndarray) -> float:
        r, alpha = parameters
        x, t = pairs[:, 0], pairs[:, 1]
        return float(counts @ (gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + t)))

    if not len(acts):
        return maximise(lambda _: 0.0, NAMES, [(1.0, 1.0)], 0, 0)
    return maximise(log_likelihood, NAMES, [(0.5, 5.0), (1.0, 50.0)], len(acts), int((acts > 0).sum()))


def chance(parameters: dict[str, float], known: dict[str, np.ndarray], days: int) -> np.ndarray:
    """The chance of any act in the coming days: one less the chance of none."""
    r, alpha = parameters["r"], parameters["alpha"]
    fading = np.log(2) / HALF_LIFE_DAYS
    weeks = -np.expm1(-fading * known["days"]) / fading / WEEK
    return -np.expm1((r + known["lately"]) * np.log((alpha + weeks) / (alpha + weeks + days / WEEK)))


def learn(_: Any, past: dict[str, np.ndarray], whole: dict[str, np.ndarray], period: int) -> Learnt:
    """How social members are, judged on who did anything of the kind in the held-out time."""
    found = fit(past["acts"], past["days"] / WEEK)
    judgement = None
    if found.converged:
        judgement = judge_chances(chance(found.parameters, past, period), past["after"] > 0, past["before"] > 0)
    why = verdict(found, judgement)
    if why is None:
        found = fit(whole["acts"], whole["days"] / WEEK)
        why = found.why
    if why is not None:
        return Learnt(fit=found, judgement=judgement, kept={}, why=why)
    chances = chance(found.parameters, whole, period)[whole["doings"] >= FEWEST_DOINGS]
    low = float(np.quantile(chances, 0.2)) if len(chances) else 0.0
    kept = found.parameters | {"days": period, "low": math.ceil(low * 100) / 100}
    return Learnt(fit=found, judgement=judgement, kept=kept, why=None)


def say(kept: dict[str, Any], whole: dict[str, np.ndarray]) -> Said:
    """The chance of any act in company, of members who do something here at all."""
    here = whole["doings"] >= FEWEST_DOINGS
    known = {name: column[here] for name, column in whole.items()}
    found = chance(kept, known, kept["days"])
    return Said(known["member"], {"social": found.round(2).tolist()}, {
        **{name: known[name].tolist() for name in ("shares", "reviews", "invites", "doings")},
        "days": [kept["days"]] * len(found),
    })  # fmt: skip


def reason(scores: dict[str, Any], evidence: dict[str, Any]) -> Words:
    """Why, in one sentence."""
    shares, reviews, invites = evidence["shares"], evidence["reviews"], evidence["invites"]
    likely, days = percent(scores["social"]), evidence["days"]
    if not shares + reviews + invites:
        return Words(
            f"一年里来过 {evidence['doings']} 回，从没分享、评论或邀请过；未来 {days} 天会的可能性 {likely}。",
            f"Did {evidence['doings']} things in a year, none of them in company: {likely} likely to in {days} days.",
        )
    done = [("分享", "shared", shares), ("评论评价", "commented", reviews), ("邀请好友", "invited friends", invites)]
    zh = "、".join(f"{one} {count} 次" for one, _, count in done if count)
    en = ", ".join(f"{one} {times(count)}" for _, one, count in done if count)
    return Words(
        f"一年里{zh}；未来 {days} 天再有一次的可能性 {likely}。",
        f"In a year {en}: {likely} likely to again in {days} days.",
    )


def tags(kept: dict[str, Any]) -> list[ReadyTag]:
    """Who brings others, and who comes alone: the least social fifth to begin with."""
    group, means = (
        Words("社交类型", "Company"),
        Words("下一期会分享、评论或邀请的可能性", "How likely they share, comment or invite next"),
    )
    return [
        ReadyTag(
            code="sociable", name=Words("社交达人", "Sociable"), model=CODE, score="social", op=">=", value=0.6, unit="share",
            group=group, means=means,
        ),
        ReadyTag(
            code="alone", name=Words("独行侠", "Lone wolves"), model=CODE, score="social", op="<=",
            value=kept.get("low", 0.1), unit="share",
            group=group, means=means,
        ),
    ]  # fmt: skip
