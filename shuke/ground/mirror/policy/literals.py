"""Literals as the columnar engine writes them."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal


def quote(text: str) -> str:
    """A string literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def instant_literal(instant: datetime) -> str:
    """An instant, to the microsecond."""
    return f"toDateTime64('{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}', 6, 'UTC')"


def decimal_literal(number: Decimal) -> str:
    """A number with up to nine decimals, exact."""
    return f"toDecimal128('{number:f}', 9)"
