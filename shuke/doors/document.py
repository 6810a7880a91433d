"""The OpenAPI document: the console's routes as the framework knows them, and the raw routes as they declare themselves."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from litestar import Litestar, Router
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig

import shuke
from shuke.doors import console, keyed, open_api

GIVEN = ("database", "settings", "mirror", "jobs", "keys")
"""What routes may ask for by name beside `context` and `caller`: theirs from inside, not the client's to send."""
_REF = "#/components/schemas/{name}"
_INTRO = (
    "Shuke 熟客: 会员积分、分群与自动营销。\n\n"
    "`/v1` 供收银、网店和小程序写入订单、退款和行为，用接口密钥（`Authorization: Bearer sk_…`）。"
    "`/console/api` 是商户控制台的接口，用登录会话，写操作带 `X-CSRF-Token`。\n\n"
    "`/v1` takes orders, refunds and events with an API key. `/console/api` serves the merchant console with a session; "
    "writes carry `X-CSRF-Token`. Money is in fen, points are integers, instants are ISO 8601 with an offset. "
    "Every refusal has a stable `code`, a message and a cure in both languages."
)


@cache
def describe() -> dict[str, Any]:
    """The whole document, made once."""
    document = _of_routes()
    for operation in open_api.operations():
        path = document["paths"].setdefault(operation.path, {})
        path[operation.method] = operation.document(_schemas(document, operation.types()))
    for handler in keyed.routes:
        if "body" in handler.opt:
            _give_body(document, handler)
    for path, routes in document["paths"].items():
        for route in routes.values():
            _dress(path, route)
    document["paths"] = dict(sorted(document["paths"].items(), key=lambda one: (not one[0].startswith("/v1"), one[0])))
    return document


def _give_body(document: dict[str, Any], handler: Any) -> None:
    """A route that reads its body item by item says in `opt` what one looks like, and an example of it."""
    kind, example = handler.opt["body"], handler.opt["example"]
    media = {"application/json": {"schema": _schemas(document, [kind])[id(kind)], "example": example}}
    for path in handler.paths:
        document["paths"][f"{keyed.PREFIX}{path}"]["post"]["requestBody"] = {"required": True, "content": media}


def _absent() -> Any:
    """Stands for what only a running app can give; one for each name."""
    return lambda: None


def _of_routes() -> dict[str, Any]:
    """From an app that serves nothing: the real one has no routes for schemas."""
    routers = [Router(console.PREFIX, route_handlers=console.routes), Router(keyed.PREFIX, route_handlers=keyed.routes)]
    config = OpenAPIConfig(
        title="Shuke 熟客",
        version=shuke.__version__,
        description=_INTRO,
        use_handler_docstrings=True,
        render_plugins=[],
    )
    inside = {name: Provide(_absent(), sync_to_thread=False) for name in (*GIVEN, "context", "caller")}
    app = Litestar(routers, openapi_config=config, logging_config=None, dependencies=inside)
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(app.openapi_schema.to_schema()))
    document["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "sk_…"},
        "session": {"type": "apiKey", "in": "cookie", "name": "shuke_session"},
    }
    document["tags"] = [
        {"name": "v1", "description": "写入与读取 · For tills, shops and mini programs"},
        {"name": "console", "description": "商户控制台 · The merchant console"},
    ]
    return document


def _schemas(document: dict[str, Any], kinds: list[Any]) -> dict[int, Any]:
    """Put the schemas of these types into the document; references to them by the type's identity."""
    found, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    document["components"]["schemas"].update(components)
    return {id(kind): schema for kind, schema in zip(kinds, found, strict=True)}


def _dress(path: str, route: dict[str, Any]) -> None:
    """The first sentence of the docstring is the summary; each route says how it is entered."""
    words = " ".join((route.get("description") or "").split())
    raw = "x-permission" in route
    if not raw:
        outside = path.startswith("/v1")
        route["tags"] = ["v1" if outside else "console"]
        route["security"] = [{"key": []} if outside else {"session": []}]
        first, _, rest = words.partition(". ")
        route["summary"] = first.rstrip(".") + "."
        route["description"] = rest or route["summary"]
    malformed = route["responses"].get("400", {}).get("description", "")
    if "`malformed`" not in malformed:
        told = "`malformed` 请求格式不对 · The request is malformed"
        kept = [line for line in malformed.splitlines() if line.startswith("`")]
        content = {"application/json": {"schema": {"$ref": _REF.format(name="RefusalBody")}}}
        route["responses"]["400"] = {"description": "\n".join([told, *kept]), "content": content}
