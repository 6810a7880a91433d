"""Where segments overlap is seen, and one step further it is a segment of its own."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import enter, window
from tests.browser.server import API, sign_in
from tests.browser.shop import Shop

pytestmark = pytest.mark.browser


async def test_a_combination_becomes_a_segment(chromium: Browser, shop: Shop) -> None:
    console = await sign_in(shop.server.address, shop.login, shop.password)
    for name, slug, value in (("有积分", "some-points", 1), ("积分多", "many-points", 700)):
        rule = {"attr": "points.available", "op": ">=", "value": value}
        await console.post(f"{API}/segments", json={"name": name, "slug": slug, "rule": rule})
        await console.post(f"{API}/segments/{slug}/refresh")
    context = await window(chromium, shop.server.address, "desktop")
    page = await enter(context, shop.login, shop.password, "zh")
    await page.goto("/segments/compare")
    combination = page.get_by_test_id("combination").first
    size = int((await combination.locator("th").inner_text()).replace(",", ""))
    await combination.get_by_test_id("combination-rule").click()
    await expect(page.get_by_test_id("live-count")).to_have_text(str(size), timeout=30_000)
    await context.close()
    for slug in ("some-points", "many-points"):
        await console.delete(f"{API}/segments/{slug}")
