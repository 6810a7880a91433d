"""What `shuke up` says when it is ready: the address, the login, and what to try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.doors import up
from shuke.ground import tenancy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from shuke.doors.context import Context


def greeter(*, demo: bool) -> Callable[[Context], Awaitable[Any]]:
    """The greeting of one start; with `demo`, the demonstration merchant is loaded first where there is no merchant."""

    async def greet(context: Context) -> None:
        async with context.database.directory() as tx:
            merchants = await tenancy.list_merchants(tx)
        up.tell(*lines(context, [merchant.slug for merchant in merchants]))

    return greet


def lines(context: Context, slugs: list[str]) -> list[str]:
    """The words, Chinese first."""
    host = "localhost" if context.settings.host in ("127.0.0.1", "0.0.0.0", "::") else context.settings.host
    address = f"http://{host}:{context.settings.port}"
    return [
        "",
        f"  Shuke 熟客   {address}",
        f"  接口文档 API  {address}/docs",
        f"  数据 data    {context.settings.home}",
        *(
            []
            if slugs
            else ["", "  还没有商户 · no merchant yet:  shuke merchant create my-shop --name 我的小店 --owner me"]
        ),
        "",
        "  按 Ctrl-C 停止 · Ctrl-C stops",
        "",
    ]
