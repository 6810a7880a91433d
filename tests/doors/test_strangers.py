"""A walk over every route that names something, with another merchant's names: not there, and nothing moved."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shuke.doors import document, setup
from shuke.doors.context import Context
from shuke.ground import access, ingestion
from shuke.kit import clock
from shuke.kit.db import Database, Model, is_tenant
from shuke.programs import intake
from tests.conftest import signed_in

API = "/console/api"
NOWHERE = {
    "code": "nowhere",
    "slug": "nowhere",
    "tag": "nowhere",
    "group": "nowhere",
    "reader": "nowhere",
    "key": "nowhere",
}  # every other name is a number
SEGMENT = {"did": "order"}
OFFER = {"name": "500 抵 50", "points": 500, "value_fen": 5_000}
MISSION = {
    "name": "新客任务", "period": "once",
    "plan": {"steps": [{"kind": "behave", "params": {"event": "follow"}}],
             "rewards": [{"kind": "points", "params": {"points": 5}}]},
}  # fmt: skip
TWICE = ("13900139000", "13700137000")
LEVELS = [{"level": 0, "name": "新友", "threshold": 0}]
EXAMPLE = {"name": "消费 100 元", "points": 100, "trial": {"amount_fen": 10_000}}
WEBHOOK = {"name": "进销存", "url": "https://shuke-webhooks.invalid/hooks", "events": ["segment_entered"]}
LOTTERY = {
    "name": "双11 大抽奖",
    "prizes": [{"name": "10 积分", "odds": 10_000, "reward": {"kind": "points", "params": {"points": 10}}}],
}
PERIOD = {"since": "2026-10-01", "until": "2026-10-31"}
ASKED = {
    f"{API}/members/{{member_id}}/balance-at": "?at=2026-11-01",
    f"{API}/segments/{{slug}}/then": "?at=2026-11-01T10:00:00%2B08:00",
    f"{API}/segments/{{slug}}/then/members": "?at=2026-11-01T10:00:00%2B08:00",
}
BODIES: dict[str, Any] = {
    f"POST {API}/imports/{{import_id}}/start": {"mapping": {}},
    f"PUT {API}/journeys/{{journey_id}}": {"name": "我的", "segment": "ours", "steps": []},
    f"PATCH {API}/members/{{member_id}}": {"name": "我的"},
    f"POST {API}/members/{{member_id}}/adjust": {"points": 10, "reason": "补分"},
    f"POST {API}/members/{{member_id}}/merge": {"into": 1},
    f"PUT {API}/offers/{{offer_id}}": OFFER,
    f"PUT {API}/points/rules/{{rule_id}}/draft": {"name": "我的", "params": {}},
    f"PUT {API}/segments/{{slug}}": {"name": "我的"},
    f"POST {API}/segments/{{slug}}/changes": {"rule": SEGMENT},
    f"PATCH {API}/staff/{{staff_id}}": {"name": "我的"},
    f"PATCH {API}/tags/{{tag}}": {"name": "我的"},
    f"POST {API}/tags/{{tag}}/merge": {"into": "min-gan-ji"},
    f"PATCH {API}/tag-groups/{{group}}": {"name": "我的"},
    f"POST {API}/members/{{member_id}}/referrer": {"code": "ABCDEFG"},
    f"PUT {API}/tiers/ladders/{{ladder_id}}": {
        "name": "我的",
        "levels": [{"level": 0, "name": "新友", "threshold": 0}],
    },
    f"POST {API}/members/{{member_id}}/tier": {"level": 1, "note": "贵宾"},
    f"POST {API}/members/{{member_id}}/tier/back": {},
    f"POST {API}/members/{{member_id}}/prizes/collect": {"key": "k"},
    f"POST {API}/staff/{{staff_id}}/password": {},
    f"POST {API}/approvals/{{request_id}}/refuse": {"words": "不补"},
    f"POST {API}/members/{{member_id}}/transfer": {"to": 1, "points": 5},
    f"PUT {API}/missions/{{mission_id}}": MISSION,
    f"PUT {API}/points/examples/{{example_id}}": EXAMPLE,
    "POST /v1/missions/{mission_id}/claim": {"member": {"phone": "13800138000"}},
    f"POST {API}/orders/{{order_id}}/refund-preview": {},
    f"POST {API}/lotteries/{{lottery_id}}": LOTTERY,
    f"POST {API}/members/{{member_id}}/lotteries/{{lottery_id}}/turns": {"key": "k"},
    "POST /v1/lotteries/{lottery_id}/turns": {"member": {"phone": "13800138000"}, "key": "k"},
    "POST /v1/journeys/{journey_id}/members": {"member": {"phone": "13800138000"}, "key": "k"},
    "POST /v1/journeys/{journey_id}/members/stop": {"member": {"phone": "13800138000"}},
    "PUT /v1/segments/{slug}": {"name": "我的", "version": 1},
    "POST /v1/segment-lists/{slug}/members": {"add": {"member_ids": [1]}},
    f"PATCH {API}/stores/{{code}}": {"name": "我的"},
    f"PUT {API}/webhooks/{{webhook_id}}": WEBHOOK,
}


def routes() -> Iterator[tuple[str, str]]:
    """Every method and path of the document that names something in its path."""
    for path, methods in document.describe()["paths"].items():
        if "{" in path:
            yield from ((method.upper(), path) for method in methods)


async def _made(client: httpx.AsyncClient, path: str, **what: Any) -> dict[str, Any]:
    answer = await client.post(f"{API}{path}", **what)
    assert answer.status_code == 201, (path, answer.text)
    body: dict[str, Any] = answer.json()
    return body


async def _late(owner: httpx.AsyncClient, database: Database, merchant_id: int) -> int:
    old = clock.now() - timedelta(days=90)
    await intake.apply(database, merchant_id, [ingestion.OrderIn(order_id="old", occurred_at=old, amount_fen=100)])
    [item] = (await owner.get(f"{API}/late")).json()["items"]
    return int(item["item_id"])


async def _set_aside(database: Database, merchant_id: int) -> int:
    async with database.write(merchant_id) as tx:
        seq: int = await tx.value("select max(seq) from outbox where merchant_id = %(merchant_id)s")
        await tx.run(
            "insert into dead_letter (merchant_id, reader, seq, kind, error, failed_at) "
            "values (%(merchant_id)s, 'reactions', %(seq)s, 'orders_recorded', 'RuntimeError: no', %(at)s)",
            seq=seq, at=clock.now(),
        )  # fmt: skip
    return seq


async def _cell(database: Database, merchant_id: int) -> str:
    """A cell of the RFM map in which somebody stands."""
    async with database.write(merchant_id) as tx:
        await tx.run(
            "insert into profile_cell (merchant_id, grid, cell, members) values (%(merchant_id)s, 'map', '4-2', 1)"
        )
    return "map:4-2"


async def _key(database: Database, merchant_id: int) -> dict[str, str]:
    """What a request to /v1 carries: a key that may do everything there."""
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "全部", sorted(access.PERMISSIONS), clock.now())
    return {"Authorization": f"Bearer {secret}"}


async def _hold(owner: httpx.AsyncClient, member_id: int, headers: dict[str, str]) -> dict[str, Any]:
    """A hold of a till, open: its key there and its number on the console."""
    await _made(owner, f"/members/{member_id}/adjust", json={"points": 100, "reason": "补分"})
    wish = {"member_id": member_id, "points": 10, "key": "拿铁-1"}
    held = (await owner.post("/v1/holds", json=wish, headers=headers)).json()
    return {"hold_id": held["hold_id"], "key": wish["key"]}


async def _merge(owner: httpx.AsyncClient) -> int:
    """Two files of one person made one; the number of the merge."""
    twice = [(await _made(owner, "/members", json={"phone": phone}))["member_id"] for phone in TWICE]
    joined = await owner.post(f"{API}/members/{twice[0]}/merge", json={"into": twice[1]})
    assert joined.status_code == 200, joined.text
    [merge] = (await owner.get(f"{API}/merges")).json()["items"]
    return int(merge["merge_id"])


async def _awaited(owner: httpx.AsyncClient, database: Database, merchant_id: int, rule_id: int) -> dict[str, Any]:
    """An order whose points wait until the goods are received: its number, and that of the credit."""
    use = {"when": "action", "wait": "7D", "action": "确认收货"}
    draft = {"name": "消费送积分", "params": {"points": 1, "per_fen": 100}, "terms": {"use": use}}
    assert (await owner.put(f"{API}/points/rules/{rule_id}/draft", json=draft)).status_code == 200
    assert (await owner.post(f"{API}/points/rules/{rule_id}/publish")).status_code == 200
    member = {"phone": "13800138000"}
    bought = ingestion.OrderIn(order_id="waits", occurred_at=clock.now(), amount_fen=10_000, member=member)
    await intake.apply(database, merchant_id, [bought])
    [waiting] = (await owner.get(f"{API}/awaited")).json()["items"]
    return {"entry_id": waiting["entry_id"], "order_id": waiting["order_id"]}


async def _webhook(owner: httpx.AsyncClient) -> dict[str, Any]:
    """An address that is told who enters a segment, and one delivery that found nobody there."""
    number = (await _made(owner, "/webhooks", json=WEBHOOK))["webhook"]["webhook_id"]
    tried = (await owner.post(f"{API}/webhooks/{number}/test")).json()
    return {"webhook_id": number, "delivery_id": tried["delivery_id"]}


@pytest.fixture
async def theirs(owner: httpx.AsyncClient, mirrored: Context, merchant_id: int) -> dict[str, str]:
    """One thing of every kind that a route can name, made on the console by its owner: name in the path → value."""
    assert mirrored.mirror is not None
    member = await _made(owner, "/members", json={"phone": "13800138000", "name": "王芳"})
    segment = await _made(owner, "/segments", json={"name": "买过", "rule": SEGMENT, "slug": "ours"})
    tag = (await _made(owner, "/tags", json={"name": "敏感肌"}))["slug"]
    worn = await owner.post(f"{API}/members/tags", json={"add": [tag], "members": [member["member_id"]]})
    asked = await owner.post(f"{API}/members/{member['member_id']}/adjust", json={"points": 20_000, "reason": "补分"})
    steps = [{"kind": "give_points", "params": {"points": 50, "valid_for": "3D"}}]
    made = {
        "member_id": member["member_id"],
        "slug": segment["slug"],
        "tag": tag,
        "group": (await _made(owner, "/tag-groups", json={"name": "肤质"}))["slug"],
        "act_id": worn.json()["act_id"],
        "offer_id": (await _made(owner, "/offers", json={**OFFER, "slug": "ours"}))["offer_id"],
        "journey_id": (await _made(owner, "/journeys", json={"name": "叫回", "segment": "ours", "steps": steps}))[
            "journey_id"
        ],
        "key_id": (await _made(owner, "/api-keys", json={"name": "收银", "scopes": ["ingest"]}))["key_id"],
        "rule_id": (await owner.get(f"{API}/points/rules")).json()["items"][0]["rule_id"],
        "staff_id": (await owner.get(f"{API}/session")).json()["staff"]["staff_id"],
        "import_id": (await _made(owner, "/imports", files={"file": ("a.csv", b"member_id\nm1\n")}, data={"kind": "members"}))[
            "import_id"
        ],
        "item_id": await _late(owner, mirrored.database, merchant_id),
        "request_id": asked.json()["request_id"],
        "mission_id": (await _made(owner, "/missions", json=MISSION))["mission_id"],
        "example_id": (await _made(owner, "/points/examples", json=EXAMPLE))["items"][0]["example_id"],
        "ladder_id": (await _made(owner, "/tiers/ladders", json={"name": "到店", "levels": LEVELS}))["ladder_id"],
        "code": "s1", "how": "pause", "move": "publish", "reader": "reactions",
        "seq": await _set_aside(mirrored.database, merchant_id), "cell": await _cell(mirrored.database, merchant_id),
        "run_id": (await _made(owner, "/segment-runs", json={"kind": "recount"}))["run_id"],
        "backtest_id": (await _made(owner, "/points/backtests", json=PERIOD))["backtest_id"],
        "merge_id": await _merge(owner),
        **await _hold(owner, member["member_id"], await _key(mirrored.database, merchant_id)),
        **await _webhook(owner),
        "lottery_id": (await _made(owner, "/lotteries", json=LOTTERY))["lottery_id"],
    }  # fmt: skip
    made |= await _awaited(owner, mirrored.database, merchant_id, made["rule_id"])
    return {name: str(value) for name, value in made.items()}


async def _everything(database: Database, merchant_id: int) -> dict[str, str]:
    """A digest of every row of every table of a merchant."""
    tables = sorted(table.name for table in Model.metadata.tables.values() if is_tenant(table))
    async with database.read(merchant_id) as tx:
        return {
            name: await tx.value(
                f"select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from {name} t "
                "where t.merchant_id = %(merchant_id)s"
            )
            for name in tables
        }


async def test_what_belongs_to_another_merchant_is_not_there(
    app: Any, database: Database, merchant_id: int, theirs: dict[str, str]
) -> None:
    """On every route the same answer as for what does not exist, and not a row of either merchant changes."""
    at = clock.now()
    other = await setup.create_merchant(
        database, slug=f"stranger-{merchant_id}", name="别家", zone="Asia/Shanghai", at=at
    )
    stranger = await signed_in(app, database, other, ("owner", None))
    key = await _key(database, other)
    before = {number: await _everything(database, number) for number in (merchant_id, other)}
    walked = 0
    for method, path in routes():
        names = re.findall(r"{(\w+)}", path)
        assert set(names) <= theirs.keys(), f"{path} names something that this walk does not make"
        nowhere = {name: NOWHERE.get(name, "4242424242") for name in names} | {"how": "pause", "move": "publish"}
        body = BODIES.get(f"{method} {path}")
        headers = key if path.startswith("/v1") else None
        address = path + ASKED.get(path, "")
        asked = await stranger.request(method, address.format(**theirs), json=body, headers=headers)
        missing = await stranger.request(method, address.format(**nowhere), json=body, headers=headers)
        assert asked.status_code == missing.status_code == 404, (method, path, asked.text, missing.text)
        told, blank = (_without(answer.text, values) for answer, values in ((asked, theirs), (missing, nowhere)))
        assert told == blank, f"{method} {path} tells more of what is another's"
        walked += 1
    assert walked == len(list(routes())) > 30
    assert before == {number: await _everything(database, number) for number in (merchant_id, other)}


def _without(text: str, values: dict[str, str]) -> str:
    for value in sorted(values.values(), key=len, reverse=True):
        text = re.sub(rf"\b{re.escape(value)}\b", "·", text)
    return text


async def test_the_walk_finds_everything_for_its_owner(
    owner: httpx.AsyncClient, database: Database, merchant_id: int, theirs: dict[str, str]
) -> None:
    """The other side of it: what reads is found by whom it belongs to, so the walk above asks for things that exist."""
    key = await _key(database, merchant_id)
    for method, path in routes():
        if method == "GET" and not path.endswith("/rejected"):
            address = path + ASKED.get(path, "")
            answer = await owner.get(address.format(**theirs), headers=key if path.startswith("/v1") else None)
            assert answer.status_code == 200, (path, answer.text)
