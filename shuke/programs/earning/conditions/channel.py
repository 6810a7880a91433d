"""The order was placed in one of these channels."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Basis


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
        return Sentence("仅限渠道 " + "、".join(params.channels), "only in " + ", ".join(params.channels))
