"""What `shuke up` says when it is ready: the address, the login, and what to try."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from shuke.doors import up
from shuke.doors.demo import load as demo_loading
from shuke.doors.demo import shop
from shuke.ground import tenancy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from shuke.doors.context import Context


def greeter(*, demo: bool) -> Callable[[Context], Awaitable[Any]]:
    """The greeting of one start; with `demo`, the demonstration merchant is loaded first where there is no merchant."""

    async def greet(context: Context) -> None:
        slugs = await _slugs(context)
        if demo and not slugs and context.mirror is not None:
            await _load_demo(context)
            slugs = await _slugs(context)
        up.tell(*lines(context, slugs))

    return greet


async def _slugs(context: Context) -> list[str]:
    async with context.database.directory() as tx:
        return [merchant.slug for merchant in await tenancy.list_merchants(tx)]


async def _load_demo(context: Context) -> None:
    """The first start: the demonstration merchant, with what is being done and how far, on one line of a terminal."""
    up.tell(
        "",
        "  第一次启动：正在准备演示商户，约一分钟 · first start: preparing the demonstration merchant, about a minute",
    )
    shown = [""]

    def told(words: str, share: float) -> None:
        line = f"  {round(share * 100):3d}%  {words}"
        if sys.stdout.isatty():
            sys.stdout.write(f"\r\x1b[2K{line}" + ("\n" if share == 1 else ""))
            sys.stdout.flush()
        elif words != shown[0]:
            up.tell(line)
        shown[0] = words

    await demo_loading.load_until_yesterday(context, told)


def lines(context: Context, slugs: list[str]) -> list[str]:
    """The words, Chinese first."""
    host = "localhost" if context.settings.host in ("127.0.0.1", "0.0.0.0", "::") else context.settings.host
    address = f"http://{host}:{context.settings.port}"
    return [
        "",
        f"  Shuke 熟客   {address}",
        f"  接口文档 API  {address}/docs",
        f"  数据 data    {context.settings.home}",
        *(demo_lines() if shop.SLUG in slugs else []),
        *(
            []
            if slugs
            else ["", "  还没有商户 · no merchant yet:  shuke merchant create my-shop --name 我的小店 --owner me"]
        ),
        "",
        "  按 Ctrl-C 停止 · Ctrl-C stops",
        "",
    ]


def demo_lines() -> list[str]:
    """How to get into the demonstration merchant, and what to try there."""
    clerk = next(worker for worker in shop.STAFF if worker.role == "clerk")
    return [
        "",
        f"  演示商户 {shop.NAME}：登录 demo，密码 {shop.PASSWORD}（店员账号 {clerk.login}，密码相同）",
        f"  demonstration merchant: sign in as demo / {shop.PASSWORD} (a clerk: {clerk.login}, same password)",
        "  看看：会员 → 任意一位的积分明细 · 分群 → 沉睡会员 · 触达 → 500 积分抵 50 元",
        "  try: a member's ledger · the segment of dormant members · the journey that calls them back",
    ]
