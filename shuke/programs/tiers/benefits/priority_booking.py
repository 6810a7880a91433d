"""优先预约: bookings open earlier for the level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from shuke.assets.rewards import Reward
from shuke.kit.kinds import Sentence


class Window(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many hours before everybody else."""

    hours: Annotated[
        int,
        Meta(ge=1, le=720, extra_json_schema={"x-zh": "提前多少小时开放预约", "x-en": "Hours before everybody else"}),
    ] = 24


class PriorityBooking:
    """提前 24 小时预约."""

    code: ClassVar[str] = "priority_booking"
    name: ClassVar[Sentence] = Sentence("优先预约", "Priority booking")
    Params: ClassVar[type[msgspec.Struct]] = Window
    example: ClassVar[dict[str, Any]] = {"hours": 24}

    def sentence(self, params: Window) -> Sentence:
        """What it is."""
        return Sentence(f"提前 {params.hours} 小时预约", f"Books {params.hours} hours before everybody else")

    def promises(self, params: Window) -> Sequence[Reward]:
        """Nothing is given for it."""
        return ()
