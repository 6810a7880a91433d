"""What every kind of step offers: how often it is needed, and what of a member's behaviour or profile counts for it."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, ClassVar, Protocol

from shuke.ground import ingestion
from shuke.kit.kinds import Kind


class Step(Kind, Protocol):
    """One thing to do in a mission."""

    example: ClassVar[dict[str, Any]]

    def needed(self, params: Any) -> int:
        """How many marks make the step done."""
        ...

    def mark(self, params: Any, done: ingestion.Behaviour) -> str | None:
        """What of this behaviour counts, once per mark; None when nothing does."""
        ...

    def marks_of(self, params: Any, filled: Set[str]) -> frozenset[str]:
        """What of a member's profile counts, from the parts of it that are filled."""
        ...
