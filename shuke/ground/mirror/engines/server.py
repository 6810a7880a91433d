"""A ClickHouse server or cluster, by URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from shuke.ground.mirror.engines.pool import Dialect

if TYPE_CHECKING:
    from collections.abc import Mapping

QUERY_MEMORY = 8_000_000_000


def dialect(url: str) -> Dialect:
    """The engine of `clickhouse://user:password@host:port/database`; `?engine=` names another table engine."""
    parts = urlsplit(url)
    asked = parse_qs(parts.query).get("engine", ["MergeTree"])[0]
    secure = parts.scheme in {"clickhouses", "https"}

    def connect(settings: Mapping[str, Any]) -> Any:
        import clickhouse_connect  # only where an engine is opened

        return clickhouse_connect.get_client(
            host=parts.hostname or "localhost",
            port=parts.port or (8443 if secure else 8123),
            username=parts.username or "default",
            password=parts.password or "",
            database=parts.path.strip("/") or "default",
            secure=secure,
            settings=dict(settings),
            compress=False,
            tz_mode="aware",
        )

    return Dialect(connect=connect, table_engine=asked, memory=QUERY_MEMORY, shared=True)
