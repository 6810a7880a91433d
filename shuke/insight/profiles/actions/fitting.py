"""A model fitted to one merchant's history up to an instant, and what it says of every member."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from math import isnan
from typing import TYPE_CHECKING, Any

from shuke.ground import members, mirror
from shuke.insight.profiles.policy.fitting import Words
from shuke.insight.profiles.policy.histories import Histories
from shuke.insight.profiles.queries import purchases
from shuke.insight.profiles.scorers import MODELS, repurchase
from shuke.kit import errors

if TYPE_CHECKING:
    import numpy as np

    from shuke.ground.mirror import Mirror
    from shuke.insight.profiles.policy.fitting import Fit
    from shuke.kit.db import Database

PREDICTED_DAYS = 90


class NoSuchModel(errors.Refused):
    """There is no model "{model}"."""

    code = "no_such_model"
    http_status = 404
    zh = "没有模型「{model}」。"
    cure = "Choose bgnbd, pareto_nbd or gamma_gamma."
    cure_zh = "请选 bgnbd、pareto_nbd 或 gamma_gamma。"


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fit with the members it was made of, and what it expects of each over the predicted days.

    Scores are there only if it converged. `worth` is what a buying model multiplies by: the value of a purchase, fitted beside
    it; where that did not converge, the two columns of value are empty.
    """

    model: str
    until: date
    days: int
    fit: Fit
    known: Histories
    scores: dict[str, np.ndarray]
    worth: Fit | None = None


async def fit(
    database: Database, opened: Mirror, merchant_id: int, model: str, until: datetime, days: int = PREDICTED_DAYS
) -> Fitted:
    """Fit a model to what is known at `until`, and score for the `days` after it. Writes nothing; repeatable.

    Up to the merchant's last word. Refuses `NoSuchModel`.
    """
    if model not in MODELS:
        raise NoSuchModel(field="model", model=model)
    await mirror.drain(opened, database, merchant_id)
    async with database.read(merchant_id) as tx:
        moment = await purchases.moment_of(tx, until)
    found = (await purchases.purchases(opened, moment, moment.day, days)).histories
    fitted, scores, worth = await asyncio.to_thread(repurchase.fit_and_score, model, found, days)
    return Fitted(model, moment.day, days, fitted, found, scores, worth)


def _nobody(until: date) -> Words:
    return Words(
        f"到 {until} 为止还没有会员买过；没有写会员的订单不算。",
        f"No member had bought anything by {until}; orders without a member do not count.",
    )


def _figures(found: Fit) -> dict[str, Any]:
    """A fit as plain values; without convergence where the climb stopped is told apart."""
    return {
        "members": found.members, "converged": found.converged, "why": found.why,
        "parameters": found.parameters if found.converged else None,
        "log_likelihood": found.log_likelihood if found.converged else None,
        "stopped_at": None if found.converged else found.parameters, "steps": found.steps,
    }  # fmt: skip


async def told(database: Database, merchant_id: int, fitted: Fitted, *, ids: bool = False) -> dict[str, Any]:
    """A fit as plain values: parameters in weeks and yuan, likelihoods of those; with `ids` every member by outside id, sorted
    as text. Every name is always there; what could not be fitted is null.

    Without convergence there are no values. `worth` of a buying model tells of the Gamma-Gamma behind its values.
    """
    answer: dict[str, Any] = {
        "model": fitted.model, "until": fitted.until.isoformat(), **_figures(fitted.fit),
        "units": {"time": "week", "money": "yuan"}, "predict_days": fitted.days,
        "worth": None if fitted.worth is None else _figures(fitted.worth),
    }  # fmt: skip
    if not len(fitted.known):
        answer["why"] = _nobody(fitted.until)
    if not ids:
        return answer
    async with database.read(merchant_id) as tx:
        outside = await members.outside_ids(tx, fitted.known.member.tolist() if fitted.scores else [])
    return answer | {"scores": _lines(fitted, outside)}


def _lines(fitted: Fitted, outside: dict[int, list[str]]) -> list[dict[str, Any]]:
    if not fitted.scores:
        return []
    known = fitted.known
    columns = {
        "member_id": known.member, "repeats": known.repeats.astype(int), "last_weeks": known.last, "age_weeks": known.age,
        "repeat_mean": known.value, **fitted.scores,
    }  # fmt: skip
    told_ = {
        name: [None if isnan(value) else value for value in column.tolist()] for name, column in columns.items()
    }  # what is not a number is not in JSON either
    lines = [
        {"id": next(iter(outside.get(row[0], ())), None)} | dict(zip(told_, row, strict=True))
        for row in zip(*told_.values(), strict=True)
    ]
    return sorted(lines, key=lambda row: (row["id"] is None, row["id"] or "", row["member_id"]))
