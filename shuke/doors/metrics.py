"""Figures for Prometheus: requests by route, the work of the pools, and how far the mirror is behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from shuke.kit import errors

if TYPE_CHECKING:
    from shuke.doors.context import Context

registry = CollectorRegistry()
requests = Counter(
    "shuke_http_requests", "Requests by method, route and status.", ["method", "route", "status"], registry=registry
)
seconds = Histogram(
    "shuke_http_seconds", "Time to answer, by route.", ["route"], registry=registry,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)  # fmt: skip
_up = Gauge("shuke_database_up", "1 while PostgreSQL answers.", registry=registry)
_merchants = Gauge("shuke_merchants", "Merchants of this installation.", registry=registry)
_behind = Gauge(
    "shuke_outbox_behind", "Announcements a reader has not seen yet, all merchants.", ["reader"], registry=registry
)
_known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}


def observe(method: str, route: str, status: int, took: float) -> None:
    """Count one answered request. `route` is a template, never a path with ids, so that the series stay few."""
    series = _known.get((method, route, status))
    if series is None:
        series = _known[method, route, status] = (requests.labels(method, route, str(status)), seconds.labels(route))
    series[0].inc()
    series[1].observe(took)


async def page(context: Context) -> bytes:
    """The page that Prometheus reads."""
    try:
        async with context.database.directory() as tx:
            _merchants.set(await tx.value("select count(*) from merchant"))
            rows = await tx.rows(
                "select r.reader, sum(greatest(h.seq - coalesce(c.seq, 0), 0)) as behind from merchant_head h "
                "cross join (select distinct reader from relay_cursor) r "
                "left join relay_cursor c on c.merchant_id = h.merchant_id and c.reader = r.reader group by r.reader"
            )
        for row in rows:
            _behind.labels(row.reader).set(int(row.behind))
        _up.set(1)
    except errors.Unavailable:
        _up.set(0)
    return generate_latest(registry)
