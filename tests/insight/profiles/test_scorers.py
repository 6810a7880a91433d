"""The models keep their laws where no table was published: bounds, limits, frequent buyers, and data they do not fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from shuke.insight.profiles.policy.histories import Histories, Purchases, history
from shuke.insight.profiles.scorers import BUYING, bgnbd, gamma_gamma, pareto_nbd, repurchase

positive = st.floats(0.05, 20)
four = st.tuples(positive, positive, positive, positive).map(np.array)
buying = pytest.mark.parametrize("model", BUYING.values(), ids=BUYING)


@st.composite
def members(draw: st.DrawFn) -> Histories:
    rows = draw(st.lists(st.tuples(st.integers(0, 300), st.floats(0.01, 1), st.floats(1, 500)), min_size=1, max_size=5))
    repeats = [row[0] for row in rows]
    age = [row[2] for row in rows]
    last = [row[1] * row[2] if row[0] else 0.0 for row in rows]
    return history(list(range(len(rows))), repeats, last, age)


@buying
@settings(deadline=None)
@given(parameters=four, known=members(), weeks=st.floats(0.5, 100))
def test_scores_are_finite_and_within_their_bounds(model, parameters, known, weeks) -> None:
    assert np.isfinite(model.log_likelihood(parameters, known)).all()
    alive = model.p_alive(parameters, known)
    assert ((alive >= 0) & (alive <= 1)).all()
    soon, later = model.expected(parameters, known, weeks), model.expected(parameters, known, 2 * weeks)
    assert np.isfinite(soon).all() and (soon >= -1e-9).all() and (later >= soon - 1e-6).all()


@buying
def test_who_bought_lately_is_more_likely_to_come_back(model) -> None:
    parameters = np.array([0.5, 5.0, 0.8, 2.5])
    known = history([1, 2], [4, 4], [10, 38], [39, 39])
    long_ago, lately = model.p_alive(parameters, known)
    assert long_ago < lately
    few, many = model.expected(parameters, known, 10)
    assert few < many


def test_the_expectation_is_the_integral_over_the_rates() -> None:
    """Equation 10 of the paper against its definition: buy at rate λ, leave with p, both weighed by the history."""
    parameters = r, alpha, a, b = np.array([0.8, 6.0, 1.7, 3.0])
    x, last, age, weeks = 3, 20.0, 30.0, 26.0

    def weight(rate: float, leave: float) -> float:
        stays = (1 - leave) ** x * np.exp(-rate * age)
        return rate ** (r + x - 1) * np.exp(-rate * alpha) * leave ** (a - 1) * (1 - leave) ** (b - 1) * stays

    def left(rate: float, leave: float) -> float:
        gone = leave * (1 - leave) ** (x - 1) * np.exp(-rate * last)
        return rate ** (r + x - 1) * np.exp(-rate * alpha) * leave ** (a - 1) * (1 - leave) ** (b - 1) * gone

    def coming(rate: float, leave: float) -> float:
        return weight(rate, leave) * (1 - np.exp(-rate * leave * weeks)) / leave

    def whole(of) -> float:
        return integrate.dblquad(lambda leave, rate: of(rate, leave), 0, 8, 1e-9, 1 - 1e-9)[0]

    total = whole(weight) + whole(left)
    known = history([1], [x], [last], [age])
    assert bgnbd.p_alive(parameters, known)[0] == pytest.approx(whole(weight) / total, rel=1e-4)
    assert bgnbd.expected(parameters, known, weeks)[0] == pytest.approx(whole(coming) / total, rel=1e-4)


@buying
def test_the_pole_of_the_formula_is_no_pole_of_the_answer(model) -> None:
    known = history([1, 2], [0, 7], [0, 30], [39, 39])
    near = [model.expected(np.array([0.5, 5.0, third, 2.5]), known, 10) for third in (0.9999, 1.0, 1.0001)]
    np.testing.assert_allclose(near[0], near[1], rtol=1e-3)
    np.testing.assert_allclose(near[2], near[1], rtol=1e-3)


@buying
def test_a_daily_guest_of_ten_years_does_not_overflow(model) -> None:
    known = history([1], [3650], [521.0], [521.4])
    parameters = np.array([0.5, 5.0, 0.8, 2.5])
    assert model.p_alive(parameters, known)[0] > 0.9
    assert 6 < model.expected(parameters, known, 1)[0] < 7.1


def test_scales_so_large_that_the_series_fails() -> None:
    """Everybody leaves with the same probability a / (a + b) = 0.1; against the same with smaller a and b."""
    known = history([1, 2], [3, 6], [20, 30], [30, 39])
    flat, flatter = (bgnbd.expected(np.array([0.8, 6.0, a, 9 * a]), known, 20) for a in (60.0, 6000.0))
    assert np.isfinite(flatter).all()
    np.testing.assert_allclose(flat, flatter, rtol=0.05)


@buying
def test_members_who_never_came_back_determine_nothing(model) -> None:
    once = history(list(range(500)), [0] * 500, [0] * 500, [20 + n % 30 for n in range(500)])
    fit = model.fit(once)
    assert not fit.converged
    assert fit.why is not None and fit.why.zh and fit.why.en
    assert not model.fit(history([], [], [], [])).converged


def test_parameters_that_made_the_members_are_found_again() -> None:
    draw = np.random.default_rng(8)
    known = simulated(draw, 6000, (0.6, 8.0, 0.9, 3.0))
    fit = bgnbd.fit(known)
    assert fit.converged
    np.testing.assert_allclose([*fit.parameters.values()], [0.6, 8.0, 0.9, 3.0], rtol=0.25)


def simulated(draw: np.random.Generator, count: int, parameters: tuple[float, ...]) -> Histories:
    r, alpha, a, b = parameters
    repeats, last = np.zeros(count), np.zeros(count)
    rate, leave = draw.gamma(r, 1 / alpha, count), draw.beta(a, b, count)
    age = np.rint(draw.uniform(26, 78, count) * 7) / 7
    now, there = np.zeros(count), np.ones(count, bool)
    while there.any():
        now = now + draw.exponential(1 / rate)
        there &= now < age
        repeats[there] += 1
        last[there] = np.rint(now[there] * 7) / 7
        there &= draw.uniform(size=count) > leave
    return Histories(np.arange(count), repeats, last, age, np.zeros(count))


def test_little_known_value_is_drawn_to_the_shops_mean() -> None:
    parameters = np.array([6.25, 3.74, 15.44])
    known = history([1, 2, 3], [0, 1, 50], [0, 1, 1], [10, 10, 10])
    known = Histories(known.member, known.repeats, known.last, known.age, np.array([0.0, 100.0, 100.0]))
    none, one, many = gamma_gamma.expected_value(parameters, known)
    shop = 6.25 * 15.44 / 2.74
    assert none == pytest.approx(shop)
    assert shop < one < many < 100
    assert many == pytest.approx(100, rel=0.02)


def test_the_unit_of_money_changes_nothing_else() -> None:
    draw = np.random.default_rng(3)
    amounts = draw.gamma(6, 1 / draw.gamma(4, 1 / 15, 800))
    yuan = Histories(*(np.ones(800) for _ in range(4)), amounts)
    fen = Histories(*(np.ones(800) for _ in range(4)), amounts * 100)
    one, other = gamma_gamma.fit(yuan), gamma_gamma.fit(fen)
    assert one.parameters["p"] == pytest.approx(other.parameters["p"], rel=1e-3)
    assert one.parameters["gamma"] * 100 == pytest.approx(other.parameters["gamma"], rel=1e-2)


def test_the_larger_scale_may_be_either() -> None:
    """α > β and α < β take different forms of the series; they meet at α = β."""
    known = history([1, 2], [0, 5], [0, 12], [30, 30])
    near = [pareto_nbd.log_likelihood(np.array([0.6, alpha, 0.7, 10.0]), known) for alpha in (9.9999, 10.0, 10.0001)]
    np.testing.assert_allclose(near[0], near[2], rtol=1e-4)
    np.testing.assert_allclose(near[0], near[1], rtol=1e-4)


@pytest.mark.parametrize(
    "parameters", [(2, 30, 20, 1000), (0.3, 3, 1e4, 1e5), (300, 30, 500, 1500), (0.55, 10.6, 0.6, 11.7)], ids=str
)
def test_pareto_nbd_stands_where_its_series_do_not(parameters: tuple[float, ...]) -> None:
    """Daily guests, and members who are all alike: against the probability of having left, integrated over when."""
    r, alpha, s, beta = (float(one) for one in parameters)
    rows = [(0, 0, 39), (1, 1 / 7, 1 / 7), (2, 30.43, 38.86), (400, 60, 60), (400, 58, 60), (3650, 521, 524)]
    known = history([*range(len(rows))], *([float(row[n]) for row in rows] for n in range(3)))
    likely, alive = (
        pareto_nbd.log_likelihood(np.array(parameters), known),
        pareto_nbd.p_alive(np.array(parameters), known),
    )
    for place, (x, last, age) in enumerate(rows):
        # Everything over its value at the last purchase, so that nothing overflows.
        still = np.exp((r + x) * np.log((alpha + last) / (alpha + age)) + s * np.log((beta + last) / (beta + age)))
        left = integrate.quad(
            lambda y, x=x, last=last: s / (beta + y) * np.exp(
                (r + x) * np.log((alpha + last) / (alpha + y)) + s * np.log((beta + last) / (beta + y))
            ), last, age, epsabs=1e-12, limit=500,
        )[0]  # fmt: skip
        assert alive[place] == pytest.approx(still / (still + left), rel=1e-6, abs=1e-9)
        scale = sum(np.log((r + np.arange(x)) / (alpha + last))) + r * np.log(alpha / (alpha + last))
        expected = scale + s * np.log(beta / (beta + last)) + np.log(still + left)
        assert likely[place] == pytest.approx(expected, rel=1e-6, abs=1e-6)


@buying
def test_of_one_visit_nothing_is_said_that_the_model_assumes(model) -> None:
    """In BG/NBD nobody leaves before a second purchase: that is no finding of who came once, a year ago."""
    known = history([1, 2], [0, 3], [0, 20], [52, 30])
    whole = Purchases(known, *(np.zeros(2) for _ in range(5)))
    kept = {"model": model.CODE, "parameters": [0.5, 5.0, 0.8, 2.5], "days": 90, "value": [], "until": "2026-03-02"}
    said = repurchase.say(kept, whole)
    once, often = said.scores["p_alive"]
    assert (once is None) == (model is bgnbd) and 0 < often < 1 and said.scores["purchases"][1] > 0
    scores, evidence = (
        [{name: column[place] for name, column in columns.items() if column[place] is not None} for place in (0, 1)]
        for columns in (said.scores, said.evidence)
    )
    first, second = (repurchase.reason(*one) for one in zip(scores, evidence, strict=True))
    assert ("看不出是不是已经走了" in first.zh and "does not tell" in first.en) == (model is bgnbd)
    assert "仍是顾客的可能性" in second.zh and "likely to be a customer still" in second.en
