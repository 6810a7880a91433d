"""Models trained on a merchant: fitted on the past, judged on held-out time, and only then allowed to score."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from shuke.insight.profiles.actions import reading
from shuke.insight.profiles.policy.cards import SHORT, SILENT, Card, Said, Trained, verdict
from shuke.insight.profiles.policy.fitting import Fit, Words
from shuke.insight.profiles.policy.histories import WEEK, Purchases
from shuke.insight.profiles.policy.judging import Judgement, judge
from shuke.insight.profiles.policy.kinds import LAST_PERIOD
from shuke.insight.profiles.queries import features, purchases
from shuke.insight.profiles.scorers import BUYING, LEARNING, gamma_gamma, repurchase, rfm
from shuke.insight.profiles.scorers.rfm import BEST

if TYPE_CHECKING:
    from datetime import date
    from types import ModuleType

    from shuke.insight.profiles.actions.reading import Books

PREDICTED_DAYS = 90
SHORTEST = 14  # days held out; four times as many are needed as history


async def train(books: Books) -> list[Trained]:
    """Every model of this merchant as known at the moment, each with its card. Writes nothing; repeatable."""
    opened, moment = books.opened, books.moment
    history = await purchases.span(opened, moment)
    holdout = min(PREDICTED_DAYS, history // 4)
    trained = [await _marks(books, history)]
    if holdout < SHORTEST:
        return trained + [
            Trained(
                Card(model=model.CODE, name=model.NAME, scoring=False, members=0, until=moment.day, why=SHORT), SILENT
            )
            for model in (repurchase, gamma_gamma, *LEARNING)
        ]
    shared = {"first_day": moment.day - timedelta(days=history), "until": moment.day, "holdout_days": holdout}
    books = reading.Books(opened, moment, holdout, books.stages)
    cut = moment.day - timedelta(days=holdout)
    past = await reading.read(books, "purchases", cut)
    whole = await reading.read(books, "purchases", moment.day)
    trained += await asyncio.to_thread(_buying, past, whole, shared)
    return trained + await _learning(books, shared)


async def _learning(books: Books, shared: dict[str, Any]) -> list[Trained]:
    """The models that teach themselves, one after the other; what two in a row read is read once."""
    today, holdout = books.moment.day, books.period
    days = {"earlier": today - timedelta(days=2 * holdout), "past": today - timedelta(days=holdout), "whole": today}
    seen: dict[tuple[str, date], Any] = {}
    trained = []
    for model in LEARNING:
        seen = {key: found for key, found in seen.items() if key[0] == model.READS}
        for name, day in days.items():
            if (model.READS, day) not in seen and (name != "earlier" or model.EARLIER):
                seen[model.READS, day] = await reading.read(books, model.READS, day)
        given = [seen.get((model.READS, day)) for day in days.values()]
        trained.append(await asyncio.to_thread(_taught, model, given, shared))
    return trained


def _taught(model: ModuleType, given: list[Any], shared: dict[str, Any]) -> Trained:
    learnt = model.learn(*given, shared["holdout_days"])
    card = _card((model.CODE, model.NAME), learnt.fit, shared, (learnt.judgement, model.UNIT), learnt.why)
    card = msgspec.structs.replace(
        card, baseline=model.BASELINE, kept=learnt.kept, predict_days=learnt.kept.get("days", shared["holdout_days"])
    )
    return Trained(card, spoken(card, model, given[-1], shared["until"]))


def spoken(card: Card, model: ModuleType, whole: Any, today: date) -> Said:
    """What a model says of members by its card alone, without learning again; nothing where the card refuses."""
    return model.say(card.kept | {"until": str(today)}, whole) if card.scoring else SILENT


async def _marks(books: Books, history: int) -> Trained:
    """Recency, frequency, money: no model, so nothing to judge; with the map and the distributions for the page."""
    moment = books.moment
    values = await reading.marked(books)
    member = values["member"]
    kept = rfm.limits(values)
    marks = rfm.marks(kept, values)
    drawn = np.zeros((BEST, BEST), np.int64)
    spent = np.zeros((BEST, BEST))
    np.add.at(drawn, (marks[0] - 1, marks[1] - 1), 1)
    np.add.at(spent, (marks[0] - 1, marks[1] - 1), values["money"])
    more = {
        "map": drawn.tolist(), "spent_fen": spent.tolist(), "edges": kept["edges"],
        "distributions": msgspec.to_builtins(await features.distributions(books.opened, moment)),
    }  # fmt: skip
    card = Card(
        model=rfm.CODE, name=rfm.NAME, scoring=len(member) > 0, members=len(member), until=moment.day, more=more, kept=kept,
        first_day=moment.day - timedelta(days=history) if history else None,
        why=None if len(member) else Words("还没有会员下过单。", "No member has ordered yet."),
    )  # fmt: skip
    return Trained(card, spoken(card, rfm, values, moment.day))


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
    name = repurchase.NAME if why else model.NAME
    card = _card((repurchase.CODE, name), fit, shared, (judgement, repurchase.UNIT), why)
    kept = {
        "model": code, "parameters": [*card.parameters.values()], "days": PREDICTED_DAYS,
        "value": [*value.parameters.values()] if value.scoring else [],
    }  # fmt: skip
    card = msgspec.structs.replace(card, kept=kept if card.scoring else {})
    return [Trained(card, spoken(card, repurchase, whole, shared["until"])), Trained(value, SILENT)]


def _value(past: Purchases, whole: Purchases, shared: dict[str, Any]) -> Card:
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
    named = (gamma_gamma.CODE, gamma_gamma.NAME)
    return _card(named, fit, shared, (judgement, Words("元", "yuan")), why)


def _card(
    named: tuple[str, Words],
    fit: Fit,
    shared: dict[str, Any],
    judged: tuple[Judgement | None, Words],
    why: Words | None,
) -> Card:
    return Card(
        model=named[0], name=named[1], scoring=why is None, members=fit.members, predict_days=PREDICTED_DAYS,
        parameters=fit.parameters if fit.converged else {},
        log_likelihood=fit.log_likelihood if fit.converged else None,
        judgement=judged[0], unit=judged[1], baseline=LAST_PERIOD, why=why, **shared,
    )  # fmt: skip
