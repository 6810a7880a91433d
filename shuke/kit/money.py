"""Integer money and points: parsing, rational rates, named rounding, exact splitting."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Literal

Rounding = Literal["floor", "ceil", "half_even"]


def fen_from_yuan(text: str) -> int:
    """Exact fen of a yuan amount written in decimals; raises `ValueError` beyond two decimals or for no number."""
    try:
        amount = Decimal(text.strip().replace(",", ""))
        fen = amount * 100
        whole = int(fen)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise ValueError(f"'{text}' is not an amount of money") from error
    if whole != fen:
        raise ValueError(f"'{text}' has more than two decimals")
    return whole


def yuan(fen: int) -> str:
    """Fen as people read it: ¥1,234.50."""
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def scale(amount: int, numerator: int, denominator: int, rounding: Rounding = "floor") -> int:
    """amount × numerator ÷ denominator in whole units, rounded once by the named mode; no floats."""
    assert denominator > 0
    product = amount * numerator
    if rounding == "floor":
        return product // denominator
    if rounding == "ceil":
        return -((-product) // denominator)
    return int((Decimal(product) / Decimal(denominator)).to_integral_value(ROUND_HALF_EVEN))


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Divide `total` over the weights by largest remainder; the parts sum to it exactly (ties: the earlier part)."""
    weight_sum = sum(weights)
    if weight_sum == 0:
        return [total if index == 0 else 0 for index in range(len(weights))]
    sign = -1 if total < 0 else 1
    size = abs(total)
    parts = [size * weight // weight_sum for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(size * weights[i] % weight_sum), i))
    for index in by_remainder[: size - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]
