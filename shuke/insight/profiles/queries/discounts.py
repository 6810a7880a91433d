"""Orders with and without a discount, and how deep the discounts were, of all members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from shuke.ground import mirror
from shuke.insight.profiles.queries.purchases import gone, known, slices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from shuke.ground.mirror import Mirror, Moment

_COLUMNS = (
    "member", "orders", "discounted", "deep", "before", "before_discounted", "before_deep", "after", "after_discounted",
    "after_deep", "deep_squares",
)  # fmt: skip
_DEPTH = "discount / greatest(list_, discount)"


async def discounts(
    opened: Mirror, moment: Moment, until: date, period: int, members: Sequence[int] | None = None
) -> dict[str, np.ndarray]:
    """By member: orders up to a day, those with a discount and the sum of their depths (the share of the list price that was
    saved), all three also in the `period` days before it and after it; and the sum of squares of the depths."""
    day = f"toDate('{until.isoformat()}')"
    before, after = f"day <= {day} AND day > {day} - {period}", f"day > {day} AND day <= {day} + {period}"
    counted = ", ".join(
        f"countIf({when}) AS {name}, countIf({when} AND discount > 0) AS {second}, "
        f"sumIf({_DEPTH}, {when} AND discount > 0) AS {third}"
        for when, name, second, third in (
            (f"day <= {day}", "orders", "discounted", "deep"),
            (before, "before", "before_discounted", "before_deep"),
            (after, "after", "after_discounted", "after_deep"),
        )
    )
    counted += f", sumIf(pow({_DEPTH}, 2), day <= {day} AND discount > 0) AS deep_squares"
    parts = []
    async for piece in slices(opened, moment, members):
        orders = (
            f"SELECT member, any(day) AS day, sum(sign * discount_fen) AS discount, "
            f"sum(sign * list_fen) AS list_ FROM orders WHERE {known(moment)} AND {piece} "
            "GROUP BY member, order_id HAVING sum(sign) > 0"
        )
        parts.append(
            await mirror.table(
                opened,
                f"SELECT member, {counted} FROM ({orders}) WHERE member NOT IN ({gone(moment)}) "
                "GROUP BY member HAVING orders > 0 ORDER BY member",
            )
        )
    table = pa.concat_tables(parts) if parts else pa.table({name: pa.array([], pa.int64()) for name in _COLUMNS})
    return {name: table.column(name).to_numpy().astype(float if "deep" in name else np.int64) for name in _COLUMNS}
