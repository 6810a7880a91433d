"""The API page: the OpenAPI document as one HTML page of our own, without scripts and without anything from elsewhere."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

_STYLE = """
:root{color-scheme:light dark;--jade:#0e7c66;--ink:#1d2b28;--soft:#5b6b67;--line:#dfe7e4;--paper:#fff;--band:#f5f8f7}
@media(prefers-color-scheme:dark){:root{--jade:#3fb59a;--ink:#e4ece9;--soft:#9fb0ab;--line:#2c3a36;--paper:#131a18;--band:#1a2321}}
*{box-sizing:border-box}body{margin:0;font:14px/1.65 -apple-system,"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif;
color:var(--ink);background:var(--paper)}a{color:var(--jade);text-decoration:none}a:hover{text-decoration:underline}
.frame{display:grid;grid-template-columns:280px minmax(0,1fr);max-width:1280px;margin:0 auto}
nav{position:sticky;top:0;align-self:start;height:100vh;overflow:auto;padding:24px 16px;border-right:1px solid var(--line)}
nav a{display:block;padding:3px 8px;border-radius:4px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
nav h2{font-size:12px;color:var(--soft);margin:16px 8px 4px}main{padding:24px 32px 96px}
h1{font-size:26px;margin:0 0 8px}article{border-top:1px solid var(--line);padding:24px 0}h3{font-size:17px;margin:0 0 4px}
.m{display:inline-block;min-width:52px;text-align:center;font:600 11px/20px ui-monospace,monospace;color:#fff;background:#0b6b58;
border-radius:4px;margin-right:8px}.m.get{background:#35607f}.m.delete{background:#b3261e}
code,pre{font:12.5px/1.55 ui-monospace,SFMono-Regular,Menlo,monospace}pre{background:var(--band);border:1px solid var(--line);
border-radius:4px;padding:12px;overflow:auto;margin:8px 0}table{border-collapse:collapse;width:100%;margin:8px 0}
td,th{text-align:left;vertical-align:top;padding:6px 12px 6px 0;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:500}
.soft{color:var(--soft)}details{margin:8px 0}summary{cursor:pointer;color:var(--jade)}
.wide{overflow-x:auto}@media(max-width:800px){.frame{display:block}nav{position:static;height:auto;border:0}main{padding:16px}}
"""
_METHODS = ("get", "post", "put", "patch", "delete")


def page(document: dict[str, Any]) -> bytes:
    """The whole page."""
    routes = [
        (path, method, route)
        for path, methods in document["paths"].items()
        for method, route in sorted(methods.items(), key=lambda one: _METHODS.index(one[0]))
    ]
    menu = "".join(
        f"<h2>{escape(tag['name'])} · {escape(tag['description'])}</h2>"
        + "".join(_link(path, method, route) for path, method, route in routes if tag["name"] in route["tags"])
        for tag in document["tags"]
    )
    articles = "".join(_article(document, path, method, route) for path, method, route in routes)
    head = f"<h1>{escape(document['info']['title'])} API</h1>{_prose(document['info']['description'])}"
    link = '<p><a href="/openapi.json">openapi.json</a></p>'
    return (
        "<!doctype html><html lang=zh><head><meta charset=utf-8><meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<title>Shuke 熟客 API</title><style>{_STYLE}</style></head><body><div class=frame><nav aria-label=API>{menu}</nav>"
        f"<main>{head}{link}{articles}</main></div></body></html>"
    ).encode()


def _anchor(path: str, method: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", f"{method} {path}".lower()).strip("-")


def _link(path: str, method: str, route: dict[str, Any]) -> str:
    return f'<a href="#{_anchor(path, method)}" title="{escape(route["summary"])}">{_badge(method)}{escape(path)}</a>'


def _badge(method: str) -> str:
    return f'<span class="m {method}">{method.upper()}</span>'


def _prose(text: str) -> str:
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
    return "".join(f"<p>{part}</p>" for part in marked.split("\n\n"))


def _article(document: dict[str, Any], path: str, method: str, route: dict[str, Any]) -> str:
    parts = [
        f'<article id="{_anchor(path, method)}"><h3>{_badge(method)}<code>{escape(path)}</code></h3>',
        f"<p><b>{escape(route['summary'])}</b></p>",
        _prose(route["description"]) if route["description"] != route["summary"] else "",
    ]
    if "x-permission" in route:
        parts.append(f"<p class=soft>权限 permission: <code>{escape(route['x-permission'])}</code></p>")
    if route.get("parameters"):
        rows = [(one["name"], _kind(one["schema"]), one.get("required"), one["in"]) for one in route["parameters"]]
        parts.append(_table(("参数 parameter", "类型 type", "必填 required", "位置 in"), rows))
    body = route.get("requestBody", {}).get("content", {})
    for media, content in body.items():
        parts.append(_content(document, f"请求 request · {media}", content))
    for status, answer in sorted(route["responses"].items()):
        if status < "400":
            for content in answer.get("content", {}).values():
                parts.append(_content(document, f"回答 answer · {status}", content))
    parts.append(_refusals(route))
    return "".join(parts) + "</article>"


def _content(document: dict[str, Any], title: str, content: dict[str, Any]) -> str:
    schema = content.get("schema", {})
    example = content.get("example")
    shown = f"<pre>{escape(json.dumps(example, ensure_ascii=False, indent=2))}</pre>" if example is not None else ""
    fields = _fields(document, schema)
    table = f"<details{'' if shown else ' open'}><summary>字段 fields</summary>{fields}</details>" if fields else ""
    return f"<h4>{escape(title)} <span class=soft>{escape(_kind(schema))}</span></h4>{shown}{table}"


def _refusals(route: dict[str, Any]) -> str:
    rows = []
    for status, answer in sorted(route["responses"].items()):
        if status < "400":
            continue
        for line in answer.get("description", "").splitlines():
            code, _, words = line.removeprefix("`").partition("`")
            rows.append((status, code, words.strip()))
    return _table(("状态 status", "code", "拒绝的原因 why it is refused"), rows) if rows else ""


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    def cell(value: Any) -> str:
        return (
            {True: "✓", False: "", None: ""}.get(value, escape(str(value)))
            if not isinstance(value, str)
            else escape(value)
        )

    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join("<tr>" + "".join(f"<td>{cell(value)}</td>" for value in row) + "</tr>" for row in rows)
    return f"<div class=wide><table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>"


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return document["components"]["schemas"].get(schema["$ref"].rsplit("/", 1)[1], {})
    for group in ("anyOf", "oneOf"):
        for part in schema.get(group, ()):
            if part.get("type") != "null":
                return _resolved(document, part)
    return schema


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    for group in ("anyOf", "oneOf"):
        if group in schema:
            return " | ".join(_kind(part) for part in schema[group])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"[{_kind(schema.get('items', {}))}]"
    kind = schema.get("type", "any")
    kind = " | ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> str:
    whole = _resolved(document, schema)
    required = set(whole.get("required", ()))
    rows = [(name, _kind(part), name in required, _limits(part)) for name, part in whole.get("properties", {}).items()]
    return _table(("字段 field", "类型 type", "必填 required", ""), rows) if rows else ""


def _limits(schema: dict[str, Any]) -> str:
    named = {
        "minimum": "≥", "maximum": "≤", "minLength": "≥ 字", "maxLength": "≤ 字", "maxItems": "≤ 项", "pattern": "",
    }  # fmt: skip
    limits = [f"{mark} {schema[name]}".strip() for name, mark in named.items() if name in schema]
    return " · ".join([part for part in (schema.get("description"),) if part] + limits)
