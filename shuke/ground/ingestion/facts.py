"""What the mirror may copy of behaviour: every event that came in, under its own name."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from shuke.ground import mirror, tenancy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shuke.ground.mirror import News
    from shuke.kit.db import Tx


async def _events(tx: Tx, news: Sequence[News]) -> Mapping[str, Any]:
    """Their business dates were fixed when they came in."""
    merchant = await tenancy.get_merchant(tx)
    return await asyncio.to_thread(mirror.event_columns, news, merchant.zone)


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
    mirror.Source(("events_recorded",), "events", _events, mirror.Deeds),
)  # fmt: skip
