"""The engine behind HTTP, as a ClickHouse server stands: `python served.py FOLDER` prints its port.

chDB is the same engine without a port. This gives it the part of the HTTP interface that clients use: a statement as body, or
as `query` beside the rows of an insertion; settings as parameters; the answer in the form that was asked for.
"""

from __future__ import annotations

import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError

NOT_SETTINGS = {
    "query", "database", "query_id", "session_id", "session_timeout", "wait_end_of_query", "client_protocol_version",
    "send_progress_in_http_headers", "http_headers_progress_interval_ms", "cancel_http_readonly_queries_on_client_close",
}  # fmt: skip
INSERTION = re.compile(r"\s*INSERT\s+INTO\s+(\S+)\s*(?:\(([^)]*)\))?\s*FORMAT\s+(\w+)\s*$", re.IGNORECASE)
FORM = re.compile(r"\s*\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)


class Door(BaseHTTPRequestHandler):
    """One request after the other: the engine is asked by one at a time."""

    protocol_version = "HTTP/1.1"
    engine: Any = None
    turn = threading.Lock()

    def do_GET(self) -> None:
        self.answer(200, b"Ok.\n")

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        asked = dict(parse_qsl(parts.query, keep_blank_values=True))
        body = self.body()
        settings = {name: value for name, value in asked.items() if name not in NOT_SETTINGS}
        try:
            with self.turn:
                self.answer(200, self.run(asked.get("query", ""), body, settings))
        except ClickHouseError as error:
            self.answer(500, str(error).encode())

    def run(self, query: str, body: bytes, settings: dict[str, str]) -> bytes:
        if insertion := INSERTION.match(query):
            table, columns, form = insertion.groups()
            names = [name.strip(' `"') for name in columns.split(",")] if columns else None
            self.engine.raw_insert(table, names, body, settings, form)
            return b""
        sql = query or body.decode()
        form = FORM.search(sql)
        if form is None and not sql.lstrip().upper().startswith(("SELECT", "SHOW", "WITH")):
            self.engine.command(sql, settings=settings)
            return b""
        found: bytes = self.engine.raw_query(
            FORM.sub("", sql), settings=settings, fmt=form[1] if form else "TabSeparated"
        )
        return found

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Timezone", "UTC")
        if status != 200 and (code := re.search(rb"Code: (\d+)", body)):
            self.send_header("X-ClickHouse-Exception-Code", code[1].decode())
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def main() -> None:
    """Serve until the process is ended."""
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    Door.engine = clickhouse_connect.get_client(interface="chdb", path=sys.argv[1], tz_mode="aware")
    server = ThreadingHTTPServer(("127.0.0.1", port), Door)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
