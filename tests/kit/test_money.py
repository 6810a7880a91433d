"""Money and points: integers, rational rates, named rounding, exact splits."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.kit import money

amounts = st.integers(-(10**15), 10**15)
rates = st.integers(-(10**6), 10**6)
denominators = st.integers(1, 10**6)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("12.34", 1234),
        ("0", 0),
        ("-0.01", -1),
        (" 1,234.5 ", 123450),
        ("1e2", 10000),
        ("0.10", 10),
        ("007", 700),
    ],
)
def test_yuan_become_fen(text: str, fen: int) -> None:
    assert money.fen_from_yuan(text) == fen


@pytest.mark.parametrize("text", ["", "abc", "1.234", "NaN", "Infinity", "1 2", "¥5", "0.001", "--1"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        money.fen_from_yuan(text)


@given(amounts)
def test_fen_survive_being_written(fen: int) -> None:
    written = f"{Decimal(fen) / 100:.2f}"
    assert money.fen_from_yuan(written) == fen
    assert money.fen_from_yuan(money.yuan(fen).replace("¥", "")) == fen


@pytest.mark.parametrize(
    ("fen", "text"), [(123450, "¥1,234.50"), (0, "¥0.00"), (-5, "-¥0.05"), (100000000, "¥1,000,000.00")]
)
def test_fen_are_written_for_people(fen: int, text: str) -> None:
    assert money.yuan(fen) == text


@given(amounts, rates, denominators)
def test_floor_and_ceil_hold_the_exact_value_between_them(amount: int, numerator: int, denominator: int) -> None:
    exact = Fraction(amount * numerator, denominator)
    low = money.scale(amount, numerator, denominator, "floor")
    high = money.scale(amount, numerator, denominator, "ceil")
    assert low <= exact <= high
    assert high - low == (0 if exact.denominator == 1 else 1)


@given(amounts, rates, denominators)
def test_half_even_is_the_nearest(amount: int, numerator: int, denominator: int) -> None:
    exact = Fraction(amount * numerator, denominator)
    assert money.scale(amount, numerator, denominator, "half_even") == round(exact)


@given(amounts, st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_a_split_sums_exactly_and_is_fair(total: int, weights: list[int]) -> None:
    parts = money.split(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)
    if sum(weights):
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part - Fraction(total * weight, sum(weights))) < 1
            assert weight or part == 0


@given(st.integers(0, 10**9), st.lists(st.integers(1, 1000), min_size=2, max_size=8))
def test_a_larger_weight_never_gets_less(total: int, weights: list[int]) -> None:
    parts = money.split(total, weights)
    for left, left_weight in zip(parts, weights, strict=True):
        for right, right_weight in zip(parts, weights, strict=True):
            assert left_weight < right_weight or left >= right - (left_weight == right_weight)


def test_ties_go_to_the_earlier_part() -> None:
    assert money.split(10, [1, 1, 1]) == [4, 3, 3]
    assert money.split(-10, [1, 1, 1]) == [-4, -3, -3]
    assert money.split(7, [0, 0]) == [7, 0]
