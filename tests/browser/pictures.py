"""The pictures of the README, taken from a running server: python -m tests.browser.pictures [ADDRESS [LOGIN PASSWORD]]."""

import asyncio
import sys
from pathlib import Path

from playwright.async_api import async_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, Desk, enter, window
from tests.browser.watching import DRAWN

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
HEIGHT = 1420  # the whole overview


async def take(address: str, login: str, password: str) -> None:
    """The overview of the demonstration merchant in both languages."""
    async with async_playwright() as playwright:
        playwright.selectors.set_test_id_attribute("data-test")
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for locale in ("en", "zh"):
            context = await window(browser, address, "desktop")
            desk = Desk(await enter(context, login, password, locale))
            await desk.page.set_viewport_size({"width": 1280, "height": HEIGHT})
            await desk.see("/")
            await desk.page.wait_for_function(DRAWN)
            await asyncio.sleep(1)  # the charts have grown
            FOLDER.mkdir(exist_ok=True)
            await desk.page.screenshot(path=FOLDER / f"overview-{locale}.png")
            await context.close()
        await browser.close()


if __name__ == "__main__":
    defaults = ["http://127.0.0.1:8088", "demo", "shuke-demo"]
    asyncio.run(take(*[*sys.argv[1:], *defaults[len(sys.argv) - 1 :]]))
