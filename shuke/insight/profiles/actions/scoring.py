"""Cards and scores written: set by set, announced where something changed, taken back where a model no longer speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from shuke.ground import mirror
from shuke.insight.profiles import models
from shuke.insight.profiles.actions.training import train
from shuke.insight.profiles.events import ProfilesScored
from shuke.insight.profiles.queries import purchases
from shuke.kit import jobs

if TYPE_CHECKING:
    from datetime import datetime

    from shuke.ground.mirror import Mirror
    from shuke.insight.profiles.policy.cards import Card, Trained
    from shuke.kit.db import Database, Tx

WORK = "profiles_fit"
TOGETHER = 1_000  # members in one transaction and one announcement
# Who was told something else before: compared with the state before this statement.
_STORE = """
with told as (
    select r.member_id, r.scores, r.evidence from json_to_recordset(%(rows)s::json)
        as r(member_id bigint, scores jsonb, evidence jsonb)
), before as (
    select s.member_id, s.scores from profile_score s join told t on t.member_id = s.member_id
    where s.merchant_id = %(merchant_id)s and s.model = %(model)s
), written as (
    insert into profile_score as s (merchant_id, model, member_id, scores, evidence, computed_at)
    select %(merchant_id)s, %(model)s, member_id, scores, evidence, %(at)s from told
    on conflict (merchant_id, model, member_id) do update
        set scores = excluded.scores, evidence = excluded.evidence, computed_at = excluded.computed_at
)
select t.member_id from told t left join before b on b.member_id = t.member_id
where b.scores is distinct from t.scores order by t.member_id
"""
_TAKE_BACK = """
with stale as (
    select model, member_id, scores from profile_score where merchant_id = %(merchant_id)s and model = %(model)s
        and computed_at < %(at)s and scores <> '{}' order by member_id limit %(limit)s
), taken as (
    update profile_score s set scores = '{}', evidence = '{}', computed_at = %(at)s from stale
    where s.merchant_id = %(merchant_id)s and s.model = stale.model and s.member_id = stale.member_id
)
select member_id, scores from stale order by member_id
"""


async def refit(database: Database, opened: Mirror, merchant_id: int, at: datetime) -> list[Card]:
    """Train all models of a merchant as of `at`, keep their cards, and write what they say of members.

    Each thousand members are one transaction with their announcement; a crash in between is made good by the next run.
    A repeat without news announces nothing.
    """
    await mirror.drain(opened, database, merchant_id)
    async with database.read(merchant_id) as tx:
        moment = await purchases.moment_of(tx, at)
    trained = await train(opened, moment)
    for one in trained:
        for first in range(0, len(one.member), TOGETHER):
            async with database.write(merchant_id) as tx:
                await _store(tx, one, first, at)
        while True:
            async with database.write(merchant_id) as tx:
                if not await _take_back(tx, one.card.model, at):
                    break
    async with database.write(merchant_id) as tx:
        ids = await tx.fresh_ids(len(trained))
        await tx.insert(models.ProfileCard, [
            {"card_id": card_id, "model": one.card.model, "state": "scoring" if one.card.scoring else "refused",
             "card": msgspec.to_builtins(one.card), "at": at}
            for card_id, one in zip(ids, trained, strict=True)
        ])  # fmt: skip
    return [one.card for one in trained]


async def _store(tx: Tx, one: Trained, first: int, at: datetime) -> None:
    chosen = slice(first, first + TOGETHER)
    ids = one.member[chosen].tolist()
    scores, evidence = (
        [dict(zip(columns, row, strict=True)) for row in zip(*(column[chosen] for column in columns.values()), strict=True)]
        for columns in (one.scores, one.evidence)
    )  # fmt: skip
    rows = [{"member_id": m, "scores": s, "evidence": e} for m, s, e in zip(ids, scores, evidence, strict=True)]
    changed = await tx.rows(_STORE, rows=msgspec.json.encode(rows).decode(), model=one.card.model, at=at)
    places = {member: n for n, member in enumerate(ids)}
    _announce(tx, one.card.model, at, [(row.member_id, scores[places[row.member_id]]) for row in changed])


async def _take_back(tx: Tx, model: str, at: datetime) -> int:
    stale = await tx.rows(_TAKE_BACK, model=model, at=at, limit=TOGETHER)
    _announce(tx, model, at, [(row.member_id, dict.fromkeys(row.scores)) for row in stale])
    return len(stale)


def _announce(tx: Tx, model: str, at: datetime, told: list[tuple[int, dict[str, Any]]]) -> None:
    if told:
        names = dict.fromkeys(name for _, scores in told for name in scores)
        columns = {name: [scores.get(name) for _, scores in told] for name in names}
        tx.announce(ProfilesScored(model=model, at=at, member_ids=[member for member, _ in told], scores=columns))


async def refit_soon(tx: Tx, at: datetime) -> None:
    """Have the models fitted again at `at` instead of by the schedule."""
    await jobs.wake(tx, WORK, at)
