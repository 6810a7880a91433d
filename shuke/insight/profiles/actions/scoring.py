"""Cards and scores written: set by set, announced where something changed, taken back where a model no longer speaks.

Between two fittings what is said follows the members: who did something is scored again by the cards as they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.ground import mirror
from shuke.insight.profiles import models
from shuke.insight.profiles.actions import reading
from shuke.insight.profiles.actions.reading import Books
from shuke.insight.profiles.actions.training import spoken, train
from shuke.insight.profiles.events import ProfilesScored
from shuke.insight.profiles.policy.cards import Card
from shuke.insight.profiles.queries import cells, purchases, stages, told
from shuke.insight.profiles.scorers import SPEAKING
from shuke.kit import jobs

if TYPE_CHECKING:
    from datetime import datetime

    from shuke.ground.mirror import Mirror
    from shuke.insight.profiles.policy.cards import Said
    from shuke.kit.db import Database, Tx

WORK = "profiles_fit"
FOLLOWING = "profiles_follow"
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
select t.member_id, b.scores as before from told t left join before b on b.member_id = t.member_id
where b.scores is distinct from t.scores order by t.member_id
"""
_TAKE_BACK = """
with stale as (
    select model, member_id, scores from profile_score where merchant_id = %(merchant_id)s and model = %(model)s
        and computed_at < %(at)s and scores <> '{}' and (%(members)s::bigint[] is null or member_id = any(%(members)s))
        order by member_id limit %(limit)s
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
    seq = await mirror.drain(opened, database, merchant_id)
    books = await _books(database, opened, merchant_id, at)
    trained = await train(books)
    for one in trained:
        await _write(database, merchant_id, one.card.model, one.said, at)
    async with database.write(merchant_id) as tx:
        ids = await tx.fresh_ids(len(trained))
        await tx.insert(models.ProfileCard, [
            {"card_id": card_id, "model": one.card.model, "state": "scoring" if one.card.scoring else "refused",
             "card": msgspec.to_builtins(one.card), "at": at}
            for card_id, one in zip(ids, trained, strict=True)
        ])  # fmt: skip
        await _note(tx, seq, books.moment.day)
        await jobs.wake(tx, FOLLOWING, at)
    return [one.card for one in trained]


async def follow(database: Database, opened: Mirror, merchant_id: int, at: datetime) -> int:
    """Score again, by the cards as they are, who did anything since the last time; on a new business date everybody. How many.

    What is written is the same as if everybody were scored; nothing is learnt, and without news nothing is announced.
    """
    seq = await mirror.drain(opened, database, merchant_id)
    books = await _books(database, opened, merchant_id, at)
    async with database.read(merchant_id) as tx:
        place = await tx.one("select seq, day from profile_place where merchant_id = %(merchant_id)s")
    if place is None or (place.seq >= seq and place.day == books.moment.day):
        return 0
    if place.day == books.moment.day:
        books = replace(books, members=await purchases.changed(opened, books.moment, place.seq))
    count = await speak(database, merchant_id, books, at)
    async with database.write(merchant_id) as tx:
        await _note(tx, seq, books.moment.day)
    return count


async def speak(database: Database, merchant_id: int, books: Books, at: datetime) -> int:
    """Score the members of these books, or all, by the cards as they are; take back what is no longer said. How many."""
    if books.members is not None and not books.members:
        return 0
    async with database.read(merchant_id) as tx:
        cards = {code: card for code, card in (await told.kept(tx)).items() if code in SPEAKING}
    seen: set[int] = set()
    for code, card in cards.items():
        model = SPEAKING[code]
        books = replace(books, period=card.holdout_days)
        if not card.scoring:
            continue
        what = "purchases" if code == "repurchase" else getattr(model, "READS", "")
        whole = await reading.read(books, what, books.moment.day) if what else await reading.marked(books)
        said = spoken(card, model, whole, books.moment.day)
        await _write(database, merchant_id, code, said, at, books.members)
        seen.update(said.member.tolist())
    return len(seen)


async def _books(database: Database, opened: Mirror, merchant_id: int, at: datetime) -> Books:
    async with database.read(merchant_id) as tx:
        moment = await purchases.moment_of(tx, at)
        return Books(opened, moment, 0, {one.name: one.words for one in await stages.list_stages(tx)})


async def _note(tx: Tx, seq: int, day: Any) -> None:
    await tx.run(
        "insert into profile_place (merchant_id, seq, day) values (%(merchant_id)s, %(seq)s, %(day)s) "
        "on conflict (merchant_id) do update set seq = excluded.seq, day = excluded.day",
        seq=seq, day=day,
    )  # fmt: skip


async def _write(
    database: Database, merchant_id: int, model: str, said: Said, at: datetime, members: Any = None
) -> None:  # fmt: skip
    """Store what is said, a thousand members a transaction; take back what was said of others (of these members, or of all)."""
    for first in range(0, len(said.member), TOGETHER):
        async with database.write(merchant_id) as tx:
            await _store(tx, model, said, first, at)
    while True:
        async with database.write(merchant_id) as tx:
            if not await _take_back(tx, model, at, members):
                break


async def _store(tx: Tx, model: str, said: Said, first: int, at: datetime) -> None:
    chosen = slice(first, first + TOGETHER)
    ids = said.member[chosen].tolist()
    scores, evidence = (
        [dict(zip(columns, row, strict=True)) for row in zip(*(column[chosen] for column in columns.values()), strict=True)]
        for columns in (said.scores, said.evidence)
    )  # fmt: skip
    scores = [{name: value for name, value in row.items() if value is not None} for row in scores]
    rows = [{"member_id": m, "scores": s, "evidence": e} for m, s, e in zip(ids, scores, evidence, strict=True)]
    await cells.turn(tx, model)
    changed = await tx.rows(_STORE, rows=msgspec.json.encode(rows).decode(), model=model, at=at)
    now = dict(zip(ids, scores, strict=True))
    await cells.move(tx, model, [(row.before or {}, now[row.member_id]) for row in changed])
    _announce(tx, model, at, [(row.member_id, dict.fromkeys(row.before or {}) | now[row.member_id]) for row in changed])


async def _take_back(tx: Tx, model: str, at: datetime, members: Any) -> int:
    await cells.turn(tx, model)
    stale = await tx.rows(_TAKE_BACK, model=model, at=at, limit=TOGETHER, members=members)
    await cells.move(tx, model, [(row.scores, {}) for row in stale])
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
