"""What the mirror may copy of check-in: how many days in a row a member has checked in, which ends by itself."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shuke.ground import mirror, tenancy
from shuke.kit import clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shuke.ground.mirror import News
    from shuke.kit.db import Tx


async def _streaks(tx: Tx, news: Sequence[News]) -> Mapping[str, list[Any]]:
    merchant = await tenancy.get_merchant(tx)
    made = mirror.AttributeRows()
    for one in news:
        place = 0
        for checked in one.payload["checked"]:
            last = date.fromisoformat(checked.get("last") or checked["day"])
            length = checked.get("length") or checked["streak"]
            for at, value in _from(last, length, one.at, merchant):
                made.add("check_in.streak", checked["member_id"], at, (one.seq, place), value)
                place += 1
    return made.columns


def _from(last: date, length: int, at: datetime, merchant: Any) -> Iterator[tuple[datetime, int]]:
    """A run that ended on `last` counts until the end of the day after it.

    The row at the beginning of that day stands where an earlier run had been told to end.
    """
    following, over = (
        clock.day_starts(last + timedelta(days=n), merchant.zone, merchant.day_start_minutes) for n in (1, 2)
    )
    if at >= over:
        return  # a gap in the past was filled: the run of today is another one
    yield at, length
    if at < following:
        yield following, length
    yield over, 0


DECLARED = (
    mirror.Attribute("check_in.streak", "number", ("连签天数", "Check-in streak"), none=0),
    mirror.Source(("checked_in", "streaks_recounted"), "attributes", _streaks),
)
