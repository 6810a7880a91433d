"""做一件事: a behaviour so many times, such as browsing three different products."""

from __future__ import annotations

from collections.abc import Set
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from shuke.ground import ingestion
from shuke.kit.kinds import Sentence

WORDS = {
    "view": Sentence("浏览商品", "view a product"), "follow": Sentence("关注公众号", "follow the account"),
    "share": Sentence("分享", "share"), "comment": Sentence("评论", "comment"), "search": Sentence("搜索", "search"),
    "review": Sentence("评价商品", "review a product"), "add_to_cart": Sentence("加购", "add to the cart"),
    "video_watched": Sentence("看视频", "watch a video"), "article_read": Sentence("读文章", "read an article"),
    "survey": Sentence("填问卷", "answer a survey"), "invite": Sentence("邀请好友", "invite a friend"),
    "booking": Sentence("预约", "book"), "check_in": Sentence("签到", "check in"),
}  # fmt: skip
_LABELS = {name: {"zh": words.zh, "en": words.en} for name, words in WORDS.items()}
_ENTER = {"x-zh": "什么行为", "x-en": "Behaviour", "x-labels": _LABELS, "x-widget": "event"}


class Behave(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`event` `times` times; with `different` (an event's property, such as sku) each value of it counts once."""

    event: Annotated[str, Meta(min_length=1, max_length=64, title="Behaviour", extra_json_schema=_ENTER)]
    times: Annotated[int, Meta(ge=1, le=100, title="Times", extra_json_schema={"x-zh": "几次", "x-en": "Times"})] = 1
    different: Annotated[
        str,
        Meta(
            max_length=64,
            title="Each different",
            extra_json_schema={
                "x-zh": "按哪个字段去重", "x-en": "Each different", "x-help-zh": "比如 sku：同一件商品只算一次；不填就每次都算",
                "x-help-en": "e.g. sku: the same product counts once; empty counts every time",
            },
        ),
    ] = ""  # fmt: skip
    only: Annotated[
        dict[str, str],
        Meta(max_length=5, title="Only", extra_json_schema={"x-zh": "只算哪些", "x-en": "Only", "x-widget": "hidden"}),
    ] = {}


class BehaveStep:
    """浏览 3 件不同的商品."""

    code: ClassVar[str] = "behave"
    name: ClassVar[Sentence] = Sentence("做一件事", "Do something")
    Params: ClassVar[type[msgspec.Struct]] = Behave
    example: ClassVar[dict[str, Any]] = {"event": "view", "times": 3, "different": "sku"}

    def sentence(self, params: Behave) -> Sentence:
        """What is to be done."""
        words = WORDS.get(params.event, Sentence(f"「{params.event}」", f"“{params.event}”"))
        if params.times == 1:
            return words
        zh = f"{words.zh} {params.times} 次" + ("（不重复）" if params.different else "")
        return Sentence(zh, f"{words.en}, {params.times} {'different ones' if params.different else 'times'}")

    def needed(self, params: Behave) -> int:
        """So many times."""
        return params.times

    def mark(self, params: Behave, done: ingestion.Behaviour) -> str | None:
        """The value that must be different, or the event itself."""
        if done.event != params.event or any(str(done.properties.get(k)) != v for k, v in params.only.items()):
            return None
        if params.different:
            value = done.properties.get(params.different)
            return None if value is None or value == "" else str(value)[:200]
        return f"{done.source}:{done.event_id}"

    def marks_of(self, params: Behave, filled: Set[str]) -> frozenset[str]:
        """Nothing of a profile counts."""
        return frozenset()
