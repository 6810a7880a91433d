"""Purchase days of all members, as the models see them, counted in the mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from shuke.ground import mirror, tenancy
from shuke.insight.profiles.policy.histories import Purchases, of_days

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import date, datetime

    from shuke.ground.mirror import Mirror, Moment
    from shuke.kit.db import Tx

SLICE = 500_000  # member numbers asked for at once
NAMED = 5_000  # members named in one question
FEN = 100.0


async def moment_of(tx: Tx, until: datetime) -> Moment:
    """The merchant of the transaction at an instant."""
    merchant = await tenancy.get_merchant(tx)
    return await mirror.moment(tx, merchant.merchant_id, until, merchant.zone, merchant.day_start_minutes)


def known(moment: Moment) -> str:
    """The condition for rows that count: of this merchant's members, in effect by the moment."""
    by_then = "" if moment.complete else f" AND effective_at <= {moment.instant_sql}"
    return f"merchant = {moment.merchant_id} AND member != 0{by_then}"


def gone(moment: Moment) -> str:
    """The question for members that were merged into others: their rows count for the heir."""
    members = f"SELECT member FROM members WHERE merchant = {moment.merchant_id}"
    return f"{members} GROUP BY member HAVING argMax(gone, seq) = 1"


async def slices(opened: Mirror, moment: Moment, members: Sequence[int] | None = None) -> AsyncIterator[str]:
    """Conditions that cut all members, or these, into pieces of bounded size."""
    if members is not None:
        for first in range(0, len(members), NAMED):
            yield f"member IN ({', '.join(str(int(one)) for one in members[first : first + NAMED])})"
        return
    [(highest,)] = await mirror.rows(opened, f"SELECT max(member) FROM members WHERE merchant = {moment.merchant_id}")
    for first in range(0, highest + 1, SLICE):
        yield f"member >= {first} AND member < {first + SLICE}"


async def span(opened: Mirror, moment: Moment) -> int:
    """Days from the first purchase to the moment; 0 without any."""
    [(count, first)] = await mirror.rows(
        opened, f"SELECT count(), min(day) FROM orders WHERE {known(moment)} AND sign = 1"
    )
    return (moment.day - first).days if count else 0


async def purchases(
    opened: Mirror, moment: Moment, until: date, period: int, members: Sequence[int] | None = None
) -> Purchases:
    """What all members, or these, bought up to the business date `until`, and in the `period` days before and after it."""
    parts = [
        await mirror.table(opened, _sql(moment, piece, until, period))
        async for piece in slices(opened, moment, members)
    ]
    if not parts:
        return _read(pa.table({name: pa.array([], pa.float64()) for name in _COLUMNS}), until)
    return _read(pa.concat_tables(parts), until)


_COLUMNS = ("member", "days", "first", "last", "known", "opening", "before", "before_fen", "after", "after_fen")


def _sql(moment: Moment, piece: str, until: date, period: int) -> str:
    day = f"toDate('{until.isoformat()}')"
    by_day = (
        f"SELECT member, day, sum(sign * amount_fen) AS fen FROM orders WHERE {known(moment)} AND {piece} "
        "GROUP BY member, day HAVING sum(sign) > 0"
    )
    before, after = f"day <= {day} AND day > {day} - {period}", f"day > {day} AND day <= {day} + {period}"
    return (
        f"SELECT member, countIf(day <= {day}) AS days, toInt32(min(day)) AS first, toInt32(maxIf(day, day <= {day})) AS last, "
        f"sumIf(fen, day <= {day}) AS known, argMin(fen, day) AS opening, "
        f"countIf({before}) AS before, sumIf(fen, {before}) AS before_fen, "
        f"countIf({after}) AS after, sumIf(fen, {after}) AS after_fen "
        f"FROM ({by_day}) WHERE member NOT IN ({gone(moment)}) GROUP BY member HAVING days > 0 ORDER BY member"
    )


def _read(found: pa.Table, until: date) -> Purchases:
    columns = {name: found.column(name).to_numpy().astype(float) for name in _COLUMNS}
    repeats = np.maximum(columns["days"] - 1, 1)
    value = (columns["known"] - columns["opening"]) / repeats / FEN
    # Days are counted from 1970-01-01 in the mirror.
    today = until.toordinal() - 719_163
    known_ = of_days(
        columns["member"].astype(np.int64), columns["days"], columns["first"], columns["last"], today, value
    )
    return Purchases(
        known_, columns["known"], columns["before"], columns["before_fen"], columns["after"], columns["after_fen"]
    )


async def changed(opened: Mirror, moment: Moment, seq: int) -> list[int]:
    """Who did anything, or had it put right, since an announcement."""
    asked = " UNION DISTINCT ".join(
        f"SELECT DISTINCT member FROM {table} WHERE merchant = {moment.merchant_id} AND member != 0 AND applied > {int(seq)}"
        for table in ("orders", "order_lines", "events", "members")
    )
    return sorted(member for (member,) in await mirror.rows(opened, asked))
