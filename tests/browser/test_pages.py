"""Every page, at a desk and on a phone, in Chinese and English: its name, quiet, fitting, accessible; and its picture."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Desk
from tests.browser.shop import Shop
from tests.browser.watching import findings, picture, sideways

pytestmark = pytest.mark.browser

# name → address, title in Chinese, title in English
PAGES: dict[str, tuple[str, str, str]] = {
    "overview": ("/", "概览", "Overview"),
    "members": ("/members", "会员", "Members"),
    "member": ("/members/{林晓芙}", "林晓芙", "林晓芙"),
    "member-lots": ("/members/{林晓芙}?tab=lots", "林晓芙", "林晓芙"),
    "member-orders": ("/members/{林晓芙}?tab=orders", "林晓芙", "林晓芙"),
    "member-timeline": ("/members/{林晓芙}?tab=timeline", "林晓芙", "林晓芙"),
    "member-messages": ("/members/{林晓芙}?tab=messages", "林晓芙", "林晓芙"),
    "merges": ("/members/merges", "合并会员", "Merge members"),
    "rules": ("/points/rules", "积分", "Points"),
    "rule": ("/points/rules/{rule}", "", ""),
    "points-try": ("/points/try", "积分", "Points"),
    "backtests": ("/points/backtests", "积分", "Points"),
    "self-test": ("/points/self-test", "积分", "Points"),
    "ledger": ("/points/ledger", "积分", "Points"),
    "approvals": ("/points/approvals", "积分", "Points"),
    "transfers": ("/points/transfers", "积分", "Points"),
    "holds": ("/points/holds", "积分", "Points"),
    "waiting": ("/points/waiting", "积分", "Points"),
    "digests": ("/points/digests", "积分", "Points"),
    "points-finance": ("/points/finance", "积分", "Points"),
    "points-summary": ("/points/summary", "积分", "Points"),
    "offers": ("/points/offers", "积分", "Points"),
    "tiers": ("/points/tiers", "积分", "Points"),
    "member-tiers": ("/members/{林晓芙}?tab=tiers", "林晓芙", "林晓芙"),
    "check-in": ("/missions/check-in", "任务", "Missions"),
    "missions": ("/missions/list", "任务", "Missions"),
    "lotteries": ("/missions/lotteries", "任务", "Missions"),
    "mission-reviews": ("/missions/reviews", "任务", "Missions"),
    "member-missions": ("/members/{林晓芙}?tab=missions", "林晓芙", "林晓芙"),
    "referrals": ("/referrals/plan", "推荐", "Referrals"),
    "referral-relations": ("/referrals/relations", "推荐", "Referrals"),
    "referral-reviews": ("/referrals/reviews", "推荐", "Referrals"),
    "referral-board": ("/referrals/leaderboard", "推荐", "Referrals"),
    "member-referrals": ("/members/{林晓芙}?tab=referrals", "林晓芙", "林晓芙"),
    "segments": ("/segments", "分群", "Segments"),
    "segment": ("/segments/dormant-500", "沉睡会员（500 积分以上）", "Dormant with 500 points or more"),
    "lifecycle": ("/segments/lifecycle", "分群", "Segments"),
    "segments-compare": ("/segments/compare", "", ""),
    "segment-lists": ("/segments/lists", "", ""),
    "profiles": ("/segments/profiles", "分群", "Segments"),
    "tags": ("/tags", "标签", "Tags"),
    "tags-together": ("/tags/together", "标签", "Tags"),
    "tags-models": ("/tags/models", "标签", "Tags"),
    "tags-acts": ("/tags/acts", "标签", "Tags"),
    "segment-new": ("/segments/new", "新建分群", "New segment"),
    "segment-edit": ("/segments/dormant-500/edit", "修改分群", "Edit segment"),
    "journeys": ("/journeys", "触达", "Outreach"),
    "journey": ("/journeys/{journey}", "叫回沉睡会员：500 积分抵 50 元", "Bring dormant members back: 500 points for 50 yuan"),
    "journey-new": ("/journeys/new", "新建触达", "New journey"),
    "messages": ("/journeys/messages", "触达", "Outreach"),
    "notices": ("/journeys/notices", "触达", "Outreach"),
    "imports": ("/imports", "导入", "Imports"),
    "late": ("/imports/late", "导入", "Imports"),
    "import": ("/imports/{import}", "收银导出.csv", "收银导出.csv"),
    "import-mapping": ("/imports/{waiting}", "待确认.csv", "待确认.csv"),
    "settings-merchant": ("/settings/merchant", "设置", "Settings"),
    "settings-stores": ("/settings/stores", "设置", "Settings"),
    "settings-playbooks": ("/settings/playbooks", "设置", "Settings"),
    "settings-staff": ("/settings/staff", "设置", "Settings"),
    "settings-keys": ("/settings/keys", "设置", "Settings"),
    "settings-attributes": ("/settings/attributes", "设置", "Settings"),
    "settings-webhooks": ("/settings/webhooks", "设置", "Settings"),
    "settings-audit": ("/settings/audit", "设置", "Settings"),
    "settings-operations": ("/settings/operations", "设置", "Settings"),
    "help": ("/help", "帮助", "Help"),
    "lost": ("/nowhere", "没有这个页面", "Page not found"),
}  # fmt: skip


def address(template: str, shop: Shop) -> str:
    """The address of a page of this shop."""
    known = {"journey": shop.journey_id, "import": shop.import_id, "waiting": shop.waiting_id, "rule": shop.rule_id}
    known |= shop.member
    return re.sub(r"\{(.+?)\}", lambda found: str(known[found[1]]), template)


@pytest.mark.parametrize("name", PAGES)
async def test_a_page(desks: dict[tuple[str, str], Desk], shop: Shop, name: str) -> None:
    path, *titles = PAGES[name]
    seen = await asyncio.gather(
        *(
            look(desk, f"{name}-{locale}-{size}", address(path, shop), titles[locale == "en"], locale)
            for (locale, size), desk in desks.items()
        )
    )
    assert [trouble for troubles in seen for trouble in troubles] == []


async def look(desk: Desk, name: str, path: str, title: str, locale: str) -> list[str]:
    """Open one page in one window, keep its picture, and say what is wrong with it."""
    desk.watch.take()
    await desk.see(path)
    if title:
        await expect(desk.page.locator("h1").first, name).to_contain_text(title)
    await expect(desk.page.locator("html"), name).to_have_attribute("lang", "zh-CN" if locale == "zh" else "en")
    await picture(desk.page, name)
    troubles = [*desk.watch.take(), await sideways(desk.page), *await findings(desk.page)]
    return [f"{name}: {trouble}" for trouble in troubles if trouble]
