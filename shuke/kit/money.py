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
    parts, remainders, missing = [], [], abs(total)
    for weight in weights:
        part, remainder = divmod(abs(total) * weight, weight_sum)
        parts.append(part)
        remainders.append(remainder)
        missing -= part
    if missing == 1:  # always so for two parts
        parts[remainders.index(max(remainders))] += 1
    elif missing:
        largest_first = sorted(range(len(parts)), key=remainders.__getitem__, reverse=True)  # stable in reverse too
        for index in largest_first[:missing]:
            parts[index] += 1
    return parts if sign == 1 else [-part for part in parts]
