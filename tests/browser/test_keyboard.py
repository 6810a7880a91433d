"""Without a mouse: search by Ctrl-K, focus in sight, Escape closes, the skip link skips."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Desk, enter, window
from tests.browser.shop import Shop

pytestmark = pytest.mark.browser

OUTLINE = """() => {
  const now = document.activeElement;
  const drawn = (one) => {
    const style = getComputedStyle(one);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
  };
  const around = now.closest(".el-input__wrapper, .el-select__wrapper, .el-switch, .el-checkbox, label");
  return drawn(now) || (around !== null && drawn(around));
}"""


@pytest.fixture(scope="module")
async def desk(chromium: Browser, shop: Shop) -> AsyncIterator[Desk]:
    context = await window(chromium, shop.server.address, "desktop")
    yield Desk(await enter(context, shop.login, shop.password, "zh"))
    await context.close()


async def test_ctrl_k_finds_a_member_by_the_tail_of_the_phone(desk: Desk, shop: Shop) -> None:
    page = desk.page
    await desk.see("/")
    await page.keyboard.press("Control+k")
    field = page.get_by_test_id("search-input")
    await expect(field).to_be_focused()
    await page.keyboard.type("8002")
    hit = page.get_by_test_id("search-hit").first
    await expect(hit).to_contain_text("王小美")
    await expect(hit).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(rf"/members/{shop.member['王小美']}$"))
    await expect(field).to_be_hidden()


async def test_ctrl_k_goes_to_pages_segments_and_rules(desk: Desk) -> None:
    page = desk.page
    for typed, address in (
        ("流水", r"/points/ledger$"),
        ("沉睡会员（", r"/segments/dormant-500$"),
        ("消费送", r"/points/rules/\d+$"),
    ):
        await page.keyboard.press("Control+k")
        await expect(page.get_by_test_id("search-input")).to_be_focused()
        await page.keyboard.type(typed)
        await expect(page.get_by_test_id("search-hit").first).to_contain_text(typed)
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile(address))
        await expect(page.get_by_test_id("search-input")).to_be_hidden()


async def test_the_arrows_choose_and_escape_closes(desk: Desk) -> None:
    page = desk.page
    await desk.see("/members")
    await page.keyboard.press("Control+k")
    await expect(page.get_by_test_id("search-input")).to_be_focused()
    hits = page.get_by_test_id("search-hit")
    await expect(hits.first).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowDown")
    await expect(hits.nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("search-input")).to_be_hidden()
    await expect(page).to_have_url(re.compile(r"/members$"))


async def test_escape_closes_a_dialog_and_gives_the_focus_back(desk: Desk, shop: Shop) -> None:
    page = desk.page
    await desk.see(f"/members/{shop.member['林晓芙']}")
    button = page.get_by_test_id("adjust-points")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(button).to_be_focused()


async def test_the_skip_link_is_first_and_leads_to_the_content(desk: Desk) -> None:
    page = desk.page
    await desk.see("/members")
    await page.keyboard.press("Tab")
    skip = page.get_by_text("跳到正文")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()


@pytest.mark.parametrize("path", ["/", "/members", "/segments/new", "/points/rules/{rule}", "/settings/staff"])
async def test_the_focus_is_always_in_sight(desk: Desk, shop: Shop, path: str) -> None:
    page = desk.page
    await desk.see(path.format(rule=shop.rule_id))
    assert await unseen(page, 30) == []


async def unseen(page: Page, steps: int) -> list[str]:
    """What gets the focus by Tab without showing it, until the end of the page."""
    found = []
    for _ in range(steps):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement === document.body"):
            break
        if not await page.evaluate(OUTLINE):
            found.append(str(await page.evaluate("document.activeElement.outerHTML.slice(0, 120)")))
    return found
