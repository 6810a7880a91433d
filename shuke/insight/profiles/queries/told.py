"""Cards and scores as they are shown: the newest card of each model, how it drifted, and what is said of a member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from shuke.insight.profiles.policy.cards import Card
from shuke.insight.profiles.scorers import SPEAKING
from shuke.insight.profiles.scorers.rfm import CELLS

if TYPE_CHECKING:
    from shuke.kit.db import Tx

DRIFT = 12


async def cards(tx: Tx) -> list[dict[str, Any]]:
    """The newest card of every model, with the errors of its last fittings, the oldest first."""
    rows = await tx.rows(
        "select model, state, at, card, n from (select model, state, at, card, "
        "row_number() over (partition by model order by at desc, card_id desc) as n from profile_card "
        "where merchant_id = %(merchant_id)s) c where n <= %(drift)s order by model, n desc",
        drift=DRIFT,
    )
    drift: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        judged = row.card.get("judgement") or {}
        drift.setdefault(row.model, []).append(
            {
                "at": row.at,
                "state": row.state,
                "error": judged.get("error"),
                "baseline_error": judged.get("baseline_error"),
                "auc": judged.get("auc"),
            }
        )
    return [
        {name: value for name, value in row.card.items() if name != "kept"}
        | {"fitted_at": row.at, "state": row.state, "drift": drift[row.model]}
        for row in rows
        if row.n == 1
    ]


async def kept(tx: Tx) -> dict[str, Card]:
    """The newest card of every model, with what it keeps, by model."""
    rows = await tx.rows(
        "select distinct on (model) model, card from profile_card where merchant_id = %(merchant_id)s "
        "order by model, at desc, card_id desc"
    )
    return {row.model: msgspec.convert(row.card, Card) for row in rows}


async def of_member(tx: Tx, member_id: int) -> list[dict[str, Any]]:
    """What the models say of a member now, each with its reason and the moment it was computed."""
    rows = await tx.rows(
        "select model, scores, evidence, computed_at from profile_score where merchant_id = %(merchant_id)s "
        "and member_id = %(member_id)s and scores <> '{}' order by model",
        member_id=member_id,
    )
    return [
        {"model": row.model, "scores": row.scores, "computed_at": row.computed_at,
         "reason": msgspec.to_builtins(SPEAKING[row.model].reason(row.scores, row.evidence)),
         "cell": msgspec.to_builtins(CELLS[row.scores["cell"]]) if "cell" in row.scores else None}
        for row in rows
    ]  # fmt: skip
