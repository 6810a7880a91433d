"""What the mirror may copy of behaviour: every event that came in, under its own name."""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from shuke.ground import mirror, tenancy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shuke.ground.mirror import News
    from shuke.kit.db import Tx


class _Deed(msgspec.Struct, gc=False):
    """One event of an announcement: texts as they were written."""

    event: str
    member_id: int
    occurred_at: str
    day: str
    properties: dict[str, Any] | None = None
    store: str | None = None
    channel: str | None = None


class _Told(msgspec.Struct, gc=False):
    events: list[_Deed]


async def _events(tx: Tx, news: Sequence[News]) -> Mapping[str, Any]:
    merchant = await tenancy.get_merchant(tx)
    return await asyncio.to_thread(_columns, news, merchant.zone)


def _columns(news: Sequence[News], zone: str) -> dict[str, Any]:
    """Rows of `events` by column, since there may be many; their business dates were fixed when they came in."""
    listed = [one.payload.events for one in news]
    sizes = [len(events) for events in listed]
    events = list(chain.from_iterable(listed))
    at = mirror.instants([event.occurred_at for event in events])
    weekday, hour = mirror.wall_clock(at, zone)
    texts, numbers = mirror.property_maps([event.properties or {} for event in events])
    return {
        "member": np.array([event.member_id for event in events], np.int64),
        "seq": np.repeat(np.array([one.seq for one in news], np.int64), sizes),
        "idx": np.concatenate([np.arange(size) for size in sizes]),
        "kind": [event.event for event in events], "at": at, "day": mirror.days([event.day for event in events]),
        "weekday": weekday, "hour": hour, "store": [event.store or "" for event in events],
        "channel": [event.channel or "" for event in events], "texts": texts, "numbers": numbers,
    }  # fmt: skip


_SKU: dict[str, tuple[mirror.ValueType, str, str]] = {
    "sku": ("text", "货号", "SKU"),
    "category": ("text", "品类", "Category"),
    "product": ("text", "商品", "Product"),
}

DECLARED = (
    mirror.behaviour("check_in", ("签到", "checked in"), {}),
    mirror.behaviour("view", ("浏览", "viewed"), _SKU),
    mirror.behaviour("search", ("搜索", "searched"), {"query": ("text", "搜索词", "Query")}),
    mirror.behaviour("add_to_cart", ("加购", "added to cart"), _SKU),
    mirror.behaviour(
        "video_watched", ("看视频", "watched a video"),
        {"video": ("text", "视频", "Video"), "share": ("number", "观看比例", "Share watched"),
         "finished": ("flag", "看完", "Finished")},
    ),
    mirror.behaviour(
        "article_read", ("读文章", "read an article"),
        {"article": ("text", "文章", "Article"), "finished": ("flag", "读完", "Finished")},
    ),
    mirror.behaviour("comment", ("评论", "commented"), {}),
    mirror.behaviour("review", ("评价商品", "reviewed a product"), {**_SKU, "stars": ("number", "星级", "Stars")}),
    mirror.behaviour("share", ("分享", "shared"), {}),
    mirror.behaviour("survey", ("填问卷", "answered a survey"), {}),
    mirror.behaviour("follow", ("关注", "followed"), {}),
    mirror.behaviour("invite", ("邀请好友", "invited a friend"), {}),
    mirror.behaviour("booking", ("预约", "booked"), {}),
    mirror.Source(("events_recorded",), "events", _events, _Told),
)  # fmt: skip
