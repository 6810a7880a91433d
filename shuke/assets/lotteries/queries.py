"""Which lotteries there are, with their odds and what is left."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.assets import rewards
from shuke.assets.lotteries import policy

if TYPE_CHECKING:
    from shuke.kit.db import Tx


class PrizeShape(msgspec.Struct, frozen=True, kw_only=True):
    """One prize with its odds in hundredths of a percent; `left` of the stock, null without a limit. `reward` null: goods."""

    name: str
    odds: int
    stock: int | None
    left: int | None
    reward: rewards.Reward | None


class LotteryShape(msgspec.Struct, frozen=True, kw_only=True):
    """A lottery as people read it. `stage`: waiting, open, ended; `turns` were taken so far."""

    lottery_id: int
    name: str
    chances: int
    stage: policy.Stage
    starts_at: datetime | None
    ends_at: datetime | None
    turns: int
    prizes: list[PrizeShape]


_LIST = """
select lottery_id, name, chances, prizes, state, starts_at, ends_at from lottery l
where l.merchant_id = %(merchant_id)s and (%(lottery_id)s::bigint is null or l.lottery_id = %(lottery_id)s)
order by l.lottery_id desc limit 200
"""


async def lotteries(
    tx: Tx, at: datetime, *, lottery_id: int | None = None, only_open: bool = False
) -> list[LotteryShape]:
    """The lotteries, the latest first, or the one; three statements."""
    rows = await tx.rows(_LIST, lottery_id=lottery_id)
    names = [row.name for row in rows]
    gone, drawn = await rewards.gone(tx, names), await rewards.drawn(tx, names)
    found = [_shape(row, gone, drawn.get(row.name, 0), at) for row in rows]
    return [one for one in found if one.stage == "open"] if only_open else found


def _shape(row: Any, gone: dict[tuple[str, str], int], turns: int, at: datetime) -> LotteryShape:
    prizes = []
    for one in row.prizes:
        stock = one.get("stock")
        left = None if stock is None else max(stock - gone.get((row.name, one["name"]), 0), 0)
        prizes.append(msgspec.convert({"stock": None, "reward": None} | one | {"left": left}, PrizeShape))
    return LotteryShape(
        lottery_id=row.lottery_id, name=row.name, chances=row.chances,
        stage=policy.stage(row.state, row.starts_at, row.ends_at, at), starts_at=row.starts_at, ends_at=row.ends_at,
        turns=turns, prizes=prizes,
    )  # fmt: skip
