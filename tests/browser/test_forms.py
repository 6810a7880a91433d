"""What a segment may say is edited in forms: a change of one field leaves all others as they were written."""

from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.conftest import enter, window
from tests.browser.server import API, sign_in
from tests.browser.shop import Shop
from tests.browser.watching import Watch, findings, picture, sideways

pytestmark = pytest.mark.browser

MINI = {"prop": "channel", "op": "eq", "value": "mini"}
DEAR = {"prop": "amount_fen", "op": ">=", "value": 10_000}
RULE: dict[str, Any] = {"all": [
    {"sequence": [
        {"did": "view", "where": [MINI]}, {"did": "share", "same": ["sku"], "within": "2d"},
        {"not": {"did": "order", "where": [DEAR]}, "within": "2h"},
    ], "mode": "strict", "within": "2w"},
    {"rank": {"did": "order", "measure": {"sum": "amount_fen"}, "where": [DEAR]}, "top": "12.5%",
     "among": {"any": [{"attr": "city", "op": "in", "value": ["上海"]}, {"not": {"did": "view"}}]}},
    {"did": "order", "measure": "count", "op": ">", "value": {"times": 0.5, "of": {"did": "view", "where": [MINI]}}},
]}  # fmt: skip


async def test_steps_rankings_and_comparisons_have_forms(chromium: Browser, shop: Shop) -> None:
    console = await sign_in(shop.server.address, shop.login, shop.password)
    for size in ("desktop", "phone"):
        made = await console.post(f"{API}/segments", json={"name": f"看了没买 {size}", "rule": RULE})
        assert made.status_code == 201, made.text
        slug = made.json()["slug"]
        context = await window(chromium, shop.server.address, size)
        page = await enter(context, shop.login, shop.password, "zh")
        watch = Watch(page)
        await page.goto(f"/segments/{slug}/edit")
        await expect(page.get_by_test_id("step")).to_have_count(3)
        await expect(page.get_by_test_id("unreadable")).to_have_count(0)
        await expect(page.get_by_test_id("among-rule").get_by_test_id("condition")).to_have_count(2)
        await choose(page, page.get_by_test_id("sequence-mode"), "可以有别的行为")
        await page.get_by_test_id("step-within").nth(1).locator("input").fill("3")
        await page.keyboard.press("Tab")
        await page.get_by_test_id("rank-count").locator("input").fill("20")
        await page.keyboard.press("Tab")
        await page.get_by_test_id("times").locator("input").fill("2")
        await page.keyboard.press("Tab")
        await watch.settled()
        assert (await sideways(page), await findings(page)) == ("", [])
        await picture(page, f"segment-forms-{size}")
        await page.get_by_test_id("save-segment").click()
        await expect(page.get_by_test_id("page-title")).to_contain_text("看了没买")
        stored = (await console.get(f"{API}/segments/{slug}")).json()["rule"]
        sequence, rank, compared = RULE["all"]
        steps = [*sequence["sequence"][:2], {**sequence["sequence"][2], "within": "3h"}]
        assert stored == {"all": [
            {"sequence": steps, "within": "2w"}, {**rank, "top": "20%"},
            {**compared, "value": {**compared["value"], "times": 2}},
        ]}  # fmt: skip
        assert watch.take() == []
        await console.delete(f"{API}/segments/{slug}")
        await context.close()
    await console.aclose()


async def choose(page: Page, control: Locator, label: str) -> None:
    """Pick an entry of a select."""
    await control.click()
    await page.get_by_role("option", name=label, exact=True).locator("visible=true").click()
