"""Next best category: which category a member never bought is the likeliest to be bought next, and after which other.

For each category a logistic regression (see `policy/logistic.py`) on which others were bought and how often: taught on one
period, judged on the next one among members who had not bought it, and taught again with it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shuke.insight.profiles.policy import logistic, shares
from shuke.insight.profiles.policy.cards import Learnt, Said, verdict
from shuke.insight.profiles.policy.fitting import Fit, Words
from shuke.insight.profiles.policy.judging import judge_chances
from shuke.insight.profiles.policy.kinds import ReadyTag, Score, percent
from shuke.insight.profiles.policy.shares import REST, Counts

CODE = "next_category"
NAME = Words("下一个品类", "Next best category")
UNIT = Words("可能性", "chance")
BASELINE = Words("和上一期一样的尝新比例", "tried as often as last period")
READS, EARLIER = "by_category", True
SCORES = (
    Score("next_category", "text", Words("下一个会买的品类", "Category likely to be bought next")),
    Score("next_chance", "number", Words("买下一个品类的可能性", "How likely the next category is bought")),
)
RIDGE = 30.0  # what one category says of another is little: without much evidence, nothing


def _columns(counts: Counts) -> np.ndarray:
    """Bought each category or not, how much altogether, and whether anything lately."""
    bought = counts.times > 0
    return np.column_stack([bought, np.log1p(counts.times.sum(axis=1)), counts.before.sum(axis=1) > 0])


def _taught(counts: Counts, names: tuple[str, ...]) -> tuple[dict[str, Any], list[Fit]]:
    """One fitted chance for each category that could be learnt, with how many tried it."""
    columns, kept, fits = _columns(counts), {}, []
    for place, name in enumerate(names):
        if name == REST:
            continue
        new = counts.times[:, place] == 0
        tried = counts.after[new, place] > 0
        fit, line = logistic.fit(columns[new], tried, tuple(str(n) for n in range(columns.shape[1])), RIDGE)
        fits.append(fit)
        if fit.converged and line is not None:
            kept[name] = line.kept() | {"rate": float(tried.mean())}
    return kept, fits


def learn(earlier: Counts | None, past: Counts, whole: Counts, period: int) -> Learnt:
    """Taught on the period before the held-out one, judged on that over all categories; then taught on that."""
    assert earlier is not None, "the next category is taught on an earlier period"
    names = shares.largest(earlier)
    earlier, then = earlier.only(names), past.only(names)
    taught, fits = _taught(earlier, names)
    judgement = None
    if taught:
        cells = [_cells(then, names.index(name), line) for name, line in taught.items()]
        judgement = judge_chances(*(np.concatenate(one) for one in zip(*cells, strict=True)))
    fit = _together(taught, fits, len(earlier))
    why = verdict(fit, judgement)
    if why is not None:
        return Learnt(fit=fit, judgement=judgement, kept={}, why=why)
    names = shares.largest(whole)
    taught, fits = _taught(past.only(names), names)
    fit = _together(taught, fits, len(past))
    return Learnt(
        fit=fit, judgement=judgement, kept={"names": list(names), "lines": taught, "days": period}, why=fit.why
    )


def _cells(past: Counts, place: int, line: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    new = past.times[:, place] == 0
    chances = logistic.line_of(line).chance(_columns(past)[new])
    return chances, past.after[new, place] > 0, np.full(int(new.sum()), line["rate"])


def _together(taught: dict[str, Any], fits: list[Fit], members: int) -> Fit:
    why = (
        None
        if taught
        else next((fit.why for fit in fits if fit.why is not None), Words("没有品类。", "There is no category."))
    )
    return Fit(
        parameters={name: line["rate"] for name, line in taught.items()},
        log_likelihood=sum(fit.log_likelihood for fit in fits if fit.converged), converged=bool(taught), members=members,
        steps=sum(fit.steps for fit in fits), why=why,
    )  # fmt: skip


def say(kept: dict[str, Any], whole: Counts) -> Said:
    """The likeliest category never bought, and the bought one that speaks most for it."""
    names = tuple(kept["names"])
    whole = whole.only(names)
    columns = _columns(whole)
    lines = {name: logistic.line_of(line) for name, line in kept["lines"].items()}
    chances = np.zeros((len(whole), len(lines)))
    speakers = np.zeros((len(whole), len(lines)), np.int64)
    for place, (name, line) in enumerate(lines.items()):
        known = whole.times[:, names.index(name)] > 0
        chances[:, place] = np.where(known, 0.0, line.chance(columns))
        spoken = np.where(columns[:, : len(names)] > 0, line.terms(columns)[:, : len(names)], 0.0)
        speakers[:, place] = np.where(spoken.max(axis=1) > 0, spoken.argmax(axis=1), -1)
    chosen = np.flatnonzero(chances.max(axis=1, initial=0.0) >= 0.01)
    best, rows = chances[chosen].argmax(axis=1), np.arange(len(chosen))
    listed, rates = [*lines], np.array([line["rate"] for line in kept["lines"].values()])
    because = speakers[chosen][rows, best]
    return Said(whole.member[chosen], {
        "next_category": [listed[place] for place in best.tolist()],
        "next_chance": chances[chosen][rows, best].round(2).tolist(),
    }, {
        "because": [names[place] if place >= 0 and names[place] != REST else None for place in because.tolist()],
        "rate": rates[best].round(3).tolist(), "days": [kept["days"]] * len(chosen),
    })  # fmt: skip


def reason(scores: dict[str, Any], evidence: dict[str, Any]) -> Words:
    """Why, in one sentence."""
    name, likely, rate = scores["next_category"], percent(scores["next_chance"]), percent(evidence["rate"])
    because = evidence["because"]
    told = (f"还没买过{name}；", f"Never bought {name}: ")
    if because:
        told = (
            f"买过{because}，像这样的会员常接着买{name}；",
            f"Bought {because}, after which {name} is often tried: ",
        )
    return Words(
        f"{told[0]}未来 {evidence['days']} 天会买的可能性 {likely}，没买过的会员平均 {rate}。",
        f"{told[1]}{likely} likely within {evidence['days']} days, {rate} on average of those who never did.",
    )


def tags(_: dict[str, Any]) -> list[ReadyTag]:
    """None: what comes next is a figure to act on, not what a member is."""
    return []
