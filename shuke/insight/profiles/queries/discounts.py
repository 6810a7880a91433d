"""Orders with and without a discount, of all members."""

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
    "member", "orders", "discounted", "before", "before_discounted", "after", "after_discounted", "saved_fen", "saved_list_fen",
)  # fmt: skip


async def discounts(
    opened: Mirror, moment: Moment, until: date, period: int, members: Sequence[int] | None = None
) -> dict[str, np.ndarray]:
    """By member: orders up to a day and those with a discount, and both in the `period` days before it and after it."""
    day = f"toDate('{until.isoformat()}')"
    before, after = f"day <= {day} AND day > {day} - {period}", f"day > {day} AND day <= {day} + {period}"
    counted = ", ".join(
        f"countIf({when}) AS {name}, countIf({when} AND discount > 0) AS {second}"
        for when, name, second in (
            (f"day <= {day}", "orders", "discounted"),
            (before, "before", "before_discounted"),
            (after, "after", "after_discounted"),
        )
    )
    counted += (
        f", sumIf(discount, day <= {day} AND discount > 0) AS saved_fen"
        f", sumIf(list_, day <= {day} AND discount > 0) AS saved_list_fen"
    )
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
    return {name: table.column(name).to_numpy().astype(np.int64) for name in _COLUMNS}
