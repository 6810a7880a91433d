"""Who counts as a member at an instant: joined by then, else did something by then, else always."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shuke.ground.mirror import ALWAYS, instant_literal, quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyroaring import BitMap

    from shuke.ground.mirror import Moment, Registry


FLIPS = ("segment_entered", "segment_left")
"""What follows from belonging makes nobody belong: else who leaves as of an instant before their first event is back by it."""


def population_of(found: Sequence[BitMap]) -> BitMap:
    """The population from the bitmaps of `population_sql`."""
    return found[0] if len(found) == 2 else found[0] - (found[1] & found[2])


def population_sql(moment: Moment, registry: Registry, few: tuple[str, ...] = ()) -> str:
    """One row of bitmaps: joined by then, joining date unknown, and unless all is past, nothing done before the moment."""
    always = instant_literal(ALWAYS)
    mine = " AND ".join((f"merchant = {moment.merchant_id}", *few))
    members = (
        "SELECT member, argMax(joined_at, seq) AS joined, argMax(gone, seq) AS left "
        f"FROM members WHERE {mine} GROUP BY member"
    )
    joined = (
        f"SELECT groupBitmapStateIf(member, left = 0 AND joined <= {moment.instant_sql}) AS b0, "
        f"groupBitmapStateIf(member, joined = {always}) AS b1 FROM ({members})"
    )
    if moment.complete:
        return joined
    done = " UNION ALL ".join(
        f"SELECT member, at FROM {table.name} WHERE merchant = {moment.merchant_id}"
        + (f" AND kind NOT IN ({', '.join(map(quote, FLIPS))})" if table.name == "events" else "")
        for table in registry.event_tables()
    )
    late = (
        "SELECT groupBitmapState(member) AS b2 FROM "
        f"(SELECT member FROM ({done}) GROUP BY member HAVING min(at) > {moment.instant_sql})"
    )
    return f"SELECT p.b0 AS b0, p.b1 AS b1, q.b2 AS b2 FROM ({joined}) AS p, ({late}) AS q"
