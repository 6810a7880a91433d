"""What the mirror may copy of profiles: every score as a dated attribute, so that segments can ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.ground import mirror

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shuke.ground.mirror import News
    from shuke.kit.db import Tx


async def _scores(_: Tx, news: Sequence[News]) -> Mapping[str, list[Any]]:
    made = mirror.AttributeRows()
    for one in news:
        told = one.payload
        at = mirror.instant(told["at"])
        idx = 0
        for name, values in told["scores"].items():
            for member, value in zip(told["member_ids"], values, strict=True):
                made.add(f"profile.{name}", member, at, (one.seq, idx), value)
                idx += 1
    return made.columns


DECLARED = (
    mirror.Attribute("profile.recency", "number", ("最近购买评分（1–5）", "Recency mark (1–5)")),
    mirror.Attribute("profile.frequency", "number", ("购买次数评分（1–5）", "Frequency mark (1–5)")),
    mirror.Attribute("profile.money", "number", ("消费金额评分（1–5）", "Money mark (1–5)")),
    mirror.Attribute("profile.cell", "text", ("RFM 十一格", "RFM cell of eleven")),
    mirror.Attribute("profile.cell8", "text", ("RFM 八格", "RFM cell of eight")),
    mirror.Attribute("profile.p_alive", "number", ("仍是顾客的可能性", "Probability of still being a customer")),
    mirror.Attribute("profile.purchases", "number", ("预计购买次数", "Purchases expected")),
    mirror.Attribute("profile.value_fen", "number", ("预计消费（分）", "Value expected (fen)")),
    mirror.Attribute("profile.price_sensitivity", "number", ("价格敏感度", "Price sensitivity")),
    mirror.Source(("profiles_scored",), "attributes", _scores),
)
