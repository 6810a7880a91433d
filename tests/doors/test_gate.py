"""The gate: sessions, CSRF, roles, and merchants that cannot see each other."""

from typing import Any

import httpx
import pytest

from shuke.doors import console
from shuke.ground import access, members
from shuke.kit import clock
from shuke.kit.db import Database
from tests.conftest import browser, signed_in

API = "/console/api"
_VALUES = {"code": "s1", "slug": "nothing", "kind": "nothing"}


def _all_routes() -> list[tuple[str, str, Any]]:
    """(method, path with numbers filled in, handler) of every route of the console."""
    found = []
    for handler in console.routes:
        for path in handler.paths:
            parts = [
                _VALUES.get(part[1:].split(":")[0], "999999") if part.startswith("{") else part
                for part in path.split("/")
            ]
            found += [
                (method, API + "/".join(parts), handler) for method in handler.http_methods if method != "OPTIONS"
            ]
    return found


ROUTES = _all_routes()
CLOSED = [(method, path, handler) for method, path, handler in ROUTES if not handler.opt.get("open")]
_names = [f"{method} {path}" for method, path, _ in CLOSED]


@pytest.mark.parametrize(("method", "path", "handler"), CLOSED, ids=_names)
async def test_nobody_enters_without_signing_in(
    client: httpx.AsyncClient, method: str, path: str, handler: Any
) -> None:
    answer = await client.request(method, path, json={} if method != "GET" else None)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize(
    ("method", "path", "handler"), [one for one in CLOSED if one[0] != "GET"],
    ids=[name for name in _names if not name.startswith("GET")],
)  # fmt: skip
async def test_a_write_needs_the_token_of_the_session(
    owner: httpx.AsyncClient, method: str, path: str, handler: Any
) -> None:
    for token in ("", "wrong"):
        answer = await owner.request(method, path, json={}, headers={"X-CSRF-Token": token})
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf")


async def test_another_site_cannot_sign_in_here(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        f"{API}/session", json={"login": "a", "password": "b"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_page")


def _permissions(handler: Any) -> set[str]:
    return {guard.permission for guard in handler.guards or () if hasattr(guard, "permission")}


@pytest.mark.parametrize("role", access.ROLES)
async def test_each_role_gets_what_its_permissions_say(
    app: Any, database: Database, merchant_id: int, role: str
) -> None:
    client = await signed_in(app, database, merchant_id, (role, None))
    held = access.ROLES[role][1]
    assert set((await client.get(f"{API}/session")).json()["permissions"]) == held
    for method, path, handler in CLOSED:
        needed = _permissions(handler)
        if not needed or path.endswith("/session"):
            continue
        answer = await client.request(method, path, json={} if method != "GET" else None)
        refused = answer.status_code == 403 and answer.json()["code"] == "forbidden"
        assert refused == (not needed <= held), (method, path, needed, answer.text)


async def test_another_merchants_numbers_are_not_there(
    app: Any, owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    """Everything of this merchant, asked for by the owner of another one: 404, like what does not exist."""
    from shuke.doors import setup

    other = await setup.create_merchant(
        database, slug=f"other-{merchant_id}", name="别家", zone="Asia/Shanghai", at=clock.now()
    )
    stranger = await signed_in(app, database, other, ("owner", None))
    async with database.write(merchant_id) as tx:
        [member_id] = await members.ensure_members(tx, [{"phone": "13800138000"}], clock.now())
        key_id, _ = await access.create_key(tx, "收银", ["ingest"], clock.now())
    staff_id = (await owner.get(f"{API}/session")).json()["staff"]["staff_id"]
    asked = [
        ("PATCH", f"/members/{member_id}", {"name": "x"}), ("POST", f"/members/{member_id}/reveal", {}),
        ("POST", f"/members/{member_id}/merge", {"into": member_id}),
        ("PATCH", f"/staff/{staff_id}", {"name": "x"}), ("POST", f"/staff/{staff_id}/password", {}),
        ("POST", f"/api-keys/{key_id}/revoke", {}), ("PATCH", "/stores/s1", {"name": "x"}),
    ]  # fmt: skip
    for method, path, body in asked:
        theirs = await stranger.request(method, API + path, json=body)
        nowhere = await stranger.request(method, API + path.replace(str(member_id), "424242"), json=body)
        assert theirs.status_code == 404, (path, theirs.text)
        assert nowhere.status_code == 404
    for path in ("/staff", "/api-keys", "/stores", "/audit-trail"):
        items = (await stranger.get(API + path)).json()["items"]
        assert "s1" not in str(items) and "收银" not in str(items) and str(staff_id) not in str(items), path
    async with database.read(merchant_id) as tx:
        assert (await members.get_member(tx, member_id)).name == ""


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"{", "malformed", None), (b'{"login":"a"}', "malformed", "password"),
        (b'{"login":1,"password":"b"}', "malformed", "login"),
        (b'{"login":"a","password":"b","x":1}', "malformed", "x"), (b"[]", "malformed", None), (b"", "malformed", None),
    ],
)  # fmt: skip
async def test_a_malformed_body_is_a_documented_error(
    client: httpx.AsyncClient, body: bytes, code: str, field: str | None
) -> None:
    answer = await client.post(f"{API}/session", content=body, headers={"Content-Type": "application/json"})
    told = answer.json()
    assert (answer.status_code, told["code"]) == (400, code)
    assert told.get("field") == field
    assert told["message"] and told["message_en"] and told["cure"] and told["cure_en"]


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(owner: httpx.AsyncClient) -> None:
    big = b'{"phone": "' + b"1" * (9 << 20) + b'"}'

    async def chunks() -> Any:
        for start in range(0, len(big), 1 << 20):
            yield big[start : start + (1 << 20)]

    for content in (big, chunks()):
        answer = await owner.post(f"{API}/members", content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert (await owner.get("/v1/nothing")).json()["code"] == "not_found"


async def test_a_signed_out_browser_is_out(owner: httpx.AsyncClient, app: Any) -> None:
    copy = browser(app)
    copy.cookies.update(owner.cookies)
    assert (await copy.get(f"{API}/session")).status_code == 200
    assert (await owner.delete(f"{API}/session")).status_code == 204
    assert (await copy.get(f"{API}/session")).status_code == 401


async def test_the_cookie_is_for_the_server_alone(app: Any, database: Database, merchant_id: int) -> None:
    client = await signed_in(app, database, merchant_id, ("clerk", "s1"))
    session = (await client.get(f"{API}/session")).json()
    assert [store["code"] for store in session["stores"]] == ["s1"]
    assert set(session["permissions"]) == {"members.read", "members.write", "missions.read", "points.read"}
    fresh = browser(app)
    answer = await fresh.post(
        f"{API}/session", json={"login": session["staff"]["login"], "password": "correct horse battery"}
    )
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_the_door_rests_after_five_failures(client: httpx.AsyncClient, owner: httpx.AsyncClient) -> None:
    login = (await owner.get(f"{API}/session")).json()["staff"]["login"]
    for _ in range(5):
        answer = await client.post(f"{API}/session", json={"login": login, "password": "wrong"})
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_credentials")
    answer = await client.post(f"{API}/session", json={"login": login, "password": "correct horse battery"})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_tries")
    assert (await owner.get(f"{API}/session")).status_code == 200
