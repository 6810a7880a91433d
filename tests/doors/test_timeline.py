"""What a member did, as the member page tells it: names instead of codes."""

from datetime import timedelta
from typing import Any

import httpx

from shuke.doors.context import Context
from shuke.ground import access, catalog, mirror
from shuke.insight import segments
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


async def test_flips_say_what_let_a_member_in_or_out(
    mirrored: Context, owner: httpx.AsyncClient, merchant_id: int
) -> None:
    """A view lets in, time lets out; the segment is called by its name."""
    async with mirrored.database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "小程序", ["ingest"], clock.now())
        rule = {"did": "view", "window": {"last": "2h"}}
        await segments.create_segment(tx, name="刚看过", slug="just-now", rule=rule, at=clock.now())
    assert mirrored.mirror is not None
    opened, database = mirrored.mirror, mirrored.database
    await segments.refresh(database, opened, merchant_id, clock.now())
    sent = [_event(1, "view", sku="FY-OLD-99")]
    await owner.post("/v1/events", json=sent, headers={"Authorization": f"Bearer {secret}"})
    now = clock.now()
    await segments.refresh(database, opened, merchant_id, now, reason="event")
    await segments.live(database, opened, merchant_id, now + timedelta(hours=1, minutes=1))
    await mirror.drain(opened, database, merchant_id)
    shown = (await owner.get(f"{API}/members/1/timeline")).json()["items"]
    assert [(one["kind"], one["detail"]["zh"]) for one in shown] == [
        ("segment_left", "刚看过 · 因为时间到了"), ("segment_entered", "刚看过 · 因为新的行为或订单"), ("view", "FY-OLD-99"),
    ]  # fmt: skip
    assert shown[0]["detail"]["en"] == "刚看过 · because time passed"
