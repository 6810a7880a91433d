"""The order was placed in one of these channels."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Basis

NAMES = {
    "pos": ("门店收银", "in store"), "web": ("网店", "web shop"), "mini": ("小程序", "mini program"), "douyin": ("抖音", "Douyin"),
    "kuaishou": ("快手", "Kuaishou"), "wechat": ("微信", "WeChat"),
}  # fmt: skip
"""What shop owners call the channels; others are called by their code."""


def channels_words(channels: Sequence[str]) -> Sentence:
    """Channels in words, in their order."""
    named = [NAMES.get(code, (code, code)) for code in channels]
    return Sentence("、".join(zh for zh, _ in named), ", ".join(en for _, en in named))


class Channels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The codes of the channels; at least one."""

    channels: Annotated[list[str], Meta(min_length=1, title="Channels", extra_json_schema={"x-zh": "渠道"})]


class InChannel:
    """Only in these channels."""

    code: ClassVar[str] = "channel"
    name: ClassVar[Sentence] = Sentence("限渠道", "Only in these channels")
    Params: ClassVar[type[msgspec.Struct]] = Channels

    def holds(self, params: Channels, basis: Basis) -> bool:
        """Whether the order's channel is one of them."""
        return basis.channel in params.channels

    def sentence(self, params: Channels) -> Sentence:
        """The condition in words."""
        words = channels_words(params.channels)
        return Sentence(f"仅限渠道「{words.zh}」", f"only through {words.en}")
