"""The first afternoon of a shop owner: sign in, import, look at a member, make a segment, win sleepers back, sign out."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from shuke.kit import clock
from tests.browser.conftest import Desk, window
from tests.browser.shop import MEMBERS, ROWS, Shop, orders_csv, post
from tests.browser.watching import picture

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
async def desk(chromium: Browser, new_shop: Shop) -> AsyncIterator[Desk]:
    """One window, from the first test of this file to the last: each begins where the one before ended."""
    context = await window(chromium, new_shop.server.address, "desktop")
    yield Desk(await context.new_page())
    await context.close()


async def test_sign_in_and_an_empty_overview_says_what_to_do(desk: Desk, new_shop: Shop) -> None:
    page = desk.page
    await page.goto("/members")
    await expect(page).to_have_url(re.compile(r"/login\?next=/members$"))
    await page.goto("/login")
    await page.get_by_test_id("login").locator("visible=true").fill(new_shop.login)
    await page.locator("#password").fill("wrong-password")
    await page.get_by_test_id("sign-in").click()
    await expect(page.get_by_role("alert")).to_contain_text("密码")
    assert [one for one in desk.watch.take() if "401" not in one] == []
    await page.locator("#password").fill(new_shop.password)
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("page-title")).to_contain_text("概览")
    await expect(page.get_by_test_id("merchant")).to_have_text("花间小铺")
    await expect(page.get_by_text("还没有会员和订单")).to_be_visible()
    await desk.watch.settled()
    await picture(page, "walk-1-empty")
    await page.get_by_role("button", name="导入订单").click()
    await expect(page).to_have_url(re.compile(r"/imports\?kind=orders$"))


async def test_import_orders_and_members(desk: Desk) -> None:
    page = desk.page
    await page.get_by_test_id("file").set_input_files(
        {"name": "收银导出.csv", "mimeType": "text/csv", "buffer": orders_csv(flawed=True)}
    )
    await expect(page.get_by_test_id("import-state")).to_have_text("待确认")
    for ours, theirs in {"order_id": "订单号", "occurred_at": "下单时间", "member_id": "会员号", "phone": "手机号",
                         "store_id": "门店", "sku": "货号", "amount": "实付", "category": "品类"}.items():  # fmt: skip
        await expect(page.get_by_role("row").filter(has=page.locator(f"#map-{ours}"))).to_contain_text(theirs)
    await expect(page.get_by_test_id("preview")).to_contain_text("玻尿酸精华 30ml")
    await picture(page, "walk-2-mapping")
    await page.get_by_test_id("start-import").click()
    await expect(page.get_by_test_id("import-state")).to_have_text("已完成", timeout=40_000)
    numbers = page.get_by_test_id("import-numbers")
    await expect(numbers).to_contain_text(re.compile(rf"已读\s*{ROWS + 1}.*导入\s*{ROWS}.*重复\s*0.*没通过\s*1", re.S))
    async with page.expect_download() as started:
        await page.get_by_test_id("rejected").click()
    left_out = (await (await started.value).path()).read_text(encoding="utf-8-sig")
    assert "SO-1009" in left_out
    assert "待定" in left_out
    await picture(page, "walk-3-imported")

    await page.goto("/imports?kind=members")
    await page.get_by_test_id("file").set_input_files(
        {"name": "会员资料.csv", "mimeType": "text/csv", "buffer": MEMBERS.encode()}
    )
    await page.get_by_test_id("start-import").click()
    await expect(page.get_by_test_id("import-state")).to_have_text("已完成", timeout=40_000)
    await expect(page.get_by_test_id("import-numbers")).to_contain_text(re.compile(r"导入\s*5"))
    await page.get_by_role("button", name="去看会员").click()
    await expect(page.get_by_test_id("row")).to_have_count(5)


async def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    page = desk.page
    await page.goto("/imports?kind=orders")
    await page.get_by_test_id("file").set_input_files(
        {"name": "再来一次.csv", "mimeType": "text/csv", "buffer": orders_csv()}
    )
    await page.get_by_test_id("start-import").click()
    await expect(page.get_by_test_id("import-state")).to_have_text("已完成", timeout=40_000)
    await expect(page.get_by_test_id("import-numbers")).to_contain_text(
        re.compile(rf"导入\s*0.*重复\s*{ROWS}.*没通过\s*0", re.S)
    )


async def test_the_overview_counts_what_came(desk: Desk) -> None:
    page = desk.page
    await page.get_by_test_id("nav-overview").click()
    overview = page.get_by_test_id("overview")
    await expect(overview).to_contain_text(re.compile(r"会员总数\s*5"))
    await expect(overview).to_contain_text(re.compile(r"近 30 天订单\s*3"))
    await expect(overview).to_contain_text(re.compile(r"近 30 天销售额\s*¥845\.00"))
    await expect(overview).to_contain_text(re.compile(r"未使用积分\s*3,447"))
    lifecycle = page.get_by_test_id("lifecycle")
    await expect(lifecycle).to_contain_text(re.compile(r"沉睡\s*3"), timeout=40_000)
    await expect(lifecycle).to_contain_text(re.compile(r"流失\s*1"))
    await expect(lifecycle).to_contain_text(re.compile(r"成长\s*1"))


async def test_find_a_member_and_read_why(desk: Desk) -> None:
    page = desk.page
    await page.get_by_test_id("nav-members").click()
    await page.get_by_placeholder("手机尾号、姓名或卡号").fill("8001")
    await expect(page.get_by_test_id("row")).to_have_count(1)
    await page.get_by_role("link", name="林晓芙").click()
    await expect(page.get_by_test_id("page-title")).to_contain_text("林晓芙")
    await expect(page.get_by_test_id("phone")).to_have_text("138****8001")
    await expect(page.get_by_test_id("points-available")).to_contain_text("728")
    movements = page.get_by_test_id("row")
    await expect(movements).to_have_count(2)
    await expect(movements.nth(0)).to_contain_text("+128")
    await expect(movements.nth(0).get_by_test_id("why")).to_contain_text("128.50")
    await expect(movements.nth(1)).to_contain_text("+600")
    await picture(page, "walk-4-member")
    await page.get_by_test_id("tab-lots").click()
    await expect(page.get_by_test_id("row")).to_have_count(2)
    await page.get_by_test_id("tab-orders").click()
    orders = page.get_by_test_id("orders")
    await expect(orders).to_contain_text("¥600.00")
    await orders.get_by_role("button", name="600.00").click()
    await expect(orders).to_contain_text("保湿面膜 10片")
    await page.get_by_test_id("reveal").click()
    await expect(page.get_by_test_id("phone")).to_have_text("13800138001")


async def test_adjust_points_and_take_it_back(desk: Desk) -> None:
    page = desk.page
    await page.get_by_test_id("tab-movements").click()
    await page.get_by_test_id("adjust-points").click()
    await page.get_by_test_id("confirm").click()
    await expect(page.get_by_role("dialog")).to_contain_text("请写一句原因")
    await page.locator("#adjust-points").fill("50")
    await page.locator("#adjust-reason").fill("补记周年礼")
    await expect(page.get_by_role("dialog")).to_contain_text("调整后可用 778 积分")
    await picture(page, "walk-5-adjust", whole=False)
    await page.get_by_test_id("confirm").click()
    await expect(page.get_by_test_id("points-available")).to_contain_text("778")
    await expect(page.get_by_test_id("row").nth(0)).to_contain_text("补记周年礼")
    await page.get_by_test_id("undo").click()
    await expect(page.get_by_test_id("points-available")).to_contain_text("728")
    await expect(page.get_by_test_id("row").nth(0)).to_contain_text("−50")
    await expect(page.get_by_test_id("row").nth(0)).to_contain_text("撤回：补记周年礼")


async def test_make_a_segment_while_it_counts(desk: Desk) -> None:
    page = desk.page
    await page.get_by_test_id("nav-segments").click()
    await page.get_by_role("button", name="新建分群").click()
    await expect(page.get_by_test_id("live-count")).to_have_text("1")  # 张丽 alone came in the last 30 days
    await page.locator("#segment-name").fill("近期来过的老客")
    await page.get_by_test_id("window-length").locator("input").fill("50")
    await page.keyboard.press("Tab")
    await expect(page.get_by_test_id("live-count")).to_have_text("4")
    await page.get_by_test_id("add-condition").click()
    await page.get_by_test_id("add-attr").locator("visible=true").click()
    await choose(page, "attribute", "可用积分")
    await page.get_by_test_id("condition").nth(1).get_by_test_id("value").locator("input").fill("500")
    await page.keyboard.press("Tab")
    await expect(page.get_by_test_id("live-count")).to_have_text("3")  # 林晓芙, 王小美, 张丽
    await expect(page.get_by_test_id("part-count").nth(0)).to_contain_text("4")
    await expect(page.get_by_test_id("sentence")).to_contain_text("50 天")
    await picture(page, "walk-6-segment-editor")
    await page.get_by_test_id("save-segment").click()
    await expect(page.get_by_test_id("page-title")).to_contain_text("近期来过的老客")
    await expect(page.get_by_test_id("segment-count")).to_have_text("3", timeout=30_000)
    await expect(page.get_by_test_id("row")).to_have_count(3, timeout=30_000)


async def choose(page: Page, name: str, label: str) -> None:
    """Pick an entry of a select."""
    await page.get_by_test_id(name).locator("visible=true").last.click()
    await page.get_by_role("option", name=label, exact=True).locator("visible=true").click()


async def test_ask_why_somebody_is_out(desk: Desk) -> None:
    page = desk.page
    picker = page.get_by_test_id("explain").get_by_role("combobox")
    await picker.click()
    await picker.press_sequentially("陈静", delay=20)
    await page.get_by_role("option", name="陈静").click()
    await expect(page.get_by_test_id("explain-answer")).to_have_text("陈静 不在这个分群里")
    await expect(page.get_by_test_id("explain")).to_contain_text("实际 99，要求 500")
    await picture(page, "walk-7-explain")


async def test_the_ready_example_wins_sleepers_back(desk: Desk, new_shop: Shop) -> None:
    page = desk.page
    await page.get_by_test_id("nav-outreach").click()
    await page.get_by_test_id("use-dormant-500-as-50").click()
    await expect(page.get_by_test_id("journey-state")).to_have_text("草稿")
    await page.get_by_test_id("launch").click()
    await expect(page.get_by_role("dialog")).to_contain_text("3 位", timeout=30_000)
    await picture(page, "walk-8-launch", whole=False)
    await page.get_by_test_id("confirm").click()
    await expect(page.get_by_test_id("journey-state")).to_have_text("进行中")
    numbers = page.get_by_test_id("journey-numbers")
    await expect(numbers).to_contain_text(re.compile(r"进入\s*3.*收到消息\s*3.*拿到优惠\s*3", re.S), timeout=40_000)
    await expect(page.get_by_test_id("row")).to_have_count(3)
    bubble = page.get_by_test_id("messages").get_by_test_id("bubble").filter(has_text="王小美")
    await expect(bubble).to_contain_text("王小美您好，您有 820 积分。")
    await expect(bubble).to_contain_text("500 积分可当 50 元用")

    # 王小美 comes back the same day and pays 50 yuan with 500 points.
    order = {
        "order_id": "SO-2001", "occurred_at": clock.now().isoformat(),
        "member": {"phone": "13800138002"}, "store_id": "sh-xuhui", "channel": "pos", "amount_fen": 10_000,
        "points_spent": 500,
    }  # fmt: skip
    answer = await post(new_shop, "orders", order)
    assert (answer["points"]["spent"], answer["points_value_fen"]) == (500, 5_000)
    await expect(numbers).to_contain_text(re.compile(r"7 天内回来\s*1.*33", re.S), timeout=40_000)
    await desk.watch.settled()
    await picture(page, "walk-9-journey")


async def test_every_message_stands_in_the_log_as_on_a_phone(desk: Desk) -> None:
    page = desk.page
    await page.goto("/journeys/messages")
    bubbles = page.get_by_test_id("messages").get_by_test_id("bubble")
    await expect(bubbles).to_have_count(3)
    await expect(bubbles.filter(has_text="林晓芙")).to_contain_text("您有 728 积分")
    await picture(page, "walk-10-messages")


async def test_switch_the_language_and_sign_out(desk: Desk) -> None:
    page = desk.page
    await page.get_by_test_id("language").click()
    await expect(page.get_by_test_id("page-title")).to_contain_text("Outreach")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await page.reload()
    await expect(page.get_by_test_id("page-title")).to_contain_text("Outreach")
    await page.get_by_test_id("account").click()
    await page.get_by_test_id("sign-out").locator("visible=true").click()
    await expect(page).to_have_url(re.compile(r"/login$"))
    await expect(page.get_by_test_id("sign-in")).to_have_text("Sign in")
    await page.goto("/members")
    await expect(page).to_have_url(re.compile(r"/login"))
    assert [one for one in desk.watch.take() if "401" not in one] == []
