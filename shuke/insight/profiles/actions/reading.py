"""What each model reads of members, from the mirror: of all of them, or of those named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from shuke.insight.profiles.queries import discounts, doings, features, groups, purchases

if TYPE_CHECKING:
    from datetime import date

    from shuke.ground.mirror import Mirror, Moment


@dataclass(frozen=True, slots=True)
class Books:
    """What is asked of: a merchant at a moment, with periods of so many days, the words of its stages, and which members."""

    opened: Mirror
    moment: Moment
    period: int
    stages: Mapping[str, Sequence[str]] = field(default_factory=dict)
    members: Sequence[int] | None = None


async def read(books: Books, what: str, until: date) -> Any:
    """What models named their reading `what` look at, as of a business date."""
    asked = (books.opened, books.moment, until, books.period)
    if what == "purchases":
        return await purchases.purchases(*asked, books.members)
    if what == "discounts":
        return await discounts.discounts(*asked, books.members)
    if what == "by_category":
        return await groups.by_category(*asked, books.members)
    if what == "by_stage":
        return await groups.by_stage(*asked, books.stages, books.members)
    if what == "by_content":
        return await groups.by_content(*asked, books.members)
    assert what == "doings", f"nobody reads {what}"
    return await doings.doings(*asked, books.members)


async def marked(books: Books) -> dict[str, np.ndarray]:
    """Recency, frequency and money of members, as the marks take them."""
    table = await features.marked(books.opened, books.moment, books.members)
    named = {code: table.column(f"f_{code}").to_numpy().astype(float) for code in features.MARKED}
    return {"member": table.column("member").to_numpy().astype(np.int64)} | named
