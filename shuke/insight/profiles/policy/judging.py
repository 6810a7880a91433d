"""Is a prediction any good? Held against what happened, and against the simplest guess: the same as last period."""

from __future__ import annotations

import msgspec
import numpy as np

MOST_ROWS = 10


class Calibration(msgspec.Struct, frozen=True):
    """Members with like predictions: how many, what was predicted for them on average, and what happened."""

    members: int
    predicted: float
    actual: float


class Judgement(msgspec.Struct, frozen=True):
    """How far off on members held out, in root mean squares, against the baseline; and the calibration table."""

    members: int
    error: float
    baseline_error: float
    predicted_total: float
    actual_total: float
    table: list[Calibration]

    @property
    def better(self) -> bool:
        """Whether the prediction beats the baseline."""
        return self.members > 0 and self.error < self.baseline_error


def judge(predicted: np.ndarray, actual: np.ndarray, baseline: np.ndarray) -> Judgement:
    """Root mean squared errors, totals, and up to ten groups of like predictions; equal predictions stay together."""
    return Judgement(
        len(actual), _error(predicted, actual), _error(baseline, actual), float(predicted.sum()), float(actual.sum()),
        calibration(predicted, actual),
    )  # fmt: skip


def _error(predicted: np.ndarray, actual: np.ndarray) -> float:
    return float(np.sqrt(np.mean((predicted - actual) ** 2))) if len(actual) else 0.0


def calibration(predicted: np.ndarray, actual: np.ndarray) -> list[Calibration]:
    """Groups of about equal size, from the lowest prediction to the highest."""
    if not len(predicted):
        return []
    limits = np.unique(np.quantile(predicted, np.arange(1, MOST_ROWS) / MOST_ROWS))
    group = np.searchsorted(limits, predicted, side="left")
    counts = np.bincount(group)
    means = [np.bincount(group, weights=values) / np.maximum(counts, 1) for values in (predicted, actual)]
    rows = zip(counts.tolist(), *(column.tolist() for column in means), strict=True)
    return [Calibration(*row) for row in rows if row[0]]
