"""Questions about the stages of life: which limits hold, how many members are in each stage."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from shuke.insight import segments
from shuke.insight.lifecycle import policy
from shuke.insight.lifecycle.policy import Limits
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence


class StageShape(msgspec.Struct, frozen=True, kw_only=True):
    """One stage that is there: how many members were in it at the last refresh."""

    key: str
    slug: str
    name: str
    sentence: Sentence
    count: int
    refreshed_at: datetime | None
    state: str


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """The stages that are there. `limits`: what they were made from, None where one is missing or was worded by hand;
    `suggested`: what the form begins with."""

    stages: list[StageShape]
    limits: Limits | None
    suggested: Limits


async def find(tx: Tx) -> Life:
    """The members' life as it is set up here; without stages where it is not."""
    known = {one.slug: one for one in await segments.list_segments(tx)}
    limits = policy.limits_of({slug: known[slug].rule for slug in policy.SLUGS if slug in known})
    shown = [
        StageShape(
            key=stage.key, slug=stage.slug, name=known[stage.slug].name, sentence=known[stage.slug].sentence,
            count=known[stage.slug].count, refreshed_at=known[stage.slug].refreshed_at, state=known[stage.slug].state,
        )
        for stage in policy.STAGES
        if stage.slug in known
    ]  # fmt: skip
    return Life(stages=shown, limits=limits, suggested=limits or policy.DEFAULT)


def sizes(listed: list[segments.Shown], total: int) -> list[dict[str, Any]]:
    """Members by stage, of segments already asked for; `none` are those in no stage. Nothing where there is no stage."""
    counts = {one.slug: one.count or 0 for one in listed}
    found = [
        {"key": stage.key, "count": counts[stage.slug], "segment": stage.slug}
        for stage in policy.STAGES
        if stage.slug in counts
    ]
    rest = max(total - sum(counts.get(slug, 0) for slug in policy.SLUGS), 0)
    return [*found, {"key": "none", "count": rest, "segment": None}] if found else []


def worded(limits: Limits) -> list[Sentence]:
    """What each stage would mean with these limits."""
    return policy.words(limits)
