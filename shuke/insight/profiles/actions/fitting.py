"""A model fitted to one merchant's history up to an instant, and what it says of every member."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from shuke.ground import members, mirror
from shuke.insight.profiles.policy.histories import WEEK, Histories
from shuke.insight.profiles.queries import purchases
from shuke.insight.profiles.scorers import BUYING, MODELS, gamma_gamma
from shuke.kit import errors

if TYPE_CHECKING:
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

    Scores are there only if it converged; `value` (yuan) where the value of a purchase could be fitted too.
    """

    model: str
    until: date
    days: int
    fit: Fit
    known: Histories
    scores: dict[str, np.ndarray]


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
    fitted, scores = await asyncio.to_thread(fit_and_score, model, found, days)
    return Fitted(model, moment.day, days, fitted, found, scores)


def fit_and_score(model: str, known: Histories, days: int) -> tuple[Fit, dict[str, np.ndarray]]:
    """The fit, and each member's scores by name if it converged; for a buying model with values where these can be fitted."""
    found = MODELS[model].fit(known)
    if not found.converged:
        return found, {}
    parameters = np.array([*found.parameters.values()])
    if model not in BUYING:
        return found, {"purchase_value": gamma_gamma.expected_value(parameters, known)}
    scores = {
        "p_alive": BUYING[model].p_alive(parameters, known),
        "expected_purchases": BUYING[model].expected(parameters, known, days / WEEK),
    }
    worth = gamma_gamma.fit(known)
    if worth.converged:
        each = gamma_gamma.expected_value(np.array([*worth.parameters.values()]), known)
        scores |= {"purchase_value": each, "expected_value": scores["expected_purchases"] * each}
    return found, scores


async def told(database: Database, merchant_id: int, fitted: Fitted, *, ids: bool = False) -> dict[str, Any]:
    """A fit as plain values: parameters in weeks and yuan; with `ids` every member by outside id, sorted as text.

    Without convergence there are no values: where the climb stopped is told apart.
    """
    found = fitted.fit
    answer: dict[str, Any] = {
        "model": fitted.model, "until": fitted.until.isoformat(), "members": found.members,
        "converged": found.converged, "why": found.why,
        "parameters": found.parameters if found.converged else None,
        "log_likelihood": found.log_likelihood if found.converged else None,
        "stopped_at": None if found.converged else found.parameters,
        "steps": found.steps, "units": {"time": "week", "money": "yuan"}, "predict_days": fitted.days,
    }  # fmt: skip
    if not ids:
        return answer
    async with database.read(merchant_id) as tx:
        outside = await members.outside_ids(tx, fitted.known.member.tolist() if fitted.scores else [])
    return answer | {"scores": _lines(fitted, outside)}


def _lines(fitted: Fitted, outside: dict[int, list[str]]) -> list[dict[str, Any]]:
    known = fitted.known
    columns = {
        "member_id": known.member, "repeats": known.repeats.astype(int), "last_weeks": known.last, "age_weeks": known.age,
        **fitted.scores,
    }  # fmt: skip
    lists = {name: column.tolist() for name, column in columns.items()}
    rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)] if fitted.scores else []
    lines = [{"id": next(iter(outside.get(row["member_id"], ())), None)} | row for row in rows]
    return sorted(lines, key=lambda row: (row["id"] is None, row["id"] or "", row["member_id"]))
