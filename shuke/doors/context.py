"""What one process of Shuke holds open, handed to its routes, jobs and commands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shuke.ground.access import KeyRing
    from shuke.ground.mirror import Mirror
    from shuke.kit.config import Settings
    from shuke.kit.db import Bell, Database
    from shuke.kit.db.embedded import Postmaster
    from shuke.kit.events import Relay
    from shuke.kit.jobs import Jobs


@dataclass(slots=True)
class Context:
    """The open engines of one process. `mirror` is None where the process does without the columnar copy."""

    settings: Settings
    database: Database
    keys: KeyRing
    mirror: Mirror | None = None
    jobs: Jobs | None = None
    postmaster: Postmaster | None = None
    relay: Relay | None = None
    bell: Bell | None = None
    stopping: bool = field(default=False)
