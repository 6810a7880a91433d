"""One call to another system: to the address that was looked up and checked, once, following nothing."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from shuke.kit import clock
from shuke.outreach.webhooks import policy

SECONDS = 10
HEAD_BYTES = 16_384
SHOWN_BYTES = 1_000
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_networks: list[IPv4Network | IPv6Network] = []


class CannotCall(Exception):
    """The call was not made or not answered; its text is why: inside, not_secure, unknown_host, timeout, unreachable,
    no_http."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the other side said, and after how many milliseconds."""

    status: int
    text: str
    ms: int

    @property
    def ok(self) -> bool:
        """Only 2xx is a yes; a redirect is none, it is not followed."""
        return 200 <= self.status < 300


def allow(networks: Sequence[str]) -> None:
    """Networks of the house that may be called all the same, as whoever runs this installation says."""
    _networks[:] = [ip_network(one) for one in networks]


def has_networks() -> bool:
    """Whether any network of the house may be called, so that its names are judged by where they lead."""
    return bool(_networks)


def is_allowed(address: str, secure: bool = True) -> bool:
    """Whether an IP address may be called: it is public, or of a network that was allowed; without https only the latter."""
    return (secure and policy.is_public(address)) or any(
        ip_address(address.split("%", maxsplit=1)[0]) in network for network in _networks
    )


async def look_up(host: str, port: int) -> Sequence[str]:
    """All IP addresses of a host."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CannotCall("unknown_host") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def post(url: str, body: bytes, headers: Mapping[str, str], resolve: Resolve = look_up) -> Answered:
    """Send a JSON body; raises `CannotCall`. What goes out of the house goes by https.

    The host is looked up once, every address found must be allowed, and the connection goes to one of exactly these, so that
    a name that changes its mind between check and call gains nothing. Redirects are answers like others. Ten seconds in all.
    """
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    started = clock.monotonic()
    try:
        async with asyncio.timeout(SECONDS):
            address = await _checked(host, port, secure, resolve)
            status, text = await _exchange(
                (address, port, host if secure else None),
                _request(parts.path, parts.query, parts.netloc, body, headers),
            )
    except TimeoutError as error:
        raise CannotCall("timeout") from error
    except (OSError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
        raise CannotCall("unreachable") from error
    return Answered(status, text, round((clock.monotonic() - started) * 1000))


async def _checked(host: str, port: int, secure: bool, resolve: Resolve) -> str:
    found = await resolve(host, port)
    if not found or not all(is_allowed(one) for one in found):
        raise CannotCall("inside")
    if not all(is_allowed(one, secure) for one in found):
        raise CannotCall("not_secure")
    return found[0]


def _request(path: str, query: str, netloc: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    target = (path or "/") + (f"?{query}" if query else "")
    lines = [
        f"POST {target} HTTP/1.1", f"Host: {netloc}", "Content-Type: application/json", "User-Agent: Shuke-Webhooks/1",
        f"Content-Length: {len(body)}", "Connection: close", *(f"{name}: {value}" for name, value in headers.items()),
    ]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _status_of(head: str) -> int:
    word, _, rest = head.partition(" ")
    if not word.startswith("HTTP/") or not rest[:3].isdigit():
        raise CannotCall("no_http")
    return int(rest[:3])


async def _exchange(place: tuple[str, int, str | None], request: bytes) -> tuple[int, str]:
    address, port, name = place
    secured = ssl.create_default_context() if name is not None else None
    reader, writer = await asyncio.open_connection(
        address, port, ssl=secured, server_hostname=name, limit=HEAD_BYTES, family=socket.AF_UNSPEC
    )
    try:
        writer.write(request)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = _status_of(head)
        text = (await reader.read(SHOWN_BYTES)).decode("utf-8", "replace").replace("\x00", "")
    finally:
        writer.close()
    return status, text.strip()
