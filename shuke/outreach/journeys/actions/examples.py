"""Ready examples: a segment, an offer and a journey that belong together, installed as a draft."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from shuke.assets import offers
from shuke.insight import segments
from shuke.kit import errors
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence
from shuke.outreach.journeys import queries
from shuke.outreach.journeys.actions.shaping import create_journey
from shuke.outreach.journeys.policy import StepPlan


class NamedSegment(msgspec.Struct, frozen=True, kw_only=True):
    """A segment that an example brings along."""

    slug: str
    name: str
    description: str
    rule: dict[str, Any]


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """What an example installs."""

    code: str
    name: Sentence
    description: Sentence
    segment: NamedSegment
    offer_slug: str
    offer: offers.Terms
    steps: list[StepPlan]


DORMANT_OFFER = Example(
    code="dormant-500-as-50",
    name=Sentence("叫回沉睡会员：500 积分抵 50 元", "Bring dormant members back: 500 points for 50 yuan"),
    description=Sentence(
        "30 天没来、手里还有 500 积分以上的会员，送一次“500 积分抵 50 元，仅限 3 天”，再发消息告诉他们。",
        "Members who have not bought for 30 days and hold at least 500 points may once spend 500 points as 50 yuan, "
        "for three days, and are told so.",
    ),
    segment=NamedSegment(
        slug="dormant-500",
        name="沉睡会员（500 积分以上）",
        description="买过东西、最近 30 天没有再来，可用积分不少于 500",
        rule={
            "all": [
                {"did": "order"},
                {"did": "order", "window": {"last": "30d"}, "measure": "count", "op": "eq", "value": 0},
                {"attr": "points.available", "op": ">=", "value": 500},
            ]
        },
    ),
    offer_slug="500-as-50",
    offer=offers.Terms(name="500 积分抵 50 元", points=500, value_fen=5_000, valid_for="3D"),
    steps=[
        StepPlan("give_offer", {"offer": "500-as-50"}),
        StepPlan(
            "send_message",
            {
                "channel": "auto",
                "title": "好久不见，送您 50 元",
                "body": "{name}您好，您有 {points} 积分。{expires} 前到店或下单，500 积分可当 50 元用，仅限这一次。",
                "link": "/m/offers",
            },
        ),
    ],
)
EXAMPLES = {example.code: example for example in (DORMANT_OFFER,)}


async def install_example(tx: Tx, code: str, at: datetime) -> queries.Shown:
    """Create what an example needs and does not find (by short name), and its journey as a new draft."""
    example = EXAMPLES.get(code)
    if example is None:
        raise errors.NotFound(what="example", what_zh="示例", field="example")
    if await segments.find_segment(tx, example.segment.slug) is None:
        await segments.create_segment(
            tx, slug=example.segment.slug, name=example.segment.name, rule=example.segment.rule,
            description=example.segment.description, at=at,
        )  # fmt: skip
    if await offers.find_offer(tx, example.offer_slug) is None:
        await offers.create_offer(tx, example.offer_slug, example.offer, at)
    return await create_journey(tx, example.name.zh, example.segment.slug, example.steps, at)
