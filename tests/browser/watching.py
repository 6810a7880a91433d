"""What every page must keep: a quiet console, answered requests, no sideways scroll, no serious accessibility finding."""

import asyncio
import re
from pathlib import Path
from typing import Any

from playwright.async_api import ConsoleMessage, Page, Request, Response

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web" / "console" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "test-results"


class Watch:
    """Listens to a page; `troubles` is what a person with open developer tools would see in red."""

    def __init__(self, page: Page) -> None:
        self.page, self.troubles, self._open = page, [], set[Request]()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.troubles.append(f"page error: {error}"))
        page.on("request", self._asked)
        page.on("requestfinished", self._done)
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    troubles: list[str]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"console {message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.endswith("/console/api/events"):
            self._open.add(request)

    def _done(self, request: Request) -> None:
        self._open.discard(request)

    def _failed(self, request: Request) -> None:
        self._open.discard(request)
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"{request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.troubles.append(f"{response.request.method} {response.url}: {response.status}")

    async def settled(self) -> None:
        """Wait until nothing is asked any more and nothing is a shape of what comes."""
        quiet = 0
        for _ in range(600):
            await asyncio.sleep(0.03)
            quiet = 0 if self._open else quiet + 1
            if quiet >= 4 and not await self.page.locator(".bones, [aria-busy=true]").count():
                return
        raise AssertionError(f"still loading: {[request.url for request in self._open]}")

    def take(self) -> list[str]:
        """The troubles since the last time, each once."""
        found, self.troubles = list(dict.fromkeys(self.troubles)), []
        return found


SIDEWAYS = """() => {
  const room = document.documentElement.clientWidth;
  const wide = document.documentElement.scrollWidth;
  if (wide <= room) return "";
  const out = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > room + 1);
  return `${wide} > ${room}: ` + out.slice(-3).map((one) => one.outerHTML.slice(0, 120)).join(" | ");
}"""
FINDINGS = """async () => {
  const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
  const { violations } = await axe.run(document, { resultTypes: ["violations"], runOnly: rules });
  const told = (node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`;
  return violations
    .filter((one) => ["serious", "critical"].includes(one.impact) || one.id === "heading-order")
    .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map(told).join(" | ")}`);
}"""
DRAWN = "() => [...document.querySelectorAll('figure.chart [role=img]')].every((one) => one.querySelector('svg'))"
SCROLL = """async () => {
  for (let y = 0; y < document.body.scrollHeight; y += innerHeight / 2) {
    scrollTo(0, y);
    await new Promise((done) => setTimeout(done, 40));
  }
  scrollTo(0, 0);
}"""


async def sideways(page: Page) -> str:
    """Empty when the page fits its width, else what reaches out."""
    return str(await page.evaluate(SIDEWAYS))


async def findings(page: Page) -> list[str]:
    """The serious and critical findings of axe-core, and headings that leave a level out."""
    result: Any = await page.evaluate(FINDINGS)
    return list(result)


async def picture(page: Page, name: str, *, whole: bool = True) -> None:
    """Keep a picture of the page for a person to look at."""
    PICTURES.mkdir(exist_ok=True)
    if whole:  # charts are drawn when they are seen
        await page.evaluate(SCROLL)
        await page.wait_for_function(DRAWN)
    await page.screenshot(path=PICTURES / f"{re.sub('[^a-z0-9-]+', '-', name)}.png", full_page=whole)
