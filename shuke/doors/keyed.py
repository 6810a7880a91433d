"""The routes of `/v1` that go through the framework, room by room, and the gate that recognises their API key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Router
from litestar.datastructures import Headers

from shuke.assets.accounts import open_api as accounts
from shuke.assets.confirmations import open_api as confirmations
from shuke.assets.digests import open_api as digests
from shuke.assets.holds import open_api as holds
from shuke.assets.lotteries import open_api as lotteries
from shuke.assets.transfers import open_api as transfers
from shuke.doors import reading, segmenting
from shuke.ground.members import open_api as members
from shuke.insight.outlook import open_api as outlook
from shuke.insight.profiles import open_api as profiles
from shuke.insight.tags import open_api as tags
from shuke.outreach.journeys import open_api as journeys
from shuke.outreach.webhooks import open_api as webhooks
from shuke.programs.earning import open_api as earning
from shuke.programs.foresight import open_api as foresight
from shuke.programs.intake import open_api as intake
from shuke.programs.missions import open_api as missions
from shuke.programs.referrals import open_api as referrals
from shuke.programs.tiers import open_api as tiers

if TYPE_CHECKING:
    from shuke.doors.context import Context

PREFIX = "/v1"

routes: list[Any] = [
    *reading.routes,
    *members.routes,
    *accounts.routes,
    *holds.routes,
    *confirmations.routes,
    *digests.routes,
    *transfers.routes,
    *segmenting.routes,
    *outlook.routes,
    *profiles.routes,
    *tags.routes,
    *intake.routes,
    *earning.routes,
    *foresight.routes,
    *missions.routes,
    *lotteries.routes,
    *referrals.routes,
    *tiers.routes,
    *webhooks.routes,
    *journeys.routes,
]


class KeyGate:
    """ASGI middleware: puts the caller that the Authorization header names into the scope; refuses `BadKey`."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Recognise the key, then pass on."""
        if scope["type"] == "http":
            context: Context = scope["app"].state["context"]
            header = Headers.from_scope(scope).get("authorization", "")
            scope["shuke.caller"] = await context.keys.caller(header)
        await self._app(scope, receive, send)


def router() -> Router:
    """All of them behind the gate."""
    return Router(PREFIX, route_handlers=routes, middleware=[KeyGate])
