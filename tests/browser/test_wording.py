"""A segment is reworded with open eyes: moved, taken back, told what saving changes, and found again in its versions."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import enter, window
from tests.browser.server import API, sign_in
from tests.browser.shop import Shop
from tests.browser.watching import Watch, findings, picture, sideways

pytestmark = pytest.mark.browser

RULE: dict[str, Any] = {"all": [{"did": "order"}, {"attr": "points.available", "op": ">=", "value": 500}]}


@pytest.mark.parametrize("size", ["desktop", "phone"])
async def test_what_saving_changes_is_told_before_and_after(chromium: Browser, shop: Shop, size: str) -> None:
    console = await sign_in(shop.server.address, shop.login, shop.password)
    made = await console.post(f"{API}/segments", json={"name": f"有积分的老客 {size}", "rule": RULE})
    slug = made.json()["slug"]
    context = await window(chromium, shop.server.address, size)
    page = await enter(context, shop.login, shop.password, "zh")
    watch = Watch(page)
    await page.goto(f"/segments/{slug}/edit")
    conditions = page.get_by_test_id("condition")
    await expect(conditions).to_have_count(2)
    await expect(page.get_by_test_id("changes")).to_have_count(0)
    await conditions.nth(1).locator("input").last.fill("100000")
    await expect(page.get_by_test_id("changes")).to_contain_text("可用积分至少 500")
    await expect(page.get_by_test_id("changes")).to_contain_text("可用积分至少 100,000")
    await expect(page.get_by_test_id("changes")).to_contain_text("→ 0 位")
    await _moved_by_keyboard_and_back(page)
    await watch.settled()
    assert (await sideways(page), await findings(page)) == ("", [])
    await page.reload()  # what was typed is still there
    await expect(page.get_by_test_id("discard")).to_be_visible()
    await expect(page.get_by_test_id("changes")).to_contain_text("→ 0 位")
    await picture(page, f"segment-changes-{size}")
    await page.get_by_test_id("save-segment").click()
    await expect(page.get_by_test_id("segment-count")).to_have_text("0", timeout=30_000)
    await page.get_by_test_id("view-versions").click()
    await expect(page.get_by_test_id("version-2").get_by_test_id("differences")).to_contain_text("可用积分至少 500")
    await page.get_by_test_id("view-flips").click()
    await expect(page.get_by_text("还没有会员进出")).to_be_visible()
    await watch.settled()
    assert (await sideways(page), await findings(page)) == ("", [])
    await picture(page, f"segment-views-{size}")
    await page.get_by_test_id("view-versions").click()
    await page.get_by_test_id("restore-1").click()
    await expect(page.get_by_test_id("changes")).to_contain_text("0 →")
    assert watch.take() == []
    await context.close()
    await console.delete(f"{API}/segments/{slug}")


async def _moved_by_keyboard_and_back(page: Page) -> None:
    conditions = page.get_by_test_id("condition")
    first = conditions.nth(0)
    await expect(first.get_by_test_id("event")).to_have_count(1)
    await first.get_by_test_id("move").focus()
    await page.keyboard.press("Alt+ArrowDown")
    await expect(conditions.nth(1).get_by_test_id("event")).to_have_count(1)
    await expect(conditions.nth(1).get_by_test_id("move")).to_be_focused()
    await page.get_by_test_id("undo").click()
    await expect(conditions.nth(0).get_by_test_id("event")).to_have_count(1)


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
