"""Verbs on the parts that say who members are and write to them: made by the rooms they belong to, and taken away again."""

from __future__ import annotations

from datetime import datetime

from shuke.assets import offers
from shuke.insight import lifecycle, segments, tags
from shuke.kit.db import Tx
from shuke.outreach import journeys
from shuke.outreach.playbooks.policy import Book, JourneyIn, TagIn
from shuke.outreach.playbooks.queries import audience


async def create(tx: Tx, book: Book, part: str, at: datetime, by: str) -> int:
    """Make one part; the number it has at the merchant (0 for the lifecycle, which is six segments)."""
    if part == "lifecycle":
        await lifecycle.put(tx, book.life, at, by)
        return 0
    made = audience.made_by(book, part)
    if part.startswith("segment:"):
        shown = await segments.create_segment(
            tx, name=made.name.zh, slug=made.slug, description=made.description.zh, rule=made.rule, at=at, by=by
        )
        return shown.segment_id
    if part.startswith("tag:"):
        return await _tag(tx, made, at, by)
    return await _journey(tx, made, at)


async def _tag(tx: Tx, one: TagIn, at: datetime, by: str) -> int:
    if one.name is None:
        ready = (await audience.here(tx)).ready[one.model]
        return (await tags.adopt(tx, one.model, ready.value, at, by)).tag_id
    shape = tags.TagShape(
        name=one.name.zh, description=one.description.zh if one.description else "", segment=one.segment
    )
    return (await tags.create_tag(tx, shape, at, by)).tag_id


async def _journey(tx: Tx, one: JourneyIn, at: datetime) -> int:
    if one.offer is not None and await offers.find_offer(tx, one.offer[0]) is None:
        await offers.create_offer(tx, *one.offer, at)
    return (await journeys.create_journey(tx, one.name.zh, one.segment, one.steps, at, one.again_days)).journey_id


async def take_away(tx: Tx, book: Book, part: str, number: int, at: datetime, by: str) -> None:
    """Take one unused part away: drafts, tags and segments are deleted, the lifecycle goes back to its ordinary limits."""
    if part == "lifecycle":
        await lifecycle.put(tx, lifecycle.DEFAULT, at, by)
    elif part.startswith("journey:"):
        await journeys.discard(tx, number)
    elif part.startswith("tag:"):
        [slug] = [one.slug for one in await tags.list_tags(tx) if one.tag_id == number]
        cause = tags.Cause(verb="delete_tag", source="console", by=by, reason=book.name.zh)
        await tags.delete_tag(tx, slug, cause, at)
    else:
        await segments.delete_segment(tx, audience.made_by(book, part).slug)
