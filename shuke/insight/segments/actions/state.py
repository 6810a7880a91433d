"""What a round of the segments begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pyroaring import BitMap

    from shuke.ground.mirror import Moment
    from shuke.insight.grammar import Node, Slide


@dataclass(frozen=True, slots=True)
class State:
    """All segments of a merchant at an instant: their rows, their trees or why they cannot be read, lists and edges."""

    rows: Sequence[Any]
    trees: dict[str, Node]
    failed: dict[str, dict[str, Any]]
    moment: Moment
    lists: dict[str, BitMap]
    edges: dict[str, float | None]
    slides: Sequence[Slide]
    since: datetime | None
