"""An operator makes a weekend multiplier with a cap, tries a receipt, and keeps it as an example."""

from playwright.async_api import Browser, expect

from tests.browser.conftest import enter, window
from tests.browser.server import Server
from tests.browser.shop import Shop
from tests.browser.watching import Watch, findings, picture, sideways


async def test_a_rule_with_conditions_and_terms_then_an_example(
    chromium: Browser, server: Server, new_shop: Shop
) -> None:
    for size in ("desktop", "phone"):
        context = await window(chromium, server.address, size)
        page = await enter(context, new_shop.login, new_shop.password, "zh")
        watch = Watch(page)
        await page.goto("/points/rules")
        await page.get_by_test_id("new-rule").click()
        await page.get_by_test_id("kind-multiplier").click()
        await expect(page.get_by_test_id("sentence")).to_have_text("消费积分 2 倍")
        await page.get_by_test_id("add-rule-condition").click()
        await page.get_by_role("menuitem", name="限星期").click()
        await expect(page.get_by_test_id("sentence")).to_have_text("消费积分 2 倍，仅周末")
        await page.get_by_test_id("terms").locator("summary").click()
        await page.get_by_test_id("terms").get_by_label("叠加组", exact=True).fill("周末")
        await expect(page.get_by_test_id("sentence")).to_have_text("消费积分 2 倍，仅周末，叠加组「周末」内相加")
        await page.get_by_text("和已发布的规则一起算").click()
        await page.get_by_test_id("try-amount").fill("300")
        await expect(page.get_by_test_id("receipt")).to_contain_text("+300")
        assert await sideways(page) == ""
        assert await findings(page) == []
        await picture(page, f"rule-{size}")
        await page.goto("/points/try")
        await page.get_by_test_id("try-amount").fill("123.45")
        await expect(page.get_by_test_id("receipt")).to_contain_text("+123")
        await page.get_by_test_id("keep-example").click()
        await page.get_by_test_id("example-name").fill(f"普通会员买 123 元 {size}")
        await page.get_by_role("dialog").get_by_role("button", name="存成例子").click()
        await expect(page.get_by_test_id("examples")).to_contain_text("应给 123 分")
        assert await sideways(page) == ""
        assert await findings(page) == []
        await picture(page, f"try-{size}")
        assert watch.take() == []
        await context.close()
