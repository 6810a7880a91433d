"""Verb on the stages of life: have them, with these limits."""

from __future__ import annotations

from datetime import datetime

from shuke.insight import segments
from shuke.insight.lifecycle import policy, queries
from shuke.insight.lifecycle.policy import Limits
from shuke.kit.db import Tx


async def put(tx: Tx, limits: Limits, at: datetime, by: str) -> queries.Life:
    """Create the stages that are missing and reword those that stand, so that all six follow these limits.

    The one way to the stages: a merchant's birth, a playbook and the page take it. Repeatable; names that people gave stay.
    A reworded stage starts no journeys. Refuses `BadLimits`.
    """
    wanted = policy.rules(policy.checked(limits))
    known = {one.slug: one for one in await segments.list_segments(tx)}
    for stage in policy.STAGES:
        rule = wanted[stage.slug]
        if stage.slug not in known:
            await segments.create_segment(
                tx, name=stage.name, slug=stage.slug, description=stage.description, rule=rule, at=at, by=by
            )
        elif known[stage.slug].rule != rule:
            await segments.edit_segment(tx, stage.slug, at=at, rule=rule, by=by)
    return await queries.find(tx)
