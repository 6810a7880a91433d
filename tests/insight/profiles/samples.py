"""Published data sets, found through SHUKE_SAMPLES; without it the tests that need them are left out."""

import csv
import gzip
import os
from collections import defaultdict
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from shuke.insight.profiles.policy.histories import Histories, of_days


def lines(name: str) -> list[dict[str, str]]:
    """The rows of one file; skips where the setting is unset, fails where it is set and the file is missing."""
    folder = os.environ.get("SHUKE_SAMPLES")
    if not folder:
        pytest.skip("SHUKE_SAMPLES is not set: the published data are not here")
    path = Path(folder) / name
    assert path.is_file(), f"SHUKE_SAMPLES is set, but {name} is not in it"
    with gzip.open(path, "rt", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def purchases(rows: list[dict[str, str]], who: str) -> dict[str, dict[date, float]]:
    """Amount by day of each customer."""
    found: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    for row in rows:
        found[row[who]][date.fromisoformat(row["date"])] += float(row.get("spend") or row.get("dollar_value") or 0)
    return found


def histories(days: dict[str, dict[date, float]], until: date) -> Histories:
    """The histories up to the end of a day."""
    member, count, first, last, value = [], [], [], [], []
    for number, bought in enumerate(days.values()):
        seen = sorted(day for day in bought if day <= until)
        if not seen:
            continue
        repeats = [bought[day] for day in seen[1:]]
        member.append(number)
        count.append(len(seen))
        first.append(seen[0].toordinal())
        last.append(seen[-1].toordinal())
        value.append(sum(repeats) / len(repeats) if repeats else 0.0)
    columns = (np.array(column, float) for column in (count, first, last))
    days_, first_, last_ = columns
    return of_days(np.array(member), days_, first_, last_, until.toordinal(), np.array(value))
