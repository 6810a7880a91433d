"""The columnar engines we can speak to: one file each, one SQL for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shuke.ground.mirror.engines import embedded, server
from shuke.ground.mirror.engines.pool import Engine, MirrorGone, QueryFailed, TooMuch

if TYPE_CHECKING:
    from shuke.ground.mirror.engines.pool import Dialect

__all__ = ["Engine", "MirrorGone", "QueryFailed", "TooMuch", "dialect_of"]


def dialect_of(url: str) -> Dialect:
    """How to reach the engine behind a URL: `chdb:///folder` in this process, `clickhouse://host` elsewhere."""
    if url.startswith("chdb:"):
        return embedded.dialect(url)
    return server.dialect(url)
