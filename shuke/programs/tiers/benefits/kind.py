"""What every kind of benefit offers: its words, and what of it must be checked before a level promises it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Protocol

from msgspec import Meta

from shuke.assets.rewards import Reward, SomeRewards
from shuke.kit.kinds import Kind

Given = Annotated[
    SomeRewards, Meta(extra_json_schema={"x-zh": "送什么", "x-en": "What is given", "x-widget": "rewards"})
]
"""The rewards of a gift."""


class BenefitKind(Kind, Protocol):
    """One thing a level can bring."""

    example: ClassVar[dict[str, Any]]

    def promises(self, params: Any) -> Sequence[Reward]:
        """The rewards that are given because of it."""
        ...
