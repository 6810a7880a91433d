"""The console's built files: compressed once, cached for ever where the name holds a hash, else always fresh."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUILT = Path(__file__).resolve().parents[2] / "web" / "console" / "dist"
_TEXT = (".html", ".js", ".css", ".svg", ".json", ".map", ".txt", ".webmanifest")
_POLICY = (
    b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    b"connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_MISSING = (
    "<!doctype html><html lang=zh><meta charset=utf-8><title>Shuke 熟客</title><body style='font:16px/1.7 sans-serif;"
    "max-width:40em;margin:4em auto;padding:0 1em'><h1>控制台还没有构建</h1><p>在项目目录运行 <code>make console</code>,"
    "然后刷新这一页。</p><p>The console has not been built: run <code>make console</code> and reload.</p>"
).encode()


@dataclass(frozen=True, slots=True)
class File:
    """One file ready to send."""

    body: bytes
    packed: bytes | None
    kind: bytes
    tag: bytes
    lasting: bool


class Site:
    """The console as files in memory; any path that is no file gets index.html, whose router shows the page."""

    def __init__(self, folder: Path = BUILT) -> None:
        self._folder = folder
        self._files: dict[str, File] = {}

    def file(self, path: str) -> File | None:
        """The file of a path; None where there is none. A rebuilt index.html is noticed, hashed names never change."""
        if path in self._files and self._files[path].lasting:
            return self._files[path]
        found = (self._folder / path.lstrip("/")).resolve()
        if not found.is_relative_to(self._folder.resolve()) or not found.is_file():
            return None
        body = found.read_bytes()
        tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'.encode()
        known = self._files.get(path)
        if known is not None and known.tag == tag:
            return known
        kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
        text = found.suffix in _TEXT
        packed = gzip.compress(body, 9, mtime=0) if text and len(body) > 500 else None
        file = File(
            body, packed, f"{kind}; charset=utf-8".encode() if text else kind.encode(), tag, path.startswith("/assets/")
        )
        self._files[path] = file
        return file

    def warm(self) -> None:
        """Compress everything now, so that the first visitor does not wait."""
        for found in self._folder.rglob("*"):
            if found.is_file():
                self.file("/" + found.relative_to(self._folder).as_posix())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer GET and HEAD."""
        path = scope["path"]
        file = self.file(path) if path != "/" else None
        if file is None and path.startswith("/assets/"):
            await _send(send, 404, [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")], b"")
            return
        file = file or self.file("/index.html")
        if file is None:
            await _send(send, 503, [(b"content-type", b"text/html; charset=utf-8")], _MISSING)
            return
        asked = {name: value for name, value in scope["headers"] if name in (b"if-none-match", b"accept-encoding")}
        headers = [
            (b"content-type", file.kind), (b"etag", file.tag), (b"vary", b"accept-encoding"),
            (b"cache-control", b"public, max-age=31536000, immutable" if file.lasting else b"no-cache"),
        ]  # fmt: skip
        if file.kind.startswith(b"text/html"):
            headers.append((b"content-security-policy", _POLICY))
        if asked.get(b"if-none-match") == file.tag:
            await _send(send, 304, headers, b"")
            return
        body = file.body
        if file.packed is not None and b"gzip" in asked.get(b"accept-encoding", b""):
            body = file.packed
            headers.append((b"content-encoding", b"gzip"))
        await _send(send, 200, headers, body if scope["method"] == "GET" else b"", len(body))


async def _send(
    send: Any, status: int, headers: list[tuple[bytes, bytes]], body: bytes, length: int | None = None
) -> None:
    size = (b"content-length", str(len(body) if length is None else length).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, size]})
    await send({"type": "http.response.body", "body": body})
