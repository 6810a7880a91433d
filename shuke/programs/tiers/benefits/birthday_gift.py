"""生日礼: rewards once a year, on the birthday or at the beginning of its week or month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from shuke.assets.rewards import Reward, sentence
from shuke.kit.kinds import Sentence
from shuke.programs.tiers.benefits.kind import Given

_WORDS = {"day": ("生日当天", "on the birthday"), "week": ("生日那周的周一", "on the Monday of the birthday week"),
          "month": ("生日当月 1 号", "on the first of the birthday month")}  # fmt: skip
_LABELS = {
    "day": {"zh": "生日当天", "en": "The birthday"},
    "week": {"zh": "生日那一周", "en": "The week of it"},
    "month": {"zh": "生日当月", "en": "The month of it"},
}


class Gift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is given, and when."""

    rewards: Given
    when: Annotated[
        Literal["day", "week", "month"],
        Meta(extra_json_schema={"x-zh": "什么时候送", "x-en": "When", "x-labels": _LABELS}),
    ] = "day"


class BirthdayGift:
    """生日当天送 100 积分."""

    code: ClassVar[str] = "birthday_gift"
    name: ClassVar[Sentence] = Sentence("生日礼", "Birthday gift")
    Params: ClassVar[type[msgspec.Struct]] = Gift
    example: ClassVar[dict[str, Any]] = {
        "rewards": [{"kind": "points", "params": {"points": 100, "valid_for": "1Y_U"}}], "when": "day",
    }  # fmt: skip

    def sentence(self, params: Gift) -> Sentence:
        """What it is."""
        told, (zh, en) = sentence(params.rewards), _WORDS[params.when]
        return Sentence(f"{zh}送 {told.zh}", f"{told.en} {en}")

    def promises(self, params: Gift) -> Sequence[Reward]:
        """Its rewards."""
        return params.rewards
