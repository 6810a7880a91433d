"""Questions of those who act on scores: whom a model says something of, how a score is spread, and which tags may follow it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from pyroaring import BitMap

from shuke.insight.profiles.policy.fitting import Words
from shuke.insight.profiles.queries import told
from shuke.insight.profiles.scorers import SPEAKING

if TYPE_CHECKING:
    from shuke.insight.profiles.policy.kinds import ReadyTag
    from shuke.kit.db import Tx

BARS = 20


class Followed(msgspec.Struct, frozen=True):
    """A score and a threshold: who stands at it or beyond."""

    model: str
    score: str
    op: str
    value: float


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a score is spread over the members who have it: how many in bars of equal width from `low` to `high`."""

    members: int
    low: float
    high: float
    bars: list[int]


_SCORED = "merchant_id = %(merchant_id)s and model = %(model)s and scores ? %(score)s"


async def whom(tx: Tx, followed: Followed) -> BitMap:
    """The members whose score stands at the threshold or beyond; nobody where the model does not speak."""
    assert followed.op in (">=", "<="), followed.op
    found = await tx.value(
        f"select array_agg(member_id) from profile_score where {_SCORED} "
        f"and (scores->>%(score)s)::numeric {followed.op} %(value)s::numeric",
        model=followed.model, score=followed.score, value=followed.value,
    )  # fmt: skip
    return BitMap(found or [])


async def standing(tx: Tx, model: str, score: str) -> Standing:
    """How one score is spread."""
    rows = await tx.rows(
        f"select (scores->>%(score)s)::float8 as value, count(*) as members from profile_score where {_SCORED} "
        "group by 1 order by 1",
        model=model, score=score,
    )  # fmt: skip
    if not rows:
        return Standing(members=0, low=0, high=0, bars=[])
    low, high = rows[0].value, rows[-1].value
    bars = [0] * BARS
    for row in rows:  # scores are rounded: a hundred or a few, however many members
        bars[min(int((row.value - low) / ((high - low) or 1) * BARS), BARS - 1)] += row.members
    return Standing(members=sum(bars), low=low, high=high, bars=bars)


async def ready_tags(tx: Tx) -> tuple[list[ReadyTag], dict[str, Words | None]]:
    """The tags that may follow what the merchant's models say now, and of every model why it does not speak (None: it does)."""
    cards = {code: card for code, card in (await told.kept(tx)).items() if code in SPEAKING}
    tags = [tag for code, model in SPEAKING.items() for tag in model.tags(cards[code].kept if code in cards else {})]
    return tags, {code: card.why for code, card in cards.items()}


async def reasons(tx: Tx, member_id: int, models: Sequence[str]) -> dict[str, Words]:
    """What these models say of a member, in a sentence each."""
    rows: list[Any] = await tx.rows(
        "select model, scores, evidence from profile_score where merchant_id = %(merchant_id)s and member_id = %(member_id)s "
        "and model = any(%(models)s::text[]) and scores <> '{}'",
        member_id=member_id, models=list(models),
    )  # fmt: skip
    return {row.model: SPEAKING[row.model].reason(row.scores, row.evidence) for row in rows}
