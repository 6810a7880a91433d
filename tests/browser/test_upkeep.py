"""Segments are proven with progress, deleted and taken back, and who was in then is listed and taken out as a file."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.browser.conftest import enter, window
from tests.browser.server import API, sign_in
from tests.browser.shop import Shop, days_ago
from tests.browser.watching import Watch, findings, picture, sideways

pytestmark = pytest.mark.browser

RULE: dict[str, Any] = {"did": "order", "window": {"last": "90d"}, "op": "between", "value": [1, 2]}


@pytest.mark.parametrize(("size", "language"), [("desktop", "zh"), ("phone", "en")])
async def test_proven_deleted_and_back(chromium: Browser, shop: Shop, size: str, language: str) -> None:
    console = await sign_in(shop.server.address, shop.login, shop.password)
    made = await console.post(f"{API}/segments", json={"name": f"最近来过一两次的 {size}", "rule": RULE})
    slug = made.json()["slug"]
    context = await window(chromium, shop.server.address, size)
    page = await enter(context, shop.login, shop.password, language)
    watch = Watch(page)
    await page.goto("/segments")
    await page.get_by_test_id("segments-more").click()
    await page.get_by_test_id("prove-all").click()
    await expect(page.get_by_text("全部一致" if language == "zh" else "all are right")).to_be_visible(timeout=60_000)
    await watch.settled()
    await picture(page, f"upkeep-gallery-{size}")
    await page.goto(f"/segments/{slug}")
    await expect(page.get_by_test_id("segment-count")).to_have_text("4", timeout=30_000)
    await page.get_by_test_id("segment-more").click()
    await page.get_by_test_id("segment-refresh").click()
    await expect(page.get_by_text("1 个分群已重算" if language == "zh" else "Segments counted anew: 1")).to_be_visible(
        timeout=30_000
    )
    await _then(page, slug, size)
    await watch.settled()
    assert (await sideways(page), await findings(page)) == ("", [])
    await page.get_by_test_id("segment-more").click()
    await page.get_by_test_id("segment-delete").click()
    await page.get_by_role("dialog").get_by_role("button").last.click()
    await expect(page).to_have_url(f"{shop.server.address}/segments")
    await page.get_by_test_id("deleted").locator("summary").click()
    await picture(page, f"upkeep-deleted-{size}")
    await page.get_by_test_id(f"restore-{slug}").click()
    await expect(page.get_by_test_id("segment").filter(has_text=size)).to_be_visible()
    await page.goto(f"/segments/{slug}?view=versions")
    await expect(page.get_by_test_id("version-1")).to_be_visible()
    await _sampled(page, slug, size)
    assert watch.take() == []
    await context.close()
    await console.delete(f"{API}/segments/{slug}")


async def _then(page: Page, slug: str, size: str) -> None:
    """The picker is given a day; all who were in are listed, and downloaded."""
    if size == "phone":
        await page.goto(f"/segments/{slug}?view=across")
    day = page.get_by_test_id("then").locator("input")
    await day.fill(f"{days_ago(20):%Y-%m-%d} 12:00:00")
    await day.press("Enter")
    await expect(page.get_by_test_id("then-count")).to_be_visible(timeout=20_000)
    await picture(page, f"upkeep-then-{size}")
    files = page.get_by_test_id("then-csv")
    if await files.count():
        async with page.expect_download() as coming:
            await files.click()
        path = Path(await (await coming.value).path())
        told = (await asyncio.to_thread(path.read_text, "utf-8-sig")).splitlines()
        assert told[0].startswith("member_id,")
        assert len(told) > 1


async def _sampled(page: Page, slug: str, size: str) -> None:
    """A sampled figure stands until the exact one is there; this shop is small, so the sample is a stand-in."""

    async def answer(route: Route) -> None:
        sampled = json.loads(route.request.post_data or "{}").get("sampled")
        if not sampled:
            await page.wait_for_timeout(1_500)
        told = await (await route.fetch()).json()
        more = {"count": 12_318, "total": 240_000, "margin": 791, "parts": [], "funnel": []} if sampled else {}
        await route.fulfill(json=told | more)

    await page.route("**/segments/preview", answer)
    await page.goto(f"/segments/{slug}/edit")
    await expect(page.get_by_test_id("sampled")).to_be_visible(timeout=20_000)
    await expect(page.get_by_test_id("live-count")).to_contain_text("12,300")
    await picture(page, f"upkeep-sampled-{size}")
    await expect(page.get_by_test_id("live-count")).to_have_text("4", timeout=20_000)
    await page.unroute("**/segments/preview")
