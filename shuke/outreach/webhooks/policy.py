"""What is told, how it is signed, when it is tried again, and which addresses are none of our business."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import msgspec

WORK = "webhooks"
ENTERED, LEFT, TEST = "segment_entered", "segment_left", "test"
EVENTS = (ENTERED, LEFT)
PAGE = 500  # members in one telling
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 1_800, 7_200, 21_600, 43_200))
KEPT = timedelta(days=30)
_PRINTABLE = re.compile(r"[!-~]{1,500}")
_INSIDE = re.compile(r"(^|\.)(localhost|local|internal|lan|home\.arpa)\.?$", re.IGNORECASE)
_SCHEMES = {False: ("https",), True: ("https", "http")}
_NAT64 = ip_network("64:ff9b::/96")


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The header by which the other side knows us: HMAC-SHA256 (RFC 2104) of `timestamp.body` under the secret, in hex."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def pause(tries: int) -> timedelta | None:
    """How long to wait after so many failures; None: give up."""
    return PAUSES[tries - 1] if tries <= len(PAUSES) else None


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet, also where it stands for another one."""
    try:
        ip = ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return _open(inner)
    return _open(ip)


def _open(ip: IPv4Address | IPv6Address) -> bool:
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def flaw(url: str, plain: bool = False) -> tuple[str, str] | None:
    """What is wrong with an address as it is written, in both languages; None where nothing is. `plain`: http will do too."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "写得不对", "it is not an address"
    if not _PRINTABLE.fullmatch(url) or parts.scheme not in _SCHEMES[plain] or not host:
        return "要以 https:// 开头，不能有空格", "it must begin with https:// and hold no spaces"
    if parts.username is not None or parts.password is not None:
        return "不能带用户名和密码", "it must not carry a user name or password"
    return None


def is_inside(host: str) -> bool:
    """Whether a host name says by itself that it is inside a house."""
    return "." not in host.strip(".") or _INSIDE.search(host) is not None


def body(told: Any) -> bytes:
    """What is sent, as JSON."""
    return msgspec.json.encode(told)
