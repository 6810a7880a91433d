"""The web application: the console, the API, the health of the process, and the console's files, in one ASGI app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Litestar, Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import Provide
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from shuke.doors import console, document, keyed, metrics
from shuke.doors.docs_page import page
from shuke.doors.frame import Frame
from shuke.doors.gate import Gate, signed_in
from shuke.doors.site import Site
from shuke.kit import errors, http

if TYPE_CHECKING:
    from shuke.doors.context import Context
    from shuke.programs.intake.open_api import Intake


def create_app(context: Context, intake: Intake) -> Frame:
    """The application of one process; `intake` answers the hot routes of the API."""
    site = Site()
    site.warm()
    app: Any = Litestar(
        [_console(), keyed.router(), health, ready(context), figures(context), *_documents()],
        dependencies=_injected(context),
        exception_handlers=http.exception_handlers,
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,
        state=State({"context": context}, deep_copy=False),
    )
    behind_a_proxy = ProxyHeadersMiddleware(app, trusted_hosts="127.0.0.1")  # the hot routes need no client address
    return Frame(behind_a_proxy, site, dict.fromkeys(intake.paths, intake), context.settings.secure_cookies)


def _injected(context: Context) -> dict[str, Provide]:
    """What any route may ask for by name."""
    provided = {name: Provide(_giver(context, name), sync_to_thread=False) for name in document.GIVEN}
    provided["context"] = Provide(lambda: context, sync_to_thread=False)
    return provided | {"caller": Provide(_caller, sync_to_thread=False)}


def _caller(request: Request[Any, Any, Any]) -> http.Caller:
    return http.caller_of(request)


def _giver(context: Context, name: str) -> Any:
    def give() -> Any:
        return getattr(context, name)

    return give


def _console() -> Router:
    return Router(console.PREFIX, route_handlers=console.routes, middleware=[Gate], guards=[signed_in])


@get("/healthz", media_type="text/plain")
async def health() -> str:
    """The process runs."""
    return "ok"


def ready(context: Context) -> Any:
    """The route by which a balancer asks whether to send requests here."""

    @get("/readyz")
    async def answer() -> Response[dict[str, Any]]:
        """Ready: PostgreSQL answers and we are not stopping. The mirror may be away; screens say as of when they are."""
        try:
            async with context.database.directory() as tx:
                await tx.value("select 1")
            database = True
        except errors.Unavailable:
            database = False
        fine = database and not context.stopping
        body = {"ready": fine, "database": database, "mirror": context.mirror is not None, "stopping": context.stopping}
        return Response(body, status_code=200 if fine else 503)

    return answer


def figures(context: Context) -> Any:
    """The route that Prometheus reads."""

    @get("/metrics")
    async def answer() -> Response[bytes]:
        """Figures of this process and its database."""
        return Response(await metrics.page(context), media_type="text/plain; version=0.0.4; charset=utf-8")

    return answer


def _documents() -> list[Any]:
    described = document.describe()

    @get("/openapi.json")
    async def openapi() -> dict[str, Any]:
        """The OpenAPI document."""
        return described

    @get("/docs")
    async def docs() -> Response[bytes]:
        """The API page."""
        return Response(page(described), media_type="text/html; charset=utf-8", headers={"Cache-Control": "no-cache"})

    return [openapi, docs]
