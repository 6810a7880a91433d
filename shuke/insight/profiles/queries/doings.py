"""What members do in company (share, comment, review, invite), beside everything they do, counted in the mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from shuke.ground import mirror
from shuke.insight.profiles.policy.features import HALF_LIFE_DAYS
from shuke.insight.profiles.queries.purchases import gone, known, slices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from shuke.ground.mirror import Mirror, Moment

SOCIAL = ("share", "comment", "review", "invite")
ALONE = (
    "view", "search", "add_to_cart", "video_watched", "article_read", "check_in", "survey", "follow", "booking", "redeem", "order",
)  # fmt: skip
WINDOW = 365  # days of doings a member is judged by
_COLUMNS = ("member", "days", "acts", "doings", "before", "after", "shares", "reviews", "invites", "lately")


async def doings(
    opened: Mirror, moment: Moment, until: date, period: int, members: Sequence[int] | None = None
) -> dict[str, np.ndarray]:
    """By member who did anything up to a day: for how many of the last 365 days they are known, all doings of these and those
    in company, by kind; `lately` the latter fading by half in 90 days; and those of the `period` days before the day and after."""
    parts = [
        await mirror.table(opened, _sql(moment, piece, until, period))
        async for piece in slices(opened, moment, members)
    ]
    table = pa.concat_tables(parts) if parts else pa.table({name: pa.array([], pa.int64()) for name in _COLUMNS})
    found = {name: table.column(name).to_numpy() for name in _COLUMNS}
    return {name: column.astype(float if name == "lately" else np.int64) for name, column in found.items()}


def _sql(moment: Moment, piece: str, until: date, period: int) -> str:
    day = f"toDate('{until.isoformat()}')"
    by_then = "" if moment.complete else f" AND at <= {moment.instant_sql}"
    back = f"SELECT row_id FROM orders WHERE {known(moment)} AND {piece} AND sign = -1"
    rows = (
        f"SELECT member, toString(kind) AS kind, day FROM events WHERE merchant = {moment.merchant_id} AND member != 0 "
        f"AND kind IN {(*SOCIAL, *ALONE)}{by_then} AND {piece} UNION ALL "
        f"SELECT member, 'order' AS kind, day FROM orders WHERE {known(moment)} AND sign = 1 AND {piece} "
        f"AND row_id NOT IN ({back})"
    )
    lately, social = f"day <= {day} AND day > {day} - {WINDOW}", f"kind IN {SOCIAL}"
    return (
        f"SELECT member, least({WINDOW}, dateDiff('day', min(day), {day}) + 1) AS days, countIf({lately} AND {social}) AS acts, "
        f"countIf({lately}) AS doings, countIf({social} AND day <= {day} AND day > {day} - {period}) AS before, "
        f"countIf({social} AND day > {day} AND day <= {day} + {period}) AS after, "
        f"countIf({lately} AND kind = 'share') AS shares, countIf({lately} AND kind IN ('comment', 'review')) AS reviews, "
        f"countIf({lately} AND kind = 'invite') AS invites, "
        f"sumIf(exp2(-dateDiff('day', day, {day}) / {HALF_LIFE_DAYS}), {lately} AND {social}) AS lately FROM ({rows}) "
        f"WHERE member NOT IN ({gone(moment)}) GROUP BY member HAVING min(day) <= {day} ORDER BY member"
    )
