"""What is told of a model: on which history, how well it did on held-out time, and why it may or may not score."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import numpy as np

from shuke.insight.profiles.policy.fitting import Fit, Words
from shuke.insight.profiles.policy.judging import Judgement


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One model's card. `holdout_days`: the length of the held-out time, which is also that of the baseline's last period.

    `kept` is all that is needed to score a member later without fitting again.
    """

    model: str
    name: Words
    scoring: bool
    members: int
    first_day: date | None = None
    until: date
    holdout_days: int = 0
    predict_days: int = 0
    parameters: dict[str, float] = {}
    log_likelihood: float | None = None
    judgement: Judgement | None = None
    unit: Words | None = None
    baseline: Words | None = None
    why: Words | None = None
    more: dict[str, Any] = {}
    kept: dict[str, Any] = {}


class Said(msgspec.Struct, frozen=True):
    """What a model says of members: score and evidence columns by name, a place for each member."""

    member: np.ndarray
    scores: dict[str, list[Any]] = {}
    evidence: dict[str, list[Any]] = {}


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """What a model learnt, how it did, and what it keeps of it; `why` it may not score."""

    fit: Fit
    judgement: Judgement | None
    kept: dict[str, Any]
    why: Words | None


class Trained(msgspec.Struct, frozen=True):
    """A card, and what the model says of members: of nobody where it was refused."""

    card: Card
    said: Said


SILENT = Said(np.array([], np.int64))
SHORT = Words(
    "历史太短：至少要 8 周才能留出一段时间检验。", "The history is too short: eight weeks are needed to hold some out."
)
WORSE = Words(
    "在留出的时间里，它的误差和排序没有都胜过“和上一期一样”，所以不给评分。",
    'On held-out time it is not better than "the same as last period" in error and order, so it gives no scores.',
)
ALIKE = Words(
    "留出的时间里，每位会员的结果都一样，看不出它排得准不准，所以不给评分。",
    "On held-out time the same happened to everybody, so its order cannot be judged; it gives no scores.",
)


def verdict(fit: Fit, judgement: Judgement | None) -> Words | None:
    """Why a model may not score; None when it may."""
    if not fit.converged:
        return fit.why
    if judgement is not None and judgement.alike:
        return ALIKE
    return None if judgement is not None and judgement.better else WORSE
