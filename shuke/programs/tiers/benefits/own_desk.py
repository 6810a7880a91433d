"""专属客服: a person or line of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from shuke.assets.rewards import Reward
from shuke.kit.kinds import Sentence


class Desk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who it is and how one reaches them."""

    contact: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=60,
            extra_json_schema={"x-zh": "怎么联系（微信号、电话）", "x-en": "How to reach them (WeChat, phone)"},
        ),
    ]


class ServiceDesk:
    """专属客服."""

    code: ClassVar[str] = "service_desk"
    name: ClassVar[Sentence] = Sentence("专属客服", "Own service desk")
    Params: ClassVar[type[msgspec.Struct]] = Desk
    example: ClassVar[dict[str, Any]] = {"contact": "企业微信 VIP 顾问"}

    def sentence(self, params: Desk) -> Sentence:
        """What it is."""
        return Sentence(f"专属客服：{params.contact}", f"Own service desk: {params.contact}")

    def promises(self, params: Desk) -> Sequence[Reward]:
        """Nothing is given for it."""
        return ()
