"""How a feature is spread over members: bars of equal width up to the 99th percentile, or the most frequent names."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shuke.insight.profiles.policy.features import Bar, Distribution, Feature

BARS = 12
NAMES = 8
_WHOLE = frozenset({"days", "times", "points", "hour", "weekday", "fen", "number"})


def spread(feature: Feature, column: pa.ChunkedArray) -> Distribution:
    """The distribution of one feature; the last bar holds all above the 99th percentile too."""
    if feature.is_text:
        return _of_names(feature, column)
    values = column.drop_null().to_numpy().astype(float)
    if not len(values):
        return Distribution(feature.code, 0, None, [])
    limits = _limits(values, whole=feature.unit in _WHOLE)
    counts, _ = np.histogram(np.clip(values, limits[0], limits[-1]), limits)
    ends = zip(counts.tolist(), limits[:-1].tolist(), limits[1:].tolist(), strict=True)
    bars = [Bar(count, start, end) for count, start, end in ends]
    return Distribution(feature.code, len(values), float(np.median(values)), bars)


def _limits(values: np.ndarray, *, whole: bool) -> np.ndarray:
    low, high = float(np.floor(values.min())), float(np.quantile(values, 0.99))
    if not whole:
        return np.linspace(low, max(high, low + 1e-6), BARS + 1)
    width = max(1.0, np.ceil((high - low + 1) / BARS))
    return low + width * np.arange(int((high - low) // width) + 2)


def _of_names(feature: Feature, column: pa.ChunkedArray) -> Distribution:
    named = column.filter(pc.not_equal(column, ""))
    counts = sorted(((row["counts"], row["values"]) for row in pc.value_counts(named).to_pylist()), reverse=True)
    bars = [Bar(count, name=name) for count, name in counts[:NAMES]]
    return Distribution(feature.code, len(named), None, bars)
