"""What a member did, as the member page tells it: names instead of codes."""

from datetime import timedelta
from typing import Any

import httpx

from shuke.doors.context import Context
from shuke.ground import access, catalog, mirror
from shuke.kit import clock

API = "/console/api"


def _event(number: int, event: str, **properties: Any) -> dict[str, Any]:
    at = (clock.now() - timedelta(hours=number)).isoformat()
    return {
        "event_id": f"E-{number}", "occurred_at": at, "event": event, "member": {"phone": "13800138001"},
        "properties": properties,
    }  # fmt: skip


async def test_products_are_told_by_name(mirrored: Context, owner: httpx.AsyncClient, merchant_id: int) -> None:
    """A SKU that the catalogue does not know stays what it is."""
    async with mirrored.database.write(merchant_id) as tx:
        await catalog.put_products(
            tx, [{"sku": "FY-SERUM-01", "name": "玫瑰精华 30ml", "category": "精华"}], clock.now()
        )
        _, secret = await access.create_key(tx, "小程序", ["ingest"], clock.now())
    sent = [
        _event(1, "view", sku="FY-SERUM-01", category="精华"), _event(2, "review", sku="FY-SERUM-01", stars=5),
        _event(3, "view", sku="FY-OLD-99"), _event(4, "unboxed", sku="FY-SERUM-01"),
    ]  # fmt: skip
    answer = await owner.post("/v1/events", json=sent, headers={"Authorization": f"Bearer {secret}"})
    assert [one["status"] for one in answer.json()["results"]] == ["accepted"] * 4
    await mirror.drain(mirrored.mirror, mirrored.database, merchant_id)
    shown = (await owner.get(f"{API}/members/1/timeline")).json()["items"]
    assert [(one["kind"], one["detail"]["zh"]) for one in shown] == [
        ("view", "玫瑰精华 30ml · 精华"), ("review", "玫瑰精华 30ml · 5"), ("view", "FY-OLD-99"),
        ("unboxed", "sku 玫瑰精华 30ml"),
    ]  # fmt: skip
