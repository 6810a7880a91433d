"""What the mirror may copy of profiles: every score as a dated attribute, so that segments can ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.ground import mirror
from shuke.insight.profiles.scorers import SPEAKING

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
    *(
        mirror.Attribute(
            f"profile.{score.code}",
            score.type,
            (score.title.zh, score.title.en),
            words={code: (name.zh, name.en) for code, name in score.words.items()},
        )
        for model in SPEAKING.values()
        for score in model.SCORES
    ),
    mirror.Source(("profiles_scored",), "attributes", _scores),
)
