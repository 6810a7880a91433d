"""Models trained on a merchant: fitted on the past, judged on held-out time, and only then allowed to score."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from shuke.insight.profiles.policy import rfm
from shuke.insight.profiles.policy.cards import SHORT, Card, Trained, verdict
from shuke.insight.profiles.policy.fitting import Fit, Words
from shuke.insight.profiles.policy.histories import WEEK
from shuke.insight.profiles.policy.judging import Judgement, judge
from shuke.insight.profiles.queries import discounts, features, purchases
from shuke.insight.profiles.scorers import BUYING, PRICE, gamma_gamma

if TYPE_CHECKING:
    from shuke.ground.mirror import Mirror, Moment
    from shuke.insight.profiles.queries.purchases import Purchases

PREDICTED_DAYS = 90
SHORTEST = 14  # days held out; four times as many are needed as history
NOBODY = np.array([], np.int64)
_BUYING_NAME = Words("复购", "Repeat buying")
_TIMES = Words("次", "purchases")


async def train(opened: Mirror, moment: Moment) -> list[Trained]:
    """Every model of this merchant as known at the moment, each with its card. Writes nothing; repeatable."""
    history = await purchases.span(opened, moment)
    holdout = min(PREDICTED_DAYS, history // 4)
    trained = [await _marks(opened, moment, history)]
    if holdout < SHORTEST:
        refused = {"repurchase": _BUYING_NAME, gamma_gamma.CODE: gamma_gamma.NAME, PRICE.CODE: PRICE.NAME}
        return trained + [
            Trained(Card(model=code, name=name, scoring=False, members=0, until=moment.day, why=SHORT), NOBODY)
            for code, name in refused.items()
        ]
    shared = {"first_day": moment.day - timedelta(days=history), "until": moment.day, "holdout_days": holdout}
    cut = moment.day - timedelta(days=holdout)
    past = await purchases.purchases(opened, moment, cut, holdout)
    whole = await purchases.purchases(opened, moment, moment.day, holdout)
    trained += await asyncio.to_thread(_buying, past, whole, shared)
    return [*trained, await _price(opened, moment, shared, cut)]


async def _marks(opened: Mirror, moment: Moment, history: int) -> Trained:
    """Recency, frequency, money: no model, so nothing to judge; with the map and the distributions for the page."""
    table = await features.marked(opened, moment)
    member = table.column("member").to_numpy().astype(np.int64)
    first = moment.day - timedelta(days=history) if history else None
    values = {code: table.column(f"f_{code}").to_numpy().astype(float) for code in features.MARKED}
    recency, frequency, money = values["recency"], values["frequency"], values["money"] / 100
    marks = (rfm.marks(recency, less_is_better=True), rfm.marks(frequency), rfm.marks(money))
    cells = [(*rfm.ELEVEN, rfm.OTHER)[place].code for place in rfm.eleven(*marks)]
    eights = [[*rfm.EIGHT.values()][place][0] for place in rfm.eight(recency, frequency, money)] if len(member) else []
    drawn = np.zeros((rfm.BEST, rfm.BEST), np.int64)
    spent = np.zeros((rfm.BEST, rfm.BEST))
    np.add.at(drawn, (marks[0] - 1, marks[1] - 1), 1)
    np.add.at(spent, (marks[0] - 1, marks[1] - 1), values["money"])
    more = {
        "map": drawn.tolist(), "spent_fen": spent.tolist(),
        "edges": {code: rfm.edges(one).tolist() for code, one in zip(features.MARKED, (recency, frequency, money), strict=True)},
        "distributions": msgspec.to_builtins(await features.distributions(opened, moment)),
    }  # fmt: skip
    card = Card(
        model="rfm", name=Words("RFM 评分", "RFM marks"), scoring=len(member) > 0, members=len(member), first_day=first,
        until=moment.day, more=more,
        why=None if len(member) else Words("还没有会员下过单。", "No member has ordered yet."),
    )  # fmt: skip
    names = ("recency", "frequency", "money")
    scores = {name: mark.tolist() for name, mark in zip(names, marks, strict=True)} | {"cell": cells, "cell8": eights}
    return Trained(card, member, scores, {
        "last_on": [str(moment.day - timedelta(days=int(days))) for days in recency],
        "orders": frequency.astype(int).tolist(), "fen": values["money"].astype(int).tolist(),
    })  # fmt: skip


def _buying(past: Purchases, whole: Purchases, shared: dict[str, Any]) -> list[Trained]:
    """How often members come back, by the first buying model that fits and is better than its baseline; and for how much."""
    holdout = shared["holdout_days"]
    tried = []
    for code, model in BUYING.items():
        fit = model.fit(past.histories)
        parameters = np.array([*fit.parameters.values()])
        judgement = None
        if fit.converged:
            judgement = judge(model.expected(parameters, past.histories, holdout / WEEK), past.after, past.before)
        why = verdict(fit, judgement)
        last = model.fit(whole.histories) if why is None else fit
        why = why or last.why
        tried.append((code, model, last, judgement, why))
        if why is None:
            break
    code, model, fit, judgement, why = tried[-1] if tried[-1][4] is None else tried[0]
    value = _value(past, whole, shared)
    card = _card("repurchase", _BUYING_NAME, fit, shared, (judgement, _TIMES), why) if why else _card(
        "repurchase", model.NAME, fit, shared, (judgement, _TIMES), None
    )  # fmt: skip
    if why is not None:
        return [Trained(card, NOBODY), value]
    return [_scored(card, model, whole, value.card), value]


def _scored(card: Card, model: Any, whole: Purchases, value: Card) -> Trained:
    known, parameters = whole.histories, np.array([*card.parameters.values()])
    coming = model.expected(parameters, known, PREDICTED_DAYS / WEEK)
    scores = {"p_alive": model.p_alive(parameters, known).round(2).tolist(), "purchases": coming.round(2).tolist()}
    if value.scoring:
        worth = coming * gamma_gamma.expected_value(np.array([*value.parameters.values()]), known)
        scores["value_fen"] = (worth.round() * 100).astype(int).tolist()
    gone = ((known.age - known.last) * WEEK).round().astype(int).tolist()
    gaps = np.where(known.repeats > 0, known.last * WEEK / np.maximum(known.repeats, 1), 0).round(1).tolist()
    return Trained(card, known.member, scores, {
        "repeats": known.repeats.astype(int).tolist(), "gap_days": gaps, "days": [PREDICTED_DAYS] * len(known),
        "last_on": [str(card.until - timedelta(days=days)) for days in gone],
    })  # fmt: skip


def _value(past: Purchases, whole: Purchases, shared: dict[str, Any]) -> Trained:
    """What a purchase is worth; it scores nobody by itself, the buying model multiplies by it."""
    fit = gamma_gamma.fit(past.histories)
    judgement = None
    if fit.converged:
        came = past.after > 0
        known = past.histories.where(came)
        predicted = gamma_gamma.expected_value(np.array([*fit.parameters.values()]), known)
        overall = past.known_fen / (past.histories.repeats + 1)
        last = np.where(past.before > 0, past.before_fen / np.maximum(past.before, 1), overall)
        judgement = judge(predicted, past.after_fen[came] / past.after[came] / 100, last[came] / 100)
    why = verdict(fit, judgement)
    if why is None:
        fit = gamma_gamma.fit(whole.histories)
        why = fit.why
    card = _card(gamma_gamma.CODE, gamma_gamma.NAME, fit, shared, (judgement, Words("元", "yuan")), why)
    return Trained(card, NOBODY)


async def _price(opened: Mirror, moment: Moment, shared: dict[str, Any], cut: date) -> Trained:
    """How likely a member's next order uses a discount."""
    past = await discounts.discounts(opened, moment, cut, shared["holdout_days"])
    whole = await discounts.discounts(opened, moment, moment.day, shared["holdout_days"])
    fit = await asyncio.to_thread(PRICE.fit, past["discounted"], past["orders"])
    judgement = None
    if fit.converged:
        came = past["after"] > 0
        predicted = PRICE.sensitivity(np.array([*fit.parameters.values()]), past["discounted"], past["orders"])[came]
        own = past["discounted"] / past["orders"]
        last = np.where(past["before"] > 0, past["before_discounted"] / np.maximum(past["before"], 1), own)[came]
        judgement = judge(predicted, past["after_discounted"][came] / past["after"][came], last)
    why = verdict(fit, judgement)
    if why is None:
        fit = await asyncio.to_thread(PRICE.fit, whole["discounted"], whole["orders"])
        why = fit.why
    card = _card(PRICE.CODE, PRICE.NAME, fit, shared, (judgement, Words("占比", "share")), why)
    if why is not None:
        return Trained(card, NOBODY)
    shares = PRICE.sensitivity(np.array([*fit.parameters.values()]), whole["discounted"], whole["orders"])
    shop = float(whole["discounted"].sum() / whole["orders"].sum())
    return Trained(card, whole["member"], {"price_sensitivity": shares.round(2).tolist()}, {
        "orders": whole["orders"].tolist(), "discounted": whole["discounted"].tolist(),
        "shop": [round(shop, 3)] * len(shares),
    })  # fmt: skip


def _card(
    model: str, name: Words, fit: Fit, shared: dict[str, Any], judged: tuple[Judgement | None, Words], why: Words | None
) -> Card:
    return Card(
        model=model, name=name, scoring=why is None, members=fit.members, predict_days=PREDICTED_DAYS,
        parameters=fit.parameters if fit.converged else {},
        log_likelihood=fit.log_likelihood if fit.converged else None,
        judgement=judged[0], unit=judged[1], why=why, **shared,
    )  # fmt: skip
