"""One call: where it may go, what it follows, how long it waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shuke.outreach import webhooks
from shuke.outreach.webhooks import policy
from shuke.outreach.webhooks.actions import calling, shaping

OUTER, INNER, OTHER = "1.1.1.1", "10.0.0.8", "192.168.0.8"


class Listener:
    """Another system, on this machine: keeps what it heard and answers as it is told."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.splitlines() if line.lower().startswith(b"content-length")
        )
        self.heard.append(head + await reader.readexactly(length))
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    one = Listener()
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    webhooks.allow(["127.0.0.0/8"])
    yield one
    webhooks.allow([])
    server.close()


def resolved(*addresses: str) -> Any:
    """A look-up with these answers."""

    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.9", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1",
     "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::a00:1", "not an address", "255.255.255.255"],
)  # fmt: skip
def test_inner_addresses_are_none_of_our_business(address: str) -> None:
    assert not policy.is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "223.5.5.5", "2400:3200::1", "64:ff9b::101:101"])
def test_public_addresses_may_be_called(address: str) -> None:
    assert policy.is_public(address)


async def test_nothing_is_sent_inside_the_house(listener: Listener) -> None:
    webhooks.allow([])
    for url in (f"http://127.0.0.1:{listener.port}/", f"http://localhost:{listener.port}/"):
        with pytest.raises(webhooks.CannotCall, match="inside"):
            await webhooks.post(url, b"{}", {})
    assert listener.heard == []


async def test_what_leaves_the_house_goes_by_https_alone(listener: Listener) -> None:
    """A name judged too late: written while it led inside, called when it leads outside."""
    with pytest.raises(webhooks.CannotCall, match="not_secure"):
        await webhooks.post(f"http://shop.example:{listener.port}/", b"{}", {}, resolve=resolved("1.1.1.1"))
    webhooks.allow([])
    with pytest.raises(webhooks.CannotCall, match="not_secure"):
        await webhooks.post(f"http://shop.example:{listener.port}/", b"{}", {}, resolve=resolved("1.1.1.1"))
    assert listener.heard == []


@pytest.mark.parametrize(
    ("networks", "url", "refused"),
    [
        ([], "https://erp.example.com/hooks", None),
        ([], "http://erp.example.com/hooks", "要以 https:// 开头，不能有空格"),
        ([], f"http://{OUTER}/hooks", "要以 https:// 开头，不能有空格"),
        ([], f"https://{INNER}/hooks", "不能发到内网地址"),
        (["10.0.0.0/8"], f"http://{INNER}/hooks", None),
        (["10.0.0.0/8"], "http://erp.lan/hooks", None),
        (["10.0.0.0/8"], f"http://{OTHER}/hooks", "不能发到内网地址"),
        (["10.0.0.0/8"], f"http://{OUTER}/hooks", "发到外网要以 https:// 开头"),
        (["10.0.0.0/8"], f"https://{OUTER}/hooks", None),
    ],
)
def test_http_is_for_the_networks_of_the_house_alone(networks: list[str], url: str, refused: str | None) -> None:
    webhooks.allow(networks)
    try:
        if refused is None:
            assert shaping.checked(f" {url} ") == url
            return
        with pytest.raises(webhooks.BadAddress) as error:
            shaping.checked(url)
        assert error.value.facts["reason"] == refused
    finally:
        webhooks.allow([])


async def test_one_inner_address_among_several_is_one_too_many(listener: Listener) -> None:
    webhooks.allow([])
    mixed = resolved("1.1.1.1", "127.0.0.1")
    with pytest.raises(webhooks.CannotCall, match="inside"):
        await webhooks.post(f"http://shop.example:{listener.port}/", b"{}", {}, resolve=mixed)
    assert listener.heard == []


async def test_the_call_goes_to_the_address_that_was_checked(listener: Listener) -> None:
    """A name that answers differently the second time is asked only once."""
    asked = []

    async def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    url = f"http://shop.example:{listener.port}/hooks?from=shuke"
    answered = await webhooks.post(url, b'{"id":"1"}', {"Shuke-Event": "test"}, resolve=rebinding)
    assert (answered.status, answered.text, asked) == (200, "ok", ["shop.example"])
    [heard] = listener.heard
    assert heard.startswith(b"POST /hooks?from=shuke HTTP/1.1\r\nHost: shop.example:")
    assert b"Shuke-Event: test" in heard and heard.endswith(b'\r\n\r\n{"id":"1"}')


async def test_a_redirect_is_not_followed(listener: Listener) -> None:
    listener.answer = f"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:{listener.port}/inner\r\n\r\n".encode()
    answered = await webhooks.post(f"http://127.0.0.1:{listener.port}/", b"{}", {})
    assert (answered.status, answered.ok, len(listener.heard)) == (307, False, 1)


async def test_only_so_much_of_the_answer_is_kept(listener: Listener) -> None:
    listener.answer = b"HTTP/1.1 500 Oh\r\n\r\n" + b"x" * 50_000
    answered = await webhooks.post(f"http://127.0.0.1:{listener.port}/", b"{}", {})
    assert answered.status == 500 and not answered.ok and len(answered.text) <= calling.SHOWN_BYTES


async def test_what_does_not_answer_or_speaks_no_http_cannot_be_called(listener: Listener) -> None:
    listener.answer = b"SSH-2.0-OpenSSH_9.6\r\n\r\n"
    with pytest.raises(webhooks.CannotCall):
        await webhooks.post(f"http://127.0.0.1:{listener.port}/", b"{}", {})
    with pytest.raises(webhooks.CannotCall):
        await webhooks.post("http://127.0.0.1:1/", b"{}", {})


def test_the_signature_is_the_documented_one() -> None:
    """HMAC-SHA256 of "1700000000.{}" under "whsec_1", as `openssl dgst -sha256 -hmac whsec_1` gives it."""
    assert webhooks.signature("whsec_1", 1_700_000_000, b"{}") == (
        "t=1700000000,v1=c8cf6ed9fd9120874a1792902ffdf5b69559118b76d10974da8a20cf21f94bc5"
    )
