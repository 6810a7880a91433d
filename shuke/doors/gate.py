"""The gate of the console: who the session's cookie belongs to, and whether a write was meant."""

from __future__ import annotations

import hmac
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any

from litestar.datastructures import Headers

from shuke.ground import access
from shuke.ground.access import console as access_console
from shuke.kit import clock, errors, http

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection
    from litestar.handlers import BaseRouteHandler

    from shuke.doors.context import Context

_READS = {"GET", "HEAD", "OPTIONS"}


class CsrfMissing(errors.Refused):
    """A change needs the session's token in the header X-CSRF-Token."""

    code = "csrf"
    http_status = 403
    zh = "缺少或不匹配的页面令牌，这次修改没有执行。"
    cure = "Send the csrf_token of GET /console/api/session as X-CSRF-Token; in the browser, reload the page."
    cure_zh = "请刷新页面后再试。"


class ForeignPage(errors.Refused):
    """Another site may not sign in here."""

    code = "foreign_page"
    http_status = 403
    zh = "不能从别的网站发起登录或修改。"
    cure = "Open the console itself."
    cure_zh = "请直接打开控制台操作。"


def token_in(headers: Headers) -> str | None:
    """The session's token from the cookie, if there is one."""
    try:
        jar = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return None
    found = jar.get(access_console.COOKIE)
    return found.value if found and 0 < len(found.value) < 200 else None


class Gate:
    """ASGI middleware of the console's routes: puts `shuke.session` and `shuke.caller` into the scope."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Recognise the session, then pass on."""
        if scope["type"] == "http":
            await self._recognise(scope)
        await self._app(scope, receive, send)

    async def _recognise(self, scope: Any) -> None:
        headers = Headers.from_scope(scope)
        writes = scope["method"] not in _READS
        if writes and headers.get("sec-fetch-site") == "cross-site":
            raise ForeignPage
        token = token_in(headers)
        if token is None:
            return
        now = clock.now()
        context: Context = scope["app"].state["context"]
        async with context.database.directory() as tx:
            session = await access.find_session(tx, access.token_hash(token), now)
            if session is not None:
                await access.touch_session(tx, session, now)
        if session is None:
            return
        sent = headers.get("x-csrf-token", "")
        scope["shuke.csrf_ok"] = not writes or hmac.compare_digest(sent.encode(), session.csrf_token.encode())
        scope["shuke.session"] = session
        scope["shuke.caller"] = session.caller(scope["client"][0] if scope.get("client") else "")


def signed_in(connection: ASGIConnection[Any, Any, Any, Any], route: BaseRouteHandler) -> None:
    """Guard of every route of the console but those marked `open` (the sign-in): a session, and on writes its token."""
    if route.opt.get("open"):
        return
    http.caller_of(connection)
    if not connection.scope.get("shuke.csrf_ok"):
        raise CsrfMissing
