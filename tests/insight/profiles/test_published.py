"""What was published of known data comes out of our own models, to the published digits."""

from collections import Counter
from datetime import date

import numpy as np
import pytest

from shuke.insight.profiles.policy.fitting import Fit
from shuke.insight.profiles.policy.histories import Histories, history
from shuke.insight.profiles.scorers import bgnbd, gamma_gamma, pareto_nbd, rfm
from tests.insight.profiles import samples

CALIBRATED = date(1997, 9, 30)


@pytest.fixture(scope="module")
def cdnow() -> Histories:
    """The sample of 2,357 customers, 39 weeks."""
    return samples.histories(samples.purchases(samples.lines("cdnow/cdnow_sample.csv.gz"), "sample_id"), CALIBRATED)


def parameters(fit: Fit) -> np.ndarray:
    return np.array([*fit.parameters.values()])


def rounded(fit: Fit, digits: int) -> list[float]:
    return [round(value, digits) for value in fit.parameters.values()]


def test_bgnbd_on_cdnow(cdnow: Histories) -> None:
    fit = bgnbd.fit(cdnow)
    assert len(cdnow) == fit.members == 2357
    assert fit.converged and fit.why is None
    assert rounded(fit, 4) == [0.2426, 4.4136, 0.7929, 2.4259]
    assert round(fit.log_likelihood, 2) == -9582.43
    one = history([1], [2], [30.43], [38.86])
    assert round(float(bgnbd.expected(parameters(fit), one, 39)[0]), 3) == 1.226


def test_pareto_nbd_on_cdnow(cdnow: Histories) -> None:
    fit = pareto_nbd.fit(cdnow)
    assert fit.converged
    assert rounded(fit, 3) == [0.553, 10.578, 0.606, 11.669]
    assert round(fit.log_likelihood, 2) == -9594.98


def test_gamma_gamma_on_cdnow(cdnow: Histories) -> None:
    fit = gamma_gamma.fit(cdnow)
    assert fit.converged and fit.members == 946
    assert rounded(fit, 2) == [6.25, 3.74, 15.44]


def test_the_whole_of_cdnow() -> None:
    bought = samples.purchases(samples.lines("cdnow/cdnow_master.csv.gz"), "customer_id")
    assert len(bought) == 23570
    assert round(sum(sum(days.values()) for days in bought.values()), 2) == 2_500_315.63


PUBLISHED = {  # members, and where they were published orders and revenue
    "champions": (35, 316, 31646), "potential_loyalist": (342, 2211, 204856), "loyal": (170, 799, 76562),
    "lost": (148, 393, 35324), "about_to_sleep": (102,), "new": (104,), "cant_lose": (47,), "at_risk": (28,),
    "need_attention": (10,), "promising": (9,),
}  # fmt: skip


def test_the_table_of_rfm_segments() -> None:
    orders: dict[str, list[tuple[date, int]]] = {}
    for row in samples.lines("rfm/rfm_data_orders.csv.gz"):
        orders.setdefault(row["customer_id"], []).append((date.fromisoformat(row["order_date"]), int(row["revenue"])))
    last = np.array([(date(2006, 12, 31) - max(day for day, _ in bought)).days for bought in orders.values()])
    counts = np.array([len(bought) for bought in orders.values()])
    money = np.array([sum(amount for _, amount in bought) for bought in orders.values()])
    cells = rfm.eleven(rfm.mark(last, less_is_better=True), rfm.mark(counts), rfm.mark(money))
    codes = [(*rfm.ELEVEN, rfm.OTHER)[place].code for place in cells]
    found = Counter(codes)
    assert sum(found.values()) == 995
    assert {code: found[code] for code in PUBLISHED} == {code: row[0] for code, row in PUBLISHED.items()}
    for code, row in PUBLISHED.items():
        chosen = np.array([one == code for one in codes])
        assert (int(counts[chosen].sum()), int(money[chosen].sum())) == row[1:] or len(row) == 1
