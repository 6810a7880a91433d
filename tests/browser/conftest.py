"""One real server and one chromium for all browser tests; every test drives pages as a person does."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from shuke.doors.site import BUILT
from tests.browser.server import Server
from tests.browser.shop import Shop, empty_shop, filled_shop
from tests.browser.watching import AXE, Watch

SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
_DEBIAN = Path("/usr/bin/chromium")
CHROMIUM = os.environ.get("SHUKE_CHROMIUM") or (str(_DEBIAN) if _DEBIAN.exists() else None)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-quic",
    "--font-render-hinting=none", "--hide-scrollbars",
]  # fmt: skip


@pytest.fixture(scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """`shuke up`, as a newcomer starts it, with the console that was built."""
    assert (BUILT / "index.html").exists(), "the console is not built: make console"
    assert AXE.exists(), "axe-core is not installed: npm ci in web/console"
    home = tmp_path_factory.mktemp("browser home")
    for parent in (home, *home.parents):  # the database has an account of its own
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    made = Server(home)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


@pytest.fixture(scope="session")
async def shop(server: Server) -> Shop:
    """A shop with a past and known figures; tests read it."""
    return await filled_shop(server, "moli", "茉莉美妆")


@pytest.fixture(scope="session")
async def new_shop(server: Server) -> Shop:
    """A shop nobody has used yet; the walk fills it."""
    return await empty_shop(server, "huajian", "花间小铺")


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Debian's chromium, or the one SHUKE_CHROMIUM names."""
    async with async_playwright() as playwright:
        playwright.selectors.set_test_id_attribute("data-test")
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, handle_sigint=False)
        yield browser
        await browser.close()


async def window(chromium: Browser, address: str, size: str, **more: Any) -> BrowserContext:
    """A window of that size in Shanghai, still, with axe-core at hand."""
    expect.set_options(timeout=15_000)
    context = await chromium.new_context(
        base_url=address, viewport=SIZES[size], has_touch=size == "phone", is_mobile=size == "phone",
        locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce", **more,
    )  # fmt: skip
    context.set_default_timeout(20_000)
    await context.add_init_script(AXE.read_text(encoding="utf-8"))
    return context


async def enter(context: BrowserContext, login: str, password: str, locale: str) -> Page:
    """A page of the console, signed in, in that language."""
    await context.add_init_script(f"localStorage.setItem('shuke.locale', '{locale}')")
    page = await context.new_page()
    await page.goto("/login")
    await page.locator("input#login").fill(login)
    await page.locator("input#password").fill(password)
    await page.get_by_test_id("sign-in").click()
    await expect(page.get_by_test_id("nav")).to_be_attached()
    return page


class Desk:
    """A signed-in page with a watch on it."""

    def __init__(self, page: Page) -> None:
        self.page, self.watch = page, Watch(page)

    async def see(self, path: str) -> None:
        """Open a page and wait until it is whole."""
        await self.page.goto(path)
        await self.watch.settled()


@pytest.fixture(scope="session")
async def desks(chromium: Browser, shop: Shop) -> AsyncIterator[dict[tuple[str, str], Desk]]:
    """The filled shop in both languages and sizes, each in a window of its own."""
    made = {}
    for locale, login in (("zh", shop.login), ("en", shop.colleague)):
        for size in SIZES:
            context = await window(chromium, shop.server.address, size)
            made[locale, size] = Desk(await enter(context, login, shop.password, locale))
    yield made
    for desk in made.values():
        await desk.page.context.close()
