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
    """How far off on members held out, in root mean squares, against the baseline; and the calibration table.

    Where something happens or not: `auc`, how often one to whom it happened was rated above one to whom it did not,
    and `chance_auc`, what drawing lots would hardly exceed.
    """

    members: int
    error: float
    baseline_error: float
    predicted_total: float
    actual_total: float
    table: list[Calibration]
    auc: float | None = None
    baseline_auc: float | None = None
    chance_auc: float | None = None
    alike: bool = False  # it happened to everybody held out, or to nobody: no order can be judged

    @property
    def better(self) -> bool:
        """Whether the prediction beats the baseline, in its error and, where there is one, in its order."""
        ordered = self.auc is None or self.auc > max(self.baseline_auc or 0.0, self.chance_auc or 0.0)
        return self.members > 0 and not self.alike and self.error < self.baseline_error and ordered


def judge(predicted: np.ndarray, actual: np.ndarray, baseline: np.ndarray) -> Judgement:
    """Root mean squared errors, totals, and up to ten groups of like predictions; equal predictions stay together."""
    return Judgement(
        len(actual), _error(predicted, actual), _error(baseline, actual), float(predicted.sum()), float(actual.sum()),
        calibration(predicted, actual),
    )  # fmt: skip


def judge_chances(chance: np.ndarray, happened: np.ndarray, baseline: np.ndarray) -> Judgement:
    """Chances of yes or no: errors as roots of the Brier score (G. W. Brier, 1950), with the areas under both curves."""
    plain = judge(chance, happened.astype(float), baseline.astype(float))
    yes = int(np.sum(happened))
    pairs = yes * (len(happened) - yes)
    lots = (
        0.5 + 2 * float(np.sqrt((len(happened) + 1) / (12 * pairs))) if pairs else None
    )  # two standard errors of the rank sum
    found, before = auc(chance, happened), auc(baseline, happened)
    return msgspec.structs.replace(plain, auc=found, baseline_auc=before, chance_auc=lots, alike=not pairs)


def auc(rated: np.ndarray, happened: np.ndarray) -> float | None:
    """The area under the curve as the rank sum says it, ties in the middle (J. A. Hanley, B. J. McNeil, 1982); None of one kind."""
    yes = np.asarray(happened, bool)
    count = int(yes.sum())
    if not 0 < count < len(yes):
        return None
    _, place, counts = np.unique(rated, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return float((ranks[place[yes]].sum() - count * (count + 1) / 2) / (count * (len(yes) - count)))


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
