"""chDB: the engine inside this process, one process per data folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from shuke.ground.mirror.engines.pool import Dialect

if TYPE_CHECKING:
    from collections.abc import Mapping


def dialect(url: str) -> Dialect:
    """The engine of `chdb:///folder`; its memory is bounded, its own logs are off."""
    path = url.removeprefix("chdb://")
    memory = max(1_500_000_000, _machine_memory() // 4)
    options = {
        "max_server_memory_usage": str(memory),
        "mark_cache_size": str(256 * 1024 * 1024),
        "uncompressed_cache_size": str(128 * 1024 * 1024),
    }

    def connect(settings: Mapping[str, Any]) -> Any:
        import clickhouse_connect  # only where an engine is opened

        return clickhouse_connect.get_client(
            interface="chdb", path=path, chdb_options=options, settings=dict(settings), tz_mode="aware"
        )

    return Dialect(connect=connect, table_engine="MergeTree", memory=memory, shared=False)


def _machine_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
