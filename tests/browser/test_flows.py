"""What a shop owner does in a week, by clicks: tags, transfers, refunds, approvals, draws, merges, statements, playbooks."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect

from shuke.kit import clock
from tests.browser.conftest import enter, window
from tests.browser.server import API, Server, sign_in
from tests.browser.shop import MEMBERS, Shop, empty_shop, orders_csv, post, take_in
from tests.browser.watching import Watch, findings, picture, sideways

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
async def counter(server: Server) -> Shop:
    """A shop of its own with five members and their orders; each test takes other members."""
    shop = await empty_shop(server, "qinghe", "青禾美妆")
    console = await sign_in(server.address, shop.login, shop.password)
    await take_in(console, "orders", "收银导出.csv", orders_csv())
    await take_in(console, "members", "会员资料.csv", MEMBERS.encode())
    rows = (await console.get(f"{API}/members")).json()["items"]
    shop.member = {row["name"]: row["member_id"] for row in rows}
    partner = {"login": "qinghe-partner", "name": "合伙人", "password": shop.password,
               "roles": [{"role": "owner", "store": None}]}  # fmt: skip
    assert (await console.post(f"{API}/staff", json=partner)).status_code == 201
    shop.colleague = partner["login"]
    await console.aclose()
    return shop


@asynccontextmanager
async def at_work(chromium: Browser, shop: Shop, size: str = "desktop", login: str = "") -> AsyncIterator[Page]:
    """A signed-in window that must stay quiet, fit its width and be accessible where the work ends."""
    async with AsyncExitStack() as stack:
        context = await window(chromium, shop.server.address, size)
        stack.push_async_callback(context.close)
        page = await enter(context, login or shop.login, shop.password, "zh")
        watch = Watch(page)
        yield page
        await watch.settled()
        refused = re.compile(r"4(09|22)")  # what the page is told no for is shown on it, and part of the work
        troubles = [one for one in watch.take() if not refused.search(one)]
        assert (troubles, await sideways(page), await findings(page)) == ([], "", [])


async def find(page: Page, picker: str, name: str) -> None:
    """Choose a member by name."""
    field = page.locator(picker)
    await field.click()
    await field.press_sequentially(name, delay=10)
    await page.get_by_role("option", name=re.compile(name)).locator("visible=true").click()


async def confirm(page: Page) -> None:
    """The button of the dialog, which then goes."""
    await page.get_by_test_id("confirm").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_a_tag_for_several_members_is_taken_off_as_one(chromium: Browser, counter: Shop) -> None:
    async with at_work(chromium, counter) as page:
        await page.goto("/tags")
        await page.get_by_test_id("new-tag").click()
        await page.locator("#tag-name").fill("秋季沙龙到场")
        await confirm(page)
        await expect(page.get_by_test_id("shelf")).to_contain_text("秋季沙龙到场")
        await page.goto("/members")
        rows = page.get_by_test_id("row")
        for nth in (0, 1):
            await rows.nth(nth).locator(".el-checkbox").click()
        await page.get_by_test_id("tag-chosen").click()
        await page.get_by_test_id("tags-add").click()
        await page.get_by_role("option", name="秋季沙龙到场").locator("visible=true").click()
        await page.locator("#tags-reason").fill("11 月沙龙签到表")
        await confirm(page)
        await expect(rows.filter(has_text="秋季沙龙到场")).to_have_count(2)
        await picture(page, "flow-tags")
        await page.get_by_test_id("undo").click()
        await expect(rows.filter(has_text="秋季沙龙到场")).to_have_count(0)
        await page.goto("/tags/acts")
        await expect(page.get_by_test_id("row").filter(has_text="11 月沙龙签到表")).to_contain_text("已撤销")


async def test_points_pass_to_another_member_and_never_more_than_there_are(chromium: Browser, counter: Shop) -> None:
    async with at_work(chromium, counter) as page:
        await page.goto(f"/members/{counter.member['王小美']}")
        await page.get_by_test_id("member-more").click()
        await page.get_by_test_id("transfer-points").locator("visible=true").click()
        await find(page, "#transfer-to", "赵敏")
        await page.locator("#transfer-points").fill("900")
        await page.get_by_test_id("confirm").click()
        await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("820")
        await picture(page, "flow-transfer-refused", whole=False)
        await page.locator("#transfer-points").fill("120")
        await confirm(page)
        await expect(page.get_by_test_id("points-available")).to_contain_text("700")
        await expect(page.get_by_test_id("row").nth(0)).to_contain_text("−120")
        await page.goto("/points/transfers")
        await expect(page.get_by_test_id("row")).to_contain_text(re.compile(r"王小美.*赵敏.*120", re.S))


async def test_a_refund_takes_its_points_back_and_says_so(chromium: Browser, counter: Shop) -> None:
    order = {
        "order_id": "SO-2001", "occurred_at": clock.now().isoformat(), "member": {"phone": "13800138001"},
        "store_id": "sh-jingan", "channel": "pos", "amount_fen": 20_000,
    }  # fmt: skip
    await post(counter, "orders", order)
    async with at_work(chromium, counter, "phone") as page:
        await page.goto(f"/members/{counter.member['林晓芙']}?tab=orders")
        await expect(page.get_by_test_id("points-available")).to_contain_text("928")
        await page.get_by_test_id("orders").get_by_role("button", name="200.00").click()
        await page.get_by_test_id("try-refund").click()
        await page.get_by_test_id("confirm").click()
        shown = page.get_by_test_id("refund-preview")
        await expect(shown).to_contain_text("¥200.00")
        await expect(shown).to_contain_text("200")
        await picture(page, "flow-refund-preview", whole=False)
        refund = {
            "refund_id": "RF-1",
            "order_id": "SO-2001",
            "occurred_at": clock.now().isoformat(),
            "amount_fen": 20_000,
        }
        await post(counter, "refunds", refund)
        await page.goto(f"/members/{counter.member['林晓芙']}")
        await expect(page.get_by_test_id("points-available")).to_contain_text("728")
        await expect(page.get_by_test_id("row").nth(0)).to_contain_text("−200")
        await expect(page.get_by_test_id("row").nth(0)).to_contain_text("退了 ¥200.00")
        await page.get_by_test_id("tab-orders").click()
        await expect(page.get_by_test_id("orders").get_by_text(re.compile("退.*¥200.00"))).to_be_visible()
        await picture(page, "flow-refunded")


async def test_a_large_adjustment_waits_for_a_second_person(chromium: Browser, counter: Shop) -> None:
    async with at_work(chromium, counter) as page:
        await page.goto("/points/approvals")
        await page.get_by_test_id("approval-limit").click()
        await page.locator("#approval-limit-input").fill("500")
        await confirm(page)
        await expect(page.get_by_test_id("limit-is")).to_contain_text("500")
        await page.goto(f"/members/{counter.member['张丽']}")
        await page.get_by_test_id("adjust-points").click()
        await page.locator("#adjust-points").fill("600")
        await page.locator("#adjust-reason").fill("护理改期补偿")
        await confirm(page)
        await expect(page.get_by_test_id("points-available")).to_contain_text("800")
        await page.goto("/points/approvals")
        await expect(page.get_by_test_id("row")).to_contain_text(re.compile("张丽.*护理改期补偿", re.S))
        await expect(page.get_by_test_id("approve")).to_have_count(0)  # nobody approves their own
    async with at_work(chromium, counter, login=counter.colleague) as page:
        await page.goto("/points/approvals")
        await page.get_by_test_id("approve").click()
        await expect(page.get_by_text("没有等着批准的调整")).to_be_visible()
        await page.goto(f"/members/{counter.member['张丽']}")
        await expect(page.get_by_test_id("points-available")).to_contain_text("1,400")


async def test_a_member_takes_a_turn_in_a_draw(chromium: Browser, counter: Shop) -> None:
    async with at_work(chromium, counter) as page:
        await page.goto("/missions/lotteries")
        await page.get_by_test_id("add-lottery").click()
        await page.locator("#draw-name").fill("周年庆抽奖")
        await confirm(page)
        await expect(page.get_by_test_id("lottery")).to_contain_text("周年庆抽奖")
        await page.goto(f"/members/{counter.member['陈静']}?tab=missions")
        await page.get_by_test_id("adjust-points").click()
        await page.get_by_test_id("adjust-wallet").click()
        await page.get_by_role("option", name="抽奖机会").click()
        await page.locator("#adjust-points").fill("1")
        await page.locator("#adjust-reason").fill("周年庆到店")
        await expect(page.get_by_role("dialog")).to_contain_text("调整后可用 1 次")
        await picture(page, "flow-adjust-wallet", whole=False)
        await confirm(page)
        turns = page.get_by_test_id("lottery-turns")
        await expect(turns).to_contain_text("1")
        await page.get_by_test_id("take-turn").click()
        await confirm(page)
        await expect(page.get_by_test_id("take-turn")).to_be_disabled()
        await expect(page.get_by_test_id("toast").first).to_be_visible()
        await picture(page, "flow-draw")


async def test_stored_credit_is_put_in_by_hand_as_money_and_taken_back(chromium: Browser, counter: Shop) -> None:
    async with at_work(chromium, counter) as page:
        await page.goto(f"/members/{counter.member['陈静']}?tab=movements")
        await page.get_by_test_id("adjust-points").click()
        await page.get_by_test_id("adjust-wallet").click()
        await page.get_by_role("option", name="储值").click()
        await page.locator("#adjust-points").fill("12.345")
        await page.locator("#adjust-reason").fill("充值卡转入")
        await page.get_by_test_id("confirm").click()
        await expect(page.get_by_role("dialog")).to_contain_text("0.01 到 100,000 元")
        await page.locator("#adjust-points").fill("88.5")
        await expect(page.get_by_role("dialog")).to_contain_text("调整后储值 ¥88.50")
        await picture(page, "flow-stored-credit", whole=False)
        await confirm(page)
        await page.get_by_test_id("wallet").click()
        await page.get_by_role("option", name="储值").click()
        await expect(page.get_by_test_id("row").first).to_contain_text("¥88.50")
        await page.get_by_test_id("undo").first.click()
        await expect(page.get_by_test_id("row").first).to_contain_text("−¥88.50")
        await picture(page, "flow-stored-credit-undone")


async def test_a_merge_is_undone(chromium: Browser, counter: Shop) -> None:
    async with at_work(chromium, counter) as page:
        await page.goto("/members/merges")
        await find(page, "#merge-from", "赵敏")
        await find(page, "#merge-into-tool", "林晓芙")
        await expect(page.get_by_test_id("merge-compare")).to_contain_text("赵敏")
        await page.get_by_test_id("merge-open").click()
        await confirm(page)
        await expect(page.get_by_test_id("row")).to_contain_text(re.compile("赵敏.*林晓芙", re.S))
        await expect(page.get_by_test_id("row")).to_contain_text(re.compile(r"[1-9][\d,]* 积分"))  # within a second
        await picture(page, "flow-merged")
        await page.get_by_test_id("merge-undo").click()
        await expect(page.get_by_test_id("undo-points")).to_be_visible()
        await confirm(page)
        await expect(page.get_by_test_id("row")).to_contain_text("已撤销")


async def test_a_statement_is_taken_home(chromium: Browser, counter: Shop) -> None:
    async with at_work(chromium, counter) as page:
        await page.goto(f"/members/{counter.member['陈静']}")
        for button, begins in (("statement", b"PK"), ("statement-pdf", b"%PDF")):
            async with page.expect_download() as started:
                await page.get_by_test_id(button).click()
            found = await (await started.value).path()
            assert found.read_bytes().startswith(begins)


async def test_an_example_that_breaks_keeps_a_rule_from_being_published(chromium: Browser, counter: Shop) -> None:
    async with at_work(chromium, counter) as page:
        await page.goto("/points/try")
        await page.get_by_test_id("try-amount").fill("268")
        await expect(page.get_by_test_id("receipt")).to_contain_text("+268")
        await page.get_by_test_id("keep-example").click()
        await page.get_by_test_id("example-name").fill("普通会员买 268 元")
        await confirm(page)
        await page.goto("/points/rules")
        await page.get_by_test_id("rule").first.click()
        await page.locator("#rule-name").fill("消费 1 元积 2 分")
        await page.get_by_label("送多少积分").fill("2")
        await page.keyboard.press("Tab")
        await expect(page.get_by_test_id("publish")).to_be_enabled()
        await page.get_by_test_id("publish").click()
        await page.get_by_test_id("confirm").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("alert")).to_contain_text("普通会员买 268 元")
        await picture(page, "flow-example-breaks", whole=False)
        await page.get_by_test_id("see-examples").click()
        await page.get_by_test_id("examples").get_by_role("button", name="删除").click()
        await expect(page.get_by_test_id("examples")).to_have_count(0)
        await page.goto("/points/rules")
        await page.get_by_test_id("rule").first.click()
        await page.get_by_test_id("publish").click()
        await confirm(page)
        await expect(page.get_by_test_id("versions")).to_contain_text("消费 1 元积 2 分")


async def test_a_playbook_fills_an_empty_shop(chromium: Browser, server: Server) -> None:
    shop = await empty_shop(server, "songyue", "松月美容")
    async with at_work(chromium, shop, "phone") as page:
        await page.goto("/settings/playbooks")
        await page.get_by_test_id("see-beauty").click()
        await expect(page.get_by_test_id("parts-new")).to_contain_text("首单加赠 200 分")
        await page.get_by_test_id("install-playbook").click()
        await confirm(page)
        await expect(page.get_by_test_id("parts-installed")).to_contain_text("首单加赠 200 分", timeout=30_000)
        await expect(page.get_by_test_id("parts-new")).to_have_count(0)
        await picture(page, "flow-playbook")
        await page.goto("/points/rules")
        await expect(page.get_by_test_id("rule").filter(has_text="首单加赠 200 分")).to_contain_text("生效中")
        await page.goto("/points/tiers")
        await expect(page.get_by_label(re.compile("名字|名称")).first).to_be_visible()
