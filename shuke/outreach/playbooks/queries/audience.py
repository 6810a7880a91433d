"""The parts of a playbook that say who members are and write to them: lifecycle, segments, tags, journeys in draft."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from shuke.assets import offers
from shuke.ground import mirror
from shuke.insight import grammar, lifecycle, profiles, segments, tags
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence
from shuke.outreach import journeys
from shuke.outreach.playbooks.policy import Book, JourneyIn, SegmentIn, TagIn

Kind = Literal["lifecycle", "segment", "tag", "journey"]
AUDIENCE: tuple[Kind, ...] = ("lifecycle", "segment", "tag", "journey")
Told = tuple[str, Kind, Sentence, list[Sentence]]


class Here(msgspec.Struct, frozen=True):
    """What the merchant has of these kinds: segments by slug, live tags by name, journeys by number, the limits of life."""

    segments: Mapping[str, segments.Shown]
    tags: Mapping[str, tags.Tag]
    journeys: Mapping[int, journeys.Shown]
    life: lifecycle.Life
    ready: Mapping[str, profiles.ReadyTag]


async def here(tx: Tx) -> Here:
    """What the merchant has; a constant number of statements."""
    ready, _ = await profiles.ready_tags(tx)
    return Here(
        {one.slug: one for one in await segments.list_segments(tx)},
        {one.name: one for one in await tags.list_tags(tx)},
        {one.journey_id: one for one in await journeys.journeys(tx)},
        await lifecycle.find(tx),
        {one.code: one for one in ready},
    )


def parts(book: Book, ready: Mapping[str, profiles.ReadyTag]) -> list[Told]:
    """Every part of these kinds with its name and what it says."""
    life = Sentence("会员生命周期", "Lifecycle")
    found: list[Told] = [("lifecycle", "lifecycle", life, lifecycle.worded(book.life))]
    called = _called(book)
    for one in book.segments:
        words = grammar.said(segments.parsed(one.rule), {"segment": called}, mirror.declared())
        found.append((f"segment:{one.slug}", "segment", one.name, [words]))
    for tag in book.tags:
        found.append((f"tag:{tag.key}", "tag", tag_name(tag, ready), [_tag(tag, ready, called)]))
    for journey in book.journeys:
        found.append((f"journey:{journey.key}", "journey", journey.name, _steps(journey, called)))
    return found


def tag_name(tag: TagIn, ready: Mapping[str, profiles.ReadyTag]) -> Sentence:
    """What the tag is called: by the playbook, or by the model it follows."""
    if tag.name is not None:
        return tag.name
    return Sentence(ready[tag.model].name.zh, ready[tag.model].name.en)


def _called(book: Book) -> dict[str, Sentence]:
    stages = dict(zip(lifecycle.SLUGS, (_stage_name(one) for one in lifecycle.worded(book.life)), strict=True))
    return stages | {one.slug: one.name for one in book.segments}


def _stage_name(words: Sentence) -> Sentence:
    return Sentence(words.zh.partition("：")[0], words.en.partition(":")[0])


def _tag(tag: TagIn, ready: Mapping[str, profiles.ReadyTag], called: Mapping[str, Sentence]) -> Sentence:
    if tag.model:
        means = ready[tag.model].means
        return Sentence(f"模型判断：{means.zh}", f"By a model: {means.en}")
    name = called[tag.segment]
    return Sentence(f"在「{name.zh}」里的会员自动带上", f"Worn by who is in “{name.en}”, by itself")


def _steps(journey: JourneyIn, called: Mapping[str, Sentence]) -> list[Sentence]:
    name = called[journey.segment]
    known = {}
    if journey.offer is not None:
        slug, terms = journey.offer
        known = {slug: offers.called(terms.name, terms.points, terms.value_fen)}
    said = [
        journeys.steps.get(one.kind).sentence(journeys.steps.parameters(one.kind, one.params), known)
        for one in journey.steps
    ]
    return [
        Sentence(f"进入「{name.zh}」时（草稿，你来启动）", f"On entering “{name.en}” (a draft: you launch it)"),
        *said,
        *([journeys.again_words(journey.again_days)] if journey.again_days is not None else []),
    ]


def gone(held: Mapping[str, int], have: Here) -> set[str]:
    """Of what was installed, what is not there any more: deleted by hand, or the lifecycle taken apart."""
    kept = {
        "segment": {one.segment_id for one in have.segments.values()},
        "tag": {one.tag_id for one in have.tags.values()},
        "journey": set(have.journeys),
    }
    found = {part for part, number in held.items() if _kind(part) in kept and number not in kept[_kind(part)]}
    return found | ({"lifecycle"} & set(held) if len(have.life.stages) < len(lifecycle.STAGES) else set())


def own(book: Book, held: Iterable[str], have: Here) -> set[str]:
    """The parts that the merchant has already and that this playbook has not made, or that they have changed since."""
    found = {f"segment:{one.slug}" for one in book.segments if one.slug in have.segments}
    found |= {f"tag:{one.key}" for one in book.tags if tag_name(one, have.ready).zh in have.tags}
    found -= set(held)
    untouched = have.life.limits in ((book.life,) if "lifecycle" in held else (None, lifecycle.DEFAULT))
    if have.life.stages and not (untouched and have.life.limits):
        found.add("lifecycle")
    return found


async def used(tx: Tx, book: Book, held: Mapping[str, int], have: Here) -> set[str]:
    """The installed parts that something else stands on, or that somebody has changed or launched."""
    found = {
        part for part, number in held.items() if _kind(part) == "journey" and have.journeys[number].state != "draft"
    }
    worn = {one.tag_id: one for one in have.tags.values()}
    own_tags = {worn[number].slug: part for part, number in held.items() if _kind(part) == "tag"}
    for slug, part in own_tags.items():
        if await tags.used_by(tx, slug):
            found.add(part)
    removable = {("tag", slug) for slug, part in own_tags.items() if part not in found}
    removable |= {("journey", str(n)) for part, n in held.items() if _kind(part) == "journey" and part not in found}
    for one in reversed(book.segments):  # who speaks of another stands behind it
        part = f"segment:{one.slug}"
        if part not in held:
            continue
        uses = {(use.kind, use.id) for use in await segments.used_by(tx, one.slug)}
        if uses <= removable and have.segments[one.slug].version == 1:
            removable.add(("segment", one.slug))
        else:
            found.add(part)
    if "lifecycle" in held:
        uses = {(use.kind, use.id) for slug in lifecycle.SLUGS for use in await segments.used_by(tx, slug)}
        found |= set() if uses <= removable else {"lifecycle"}
    return found


def _kind(part: str) -> str:
    return part.partition(":")[0]


def made_by(book: Book, part: str) -> Any:
    """The data of a part of these kinds."""
    key = part.partition(":")[2]
    kinds: dict[str, tuple[Iterable[SegmentIn | TagIn | JourneyIn], str]] = {
        "segment": (book.segments, "slug"), "tag": (book.tags, "key"), "journey": (book.journeys, "key"),
    }  # fmt: skip
    listed, name = kinds[_kind(part)]
    return next(one for one in listed if getattr(one, name) == key)
