"""Questions about a merchant's stages of life, and about the goods their words find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shuke.ground import mirror
from shuke.insight.profiles.policy.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shuke.ground.mirror import Mirror
    from shuke.kit.db import Tx

SHOWN = 8


async def list_stages(tx: Tx) -> list[Stage]:
    """All stages of the merchant, by name."""
    rows = await tx.rows("select name, words from profile_stage where merchant_id = %(merchant_id)s order by name")
    return [Stage(row.name, row.words) for row in rows]


async def found_goods(opened: Mirror, merchant_id: int, words: Sequence[str]) -> tuple[list[str], int]:
    """The products most bought that these words find, and how many members bought any of them."""
    listed = ", ".join(mirror.quote(word.lower()) for word in words)
    found = (
        f"FROM order_lines WHERE merchant = {int(merchant_id)} AND sign = 1 AND member != 0 "
        f"AND multiSearchAny(lower(concat(toString(category), ' ', toString(product))), [{listed}])"
    )
    goods = await mirror.rows(
        opened,
        f"SELECT toString(product) AS name {found} GROUP BY name ORDER BY count() DESC, name LIMIT {SHOWN}",
    )
    [(members,)] = await mirror.rows(opened, f"SELECT uniqExact(member) {found}")
    return [name for (name,) in goods], members
