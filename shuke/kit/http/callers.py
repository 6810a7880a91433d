"""Who is calling and what they may do; permissions are data, checked by one guard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shuke.kit import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.connection import ASGIConnection
    from litestar.handlers import BaseRouteHandler


class NotSignedIn(errors.Refused):
    """You are not signed in, or the session has ended."""

    code = "not_signed_in"
    http_status = 401
    zh = "还没有登录，或登录已过期。"
    cure = "Sign in again."
    cure_zh = "请重新登录。"


class Forbidden(errors.Refused):
    """Your role does not allow this ({permission})."""

    code = "forbidden"
    http_status = 403
    zh = "你的角色没有这项权限（{permission}）。"
    cure = "Ask the owner of the shop for the permission."
    cure_zh = "请店主为你开通权限。"


@dataclass(frozen=True, slots=True)
class Caller:
    """A member of staff or an API key, at one merchant. `stores` empty means all of them."""

    merchant_id: int
    permissions: frozenset[str]
    name: str
    staff_id: int | None = None
    key_id: int | None = None
    role: str = ""
    stores: frozenset[int] = frozenset()
    locale: str = "zh"
    ip: str = ""


def caller_of(connection: ASGIConnection) -> Caller:
    """The caller that the door's middleware recognised; refuses when there is none."""
    caller = connection.scope.get("shuke.caller")
    if not isinstance(caller, Caller):
        raise NotSignedIn
    return caller


def requires(permission: str) -> Callable[[ASGIConnection, BaseRouteHandler], None]:
    """A guard for routes: the caller must hold the permission, e.g. `guards=[requires("members.read")]`."""

    def guard(connection: ASGIConnection, _: BaseRouteHandler) -> None:
        if permission not in caller_of(connection).permissions:
            raise Forbidden(permission=permission)

    guard.permission = permission  # type: ignore[attr-defined]
    return guard
