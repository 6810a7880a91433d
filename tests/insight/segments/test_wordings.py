"""What a page tells of a rule's versions and of who came and went: differences in words and text, counted before saving."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from shuke.doors.context import Context
from shuke.ground import mirror
from shuke.insight import segments
from shuke.kit import clock
from shuke.programs import intake
from tests.insight.segments.test_console import DORMANT, shop
from tests.insight.segments.test_membership import bought

__all__ = ["shop"]

LONGER = {"all": [{"did": "order"}, {"did": "order", "window": {"last": "60d"}, "op": "eq", "value": 0}]}
TURNED = {"all": [*reversed(LONGER["all"])]}
DENIED = {"not": {"all": LONGER["all"]}}


@pytest.fixture
async def quiet(owner: httpx.AsyncClient, mirrored: Context, shop: int) -> str:
    """沉睡会员 in its first wording, counted."""
    made = await owner.post("/console/api/segments", json={"name": "沉睡会员", "slug": "quiet", "rule": DORMANT})
    assert made.status_code == 201, made.text
    await owner.post("/console/api/segments/quiet/refresh")
    return "quiet"


async def test_versions_tell_what_changed_and_who_came_and_went(owner: httpx.AsyncClient, quiet: str) -> None:
    for rule in (LONGER, TURNED):
        await owner.put(f"/console/api/segments/{quiet}", json={"rule": rule})
        await owner.post(f"/console/api/segments/{quiet}/refresh")
    told = (await owner.get(f"/console/api/segments/{quiet}/versions")).json()["items"]
    assert [(one["version"], one["entered"], one["left"], one["size"]) for one in told] == [
        (3, 0, 0, 0), (2, 0, 1, 0), (1, 1, 0, 1),
    ]  # fmt: skip
    assert [one["sentence"]["zh"] for one in told] == [
        "最近 60 天没有下单，并且曾下单", "曾下单，并且最近 60 天没有下单", "曾下单，并且最近 30 天没有下单",
    ]  # fmt: skip
    turned, longer, first = (one["differences"] for one in told)
    assert first is None
    assert [one["zh"] for one in longer["gone"]] == ["最近 30 天没有下单"]
    assert [one["zh"] for one in longer["new"]] == ["最近 60 天没有下单"]
    assert [(one["mark"], one["text"]) for one in longer["lines"]] == [
        (" ", "did order"), ("-", "and did order last 30d : = 0"), ("+", "and did order last 60d : = 0"),
    ]  # fmt: skip
    assert (longer["regrouped"], turned["regrouped"], turned["gone"], turned["new"]) == (False, True, [], [])


async def test_before_saving_one_sees_who_would_enter_and_leave(owner: httpx.AsyncClient, quiet: str) -> None:
    asked = f"/console/api/segments/{quiet}/changes"
    longer = (await owner.post(asked, json={"rule": LONGER})).json()
    assert [longer[name] for name in ("entering", "leaving", "before", "after")] == [0, 1, 1, 0]
    denied = (await owner.post(asked, json={"rule": DENIED})).json()
    assert [one["zh"] for one in denied["differences"]["new"]] == ["不满足（曾下单）", "不满足（最近 60 天没有下单）"]
    same = (await owner.post(asked, json={"rule": DORMANT})).json()
    assert (same["differences"]["lines"], same["differences"]["regrouped"]) != ([], True)
    bad = await owner.post(asked, json={"rule": {"all": []}})
    assert (bad.status_code, bad.json()["path"]) == (422, "$")
    assert (await owner.get(f"/console/api/segments/{quiet}")).json()["version"] == 1


async def test_amounts_in_an_explanation_are_told_as_money(owner: httpx.AsyncClient, shop: int) -> None:
    spent = {"did": "order", "measure": {"sum": "amount_fen"}, "op": ">=", "value": 50_000}
    often = {"did": "order", "measure": "count", "op": ">=", "value": 1}
    best = {"rank": {"did": "order", "measure": {"sum": "amount_fen"}}, "top": 1}
    rule = {"all": [spent, often, best]}
    why = (await owner.post("/console/api/segments/explain", json={"rule": rule, "member_id": 1})).json()
    assert [one["money"] for one in why["leaves"]] == [True, False, True]


async def test_the_feed_names_who_came_and_went_page_by_page(
    owner: httpx.AsyncClient, mirrored: Context, shop: int, quiet: str
) -> None:
    assert mirrored.mirror is not None
    assert (await owner.get(f"/console/api/segments/{quiet}/flips")).json()["items"] == []
    at = clock.now()
    await intake.apply(mirrored.database, shop, [bought("9", "b", at - timedelta(minutes=1))], history=True)
    await mirror.drain(mirrored.mirror, mirrored.database, shop)
    await segments.refresh(mirrored.database, mirrored.mirror, shop, at)
    await segments.refresh(mirrored.database, mirrored.mirror, shop, at + timedelta(days=28))
    told = (await owner.get(f"/console/api/segments/{quiet}/flips", params={"limit": 1})).json()
    rest = (
        await owner.get(f"/console/api/segments/{quiet}/flips", params={"limit": 5, "cursor": told["next_cursor"]})
    ).json()
    seen = [*told["items"], *rest["items"]]
    assert [(one["entered"], one["reason"]) for one in seen] == [(True, "schedule"), (False, "schedule")]
    assert (len({one["member_id"] for one in seen}), rest["next_cursor"]) == (2, None)
    assert (await owner.get("/console/api/segments/nowhere/flips")).status_code == 404
