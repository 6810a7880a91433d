"""Questions about journeys: what they are, who travels, what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from shuke.assets import offers
from shuke.ground import members, tenancy
from shuke.insight import segments
from shuke.kit import errors, paging, references
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence
from shuke.outreach.journeys import policy
from shuke.outreach.journeys.steps import steps


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a journey, in members; who takes part again enters, and may come back, again.

    `returned_7d`: ordered within seven days of entering.
    """

    entered: int = 0
    messaged: int = 0
    granted: int = 0
    skipped: int = 0
    returned_7d: int = 0
    returned_share: float = 0.0


class ShownStep(msgspec.Struct, frozen=True):
    """One step with its sentence."""

    kind: str
    params: dict[str, Any]
    sentence: Sentence


class SegmentName(msgspec.Struct, frozen=True):
    """The segment that starts a journey."""

    slug: str
    name: str


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A journey with its numbers. `again_days`: a member takes part again after that many days (0 each time, none: once)."""

    journey_id: int
    name: str
    state: str
    version: int
    segment: SegmentName
    steps: list[ShownStep]
    again_days: int | None
    again: Sentence
    numbers: Numbers
    launched_at: datetime | None
    created_at: datetime


class Day(msgspec.Struct, frozen=True):
    """One date of the merchant: how many entered, and how many of those who had entered came back."""

    date: date
    entered: int
    returned: int


class OutcomeCount(msgspec.Struct, frozen=True):
    """How often one step came out one way; `why` for refusals."""

    step: int
    outcome: str
    count: int
    why: Sentence | None


class Taken(msgspec.Struct, frozen=True):
    """What one step did for one member."""

    kind: str
    at: datetime
    outcome: str
    why: Sentence | None


class Traveller(msgspec.Struct, frozen=True, kw_only=True):
    """One passage of a member, their `round`th. States: active, done, left, merged (another passage goes on instead)."""

    member_id: int
    name: str
    round: int
    state: str
    entered_at: datetime
    steps: list[Taken]
    returned_at: datetime | None


_NUMBERS = """
select j.journey_id, coalesce(m.entered, 0) as entered, coalesce(m.returned, 0) as returned,
    coalesce(e.messaged, 0) as messaged, coalesce(e.granted, 0) as granted, coalesce(e.skipped, 0) as skipped
from unnest(%(ids)s::bigint[]) as j(journey_id)
left join (
    select journey_id, count(*) as entered, count(returned_at) as returned from journey_member
    where merchant_id = %(merchant_id)s and journey_id = any(%(ids)s::bigint[]) group by journey_id
) m on m.journey_id = j.journey_id
left join (
    select journey_id,
        count(distinct member_id) filter (where kind = 'send_message' and outcome = 'done') as messaged,
        count(distinct member_id) filter (where kind in ('give_offer', 'give_points') and outcome = 'done') as granted,
        count(distinct member_id) filter (where outcome <> 'done') as skipped
    from journey_effect where merchant_id = %(merchant_id)s and journey_id = any(%(ids)s::bigint[]) group by journey_id
) e on e.journey_id = j.journey_id
"""


async def numbers(tx: Tx, journey_ids: Sequence[int]) -> dict[int, Numbers]:
    """What came of these journeys, in one statement."""
    rows = await tx.rows(_NUMBERS, ids=list(journey_ids))
    return {
        row.journey_id: Numbers(
            entered=row.entered, messaged=row.messaged, granted=row.granted, skipped=row.skipped,
            returned_7d=row.returned, returned_share=round(row.returned / row.entered, 4) if row.entered else 0.0,
        )
        for row in rows
    }  # fmt: skip


_JOURNEYS = """
select journey_id, name, state, version, segment_slug, steps, again_days, launched_at, created_at from journey
where merchant_id = %(merchant_id)s and (%(journey_id)s::bigint is null or journey_id = %(journey_id)s)
order by created_at desc, journey_id desc
"""


async def journeys(tx: Tx) -> list[Shown]:
    """All journeys, the newest first, in four statements."""
    return await _shown(tx, await tx.rows(_JOURNEYS, journey_id=None))


async def get_journey(tx: Tx, journey_id: int) -> Shown:
    """One journey; refuses an unknown one."""
    rows = await tx.rows(_JOURNEYS, journey_id=journey_id)
    if not rows:
        raise errors.NotFound(what="journey", what_zh="自动化")
    return (await _shown(tx, rows))[0]


async def _shown(tx: Tx, rows: Sequence[Any]) -> list[Shown]:
    counted = await numbers(tx, [row.journey_id for row in rows])
    names = await segments.names(tx, sorted({row.segment_slug for row in rows}))
    called = await offers.names(tx)
    return [
        Shown(
            journey_id=row.journey_id, name=row.name, state=row.state, version=row.version,
            segment=SegmentName(row.segment_slug, names.get(row.segment_slug, row.segment_slug)),
            steps=[shown_step(step, called) for step in row.steps], numbers=counted[row.journey_id],
            again_days=row.again_days, again=policy.again_words(row.again_days),
            launched_at=row.launched_at, created_at=row.created_at,
        )
        for row in rows
    ]  # fmt: skip


def shown_step(step: dict[str, Any], called: Mapping[str, Sentence]) -> ShownStep:
    """A kept step with the sentence of its kind; `called` has the offers' names."""
    params = steps.parameters(step["kind"], step["params"])
    return ShownStep(step["kind"], step["params"], steps.get(step["kind"]).sentence(params, called))


async def daily(tx: Tx, journey_id: int, days: int = 60) -> list[Day]:
    """How many entered and came back on each of the merchant's dates, the last `days` that had either."""
    merchant = await tenancy.get_merchant(tx)
    rows = await tx.rows(
        "select (at at time zone %(zone)s - make_interval(mins => %(start)s))::date as day, "
        "count(*) filter (where what = 'entered') as entered, count(*) filter (where what = 'returned') as returned "
        "from (select 'entered' as what, entered_at as at from journey_member "
        "  where merchant_id = %(merchant_id)s and journey_id = %(journey_id)s "
        "  union all select 'returned', returned_at from journey_member "
        "  where merchant_id = %(merchant_id)s and journey_id = %(journey_id)s and returned_at is not null) as moments "
        "group by 1 order by 1 desc limit %(days)s",
        journey_id=journey_id, zone=merchant.zone, start=merchant.day_start_minutes, days=days,
    )  # fmt: skip
    return [Day(row.day, row.entered, row.returned) for row in reversed(rows)]


async def outcomes(tx: Tx, journey_id: int) -> list[OutcomeCount]:
    """How each step came out, and why where it was refused."""
    rows = await tx.rows(
        "select step, outcome, detail -> 'why' as why, count(*) as count from journey_effect "
        "where merchant_id = %(merchant_id)s and journey_id = %(journey_id)s group by 1, 2, 3 order by 1, 4 desc",
        journey_id=journey_id,
    )
    return [OutcomeCount(row.step, row.outcome, row.count, _sentence(row.why)) for row in rows]


def _sentence(why: dict[str, str] | None) -> Sentence | None:
    return None if not why else Sentence(zh=why.get("zh", ""), en=why.get("en", ""))


async def travellers(tx: Tx, journey_id: int, cursor: str | None = None, limit: int | None = None) -> paging.Page:
    """Who is on a journey, the latest to enter first, with what each step did; three statements."""
    size = paging.limited(limit)
    after = paging.decode(cursor, 3)
    place = {} if after is None else {"at": datetime.fromisoformat(after[0]), "member_id": after[1], "turn": after[2]}
    rows = await tx.rows(
        "select member_id, round, state, entered_at, returned_at from journey_member "
        "where merchant_id = %(merchant_id)s and journey_id = %(journey_id)s "
        + ("and (entered_at, member_id, round) < (%(at)s, %(member_id)s, %(turn)s) " if place else "")
        + "order by entered_at desc, member_id desc, round desc limit %(limit)s",
        journey_id=journey_id, limit=size + 1, **place,
    )  # fmt: skip
    shown = paging.page(rows, size, key=lambda row: [row.entered_at.isoformat(), row.member_id, row.round])
    ids = [row.member_id for row in shown.items]
    names = await members.names(tx, ids)
    taken: dict[tuple[int, int], list[Taken]] = defaultdict(list)
    for row in await tx.rows(
        "select member_id, round, kind, at, outcome, detail -> 'why' as why from journey_effect "
        "where merchant_id = %(merchant_id)s and journey_id = %(journey_id)s and member_id = any(%(ids)s::bigint[]) "
        "order by member_id, step",
        journey_id=journey_id, ids=ids,
    ):  # fmt: skip
        taken[row.member_id, row.round].append(Taken(row.kind, row.at, row.outcome, _sentence(row.why)))
    items = [
        Traveller(
            member_id=row.member_id, name=names[row.member_id].name if row.member_id in names else "", round=row.round,
            state=row.state, entered_at=row.entered_at, steps=taken[row.member_id, row.round],
            returned_at=row.returned_at,
        )
        for row in shown.items
    ]  # fmt: skip
    return msgspec.structs.replace(shown, items=items)


async def using_segments(tx: Tx, slugs: Sequence[str]) -> list[tuple[str, references.Use]]:
    """Journeys that one of these segments starts and that have not ended, with the segment, so that deleting it can refuse."""
    rows = await tx.rows(
        "select segment_slug as slug, journey_id, name from journey where merchant_id = %(merchant_id)s "
        "and segment_slug = any(%(slugs)s::text[]) and state <> 'ended' order by journey_id",
        slugs=list(slugs),
    )
    return [(row.slug, references.Use("journey", str(row.journey_id), row.name)) for row in rows]
