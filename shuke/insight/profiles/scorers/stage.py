"""Stage of life, from what is bought: the merchant's own words for the goods of each stage, and who buys more of them.

For each stage the share of a member's orders with such goods, beta-binomial as in `policy/shares.py`; over the shop's share
it is the lift. Words decide what counts; the model only says whether a habit of the past goes on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from shuke.insight.profiles.policy import shares
from shuke.insight.profiles.policy.cards import Learnt, Said, verdict
from shuke.insight.profiles.policy.fitting import Fit, Words
from shuke.insight.profiles.policy.judging import Judgement, judge
from shuke.insight.profiles.policy.kinds import LAST_PERIOD, ReadyTag, Score, percent
from shuke.insight.profiles.policy.shares import Counts

CODE = "stage"
NAME = Words("人生阶段", "Stage of life")
UNIT = Words("占比", "share")
BASELINE = LAST_PERIOD
READS, EARLIER = "by_stage", False
SCORES = (
    Score("stage", "text", Words("人生阶段（从购买看）", "Stage of life, from purchases")),
    Score("stage_lift", "number", Words("人生阶段商品是全店的几倍", "Goods of the stage, times the shop")),
)
ORDERS = ""  # the column that counts all orders
TWICE = 2
MARKED = 1.5  # times the shop's share; below it a member is in no stage
NO_WORDS = Words(
    "还没有写人生阶段的词典：写下每个阶段会买什么，就能认出来。",
    "No stage has words yet: write down what each stage buys, and it is recognised.",
)


def learn(_: Counts | None, past: Counts, whole: Counts, period: int) -> Learnt:
    """How alike members are, stage by stage; judged on the orders of the held-out time, all stages together."""
    names = [name for name in whole.names if name != ORDERS]
    if not names:
        fit = Fit(parameters={}, log_likelihood=0.0, converged=False, members=0, why=NO_WORDS)
        return Learnt(fit=fit, judgement=None, kept={}, why=NO_WORDS)
    fits, tables = {}, []
    for name in names:
        pair = _pair(past, name)
        means = shares.mix(pair.known)
        fits[name] = fit = shares.concentration(pair.times, shares.mix(pair.times))
        if fit.converged:
            found = shares.expected(pair.known, means, fit.parameters["concentration"])
            tables.append(_cells(pair, found))
    judgement: Judgement | None = judge(*(np.concatenate(one) for one in zip(*tables, strict=True))) if tables else None
    fit = _together({name: fit for name, fit in fits.items() if fit.converged}, next(iter(fits.values())))
    why = verdict(fit, judgement)
    if why is not None:
        return Learnt(fit=fit, judgement=judgement, kept={}, why=why)
    kept: dict[str, Any] = {"stages": {}}
    final = {}
    for name in fit.parameters:
        pair = _pair(whole, name)
        means = shares.mix(pair.known)
        final[name] = shares.concentration(pair.times, shares.mix(pair.times))
        if final[name].converged:
            kept["stages"][name] = [float(means[0]), final[name].parameters["concentration"]]
    return Learnt(
        fit=_together({n: f for n, f in final.items() if f.converged}, fit), judgement=judgement, kept=kept, why=None
    )


def _pair(counts: Counts, name: str) -> Counts:
    """Orders with goods of a stage, and orders without."""
    only = counts.only((name, ORDERS))

    def pair(matrix: np.ndarray) -> np.ndarray:
        return np.column_stack([matrix[:, 0], np.maximum(matrix[:, 1] - matrix[:, 0], 0)])

    return replace(
        only, known=pair(only.known), times=pair(only.times), before=pair(only.before), after=pair(only.after)
    )


def _cells(pair: Counts, found: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    came = np.flatnonzero(pair.after.sum(axis=1) > 0)
    last = np.where(pair.before.sum(axis=1, keepdims=True) > 0, pair.before, pair.known)[came]
    actual = pair.after[came]
    return found[came, 0], actual[:, 0] / actual.sum(axis=1), last[:, 0] / np.maximum(last.sum(axis=1), 1e-9)


def _together(fits: dict[str, Fit], otherwise: Fit) -> Fit:
    if not fits:
        return otherwise
    first = next(iter(fits.values()))
    return Fit(
        parameters={name: fit.parameters["concentration"] for name, fit in fits.items()},
        log_likelihood=sum(fit.log_likelihood for fit in fits.values()), converged=True, members=first.members,
        steps=sum(fit.steps for fit in fits.values()),
    )  # fmt: skip


def say(kept: dict[str, Any], whole: Counts) -> Said:
    """The stage with the largest lift among those whose goods were bought twice, with what was bought last of them."""
    names = tuple(kept["stages"])
    if not names:
        return Said(np.array([], np.int64))
    wide = whole.only((*names, ORDERS))
    lifts = np.zeros((len(wide), len(names)))
    for place, name in enumerate(names):
        mean, concentration = kept["stages"][name]
        pair = _pair(whole, name)
        lifts[:, place] = shares.expected(pair.known, np.array([mean, 1 - mean]), concentration)[:, 0] / mean
    lifts = np.where(wide.times[:, :-1] >= TWICE, lifts, 0.0).round(1)
    chosen = np.flatnonzero(lifts.max(axis=1, initial=0.0) >= MARKED)
    best, rows = lifts[chosen].argmax(axis=1), np.arange(len(chosen))
    scores: dict[str, list[Any]] = {
        "stage": [names[place] for place in best.tolist()], "stage_lift": lifts[chosen][rows, best].tolist(),
    }  # fmt: skip
    for place, name in enumerate(names):
        scores[f"stage:{name}"] = [lift if lift >= MARKED else None for lift in lifts[chosen, place].tolist()]
    assert wide.sample is not None, "goods of a stage are asked for with what was bought"
    return Said(wide.member[chosen], scores, {
        "times": wide.times[chosen][rows, best].astype(int).tolist(), "orders": wide.times[chosen, -1].astype(int).tolist(),
        "bought": wide.sample[chosen][rows, best].tolist(), "shop": [round(kept["stages"][names[n]][0], 3) for n in best.tolist()],
    })  # fmt: skip


def reason(scores: dict[str, Any], evidence: dict[str, Any]) -> Words:
    """Why, in one sentence, with what was bought."""
    times, orders, bought, shop = evidence["times"], evidence["orders"], evidence["bought"], percent(evidence["shop"])
    return Words(
        f"{orders} 单里有 {times} 单买了「{scores['stage']}」的商品，最近一次是{bought}；"
        f"全店平均 {shop}，约为 {scores['stage_lift']:.1f} 倍。",
        f"{times} of {orders} orders with goods of {scores['stage']}, lately {bought}; {shop} in the shop, about "
        f"{scores['stage_lift']:.1f} times as much.",
    )


def tags(kept: dict[str, Any]) -> list[ReadyTag]:
    """A tag for each stage."""
    return [
        ReadyTag(
            code=f"stage:{name}", name=Words(name, name), model=CODE, score=f"stage:{name}", op=">=", value=2.0, unit="lift",
            means=Words(f"「{name}」商品的占比是全店平均的几倍", f"Share of goods of {name}, times the shop's"),
        )
        for name in kept.get("stages", {})
    ]  # fmt: skip
