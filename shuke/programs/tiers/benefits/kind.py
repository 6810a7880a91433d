"""What every kind of benefit offers: its words, and what of it must be checked before a level promises it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from shuke.assets.rewards import Reward
from shuke.kit.kinds import Kind


class BenefitKind(Kind, Protocol):
    """One thing a level can bring."""

    example: ClassVar[dict[str, Any]]

    def promises(self, params: Any) -> Sequence[Reward]:
        """The rewards that are given because of it."""
        ...
