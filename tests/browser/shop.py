"""A small beauty shop with a past, made through the front doors; every figure on its screens is known."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from shuke.kit import clock
from tests.browser.server import API, Server, sign_in, until

ZONE = ZoneInfo("Asia/Shanghai")
HEADER = "订单号,下单时间,会员号,手机号,门店,渠道,货号,品名,品类,品牌,数量,实付"
# order, days ago, member, phone, store, goods: (sku, product, category, brand, quantity, yuan)
ORDERS: list[tuple[str, int, str, str, str, list[tuple[str, str, str, str, int, str]]]] = [
    ("SO-1001", 200, "M-0004", "13900139004", "sh-xuhui", [("CL-09", "眼霜 15ml", "眼部护理", "茉莉", 2, "1000.00")]),
    ("SO-1002", 60, "M-0001", "13800138001", "sh-jingan",
     [("JH-01", "玻尿酸精华 30ml", "精华", "茉莉", 1, "399.00"), ("MM-02", "保湿面膜 10片", "面膜", "茉莉", 2, "201.00")]),
    ("SO-1003", 45, "M-0001", "13800138001", "sh-jingan", [("KH-03", "口红 #12", "彩妆", "花间", 1, "128.50")]),
    ("SO-1004", 40, "M-0002", "13800138002", "sh-xuhui", [("MS-04", "修护面霜 50g", "面霜", "茉莉", 1, "820.00")]),
    ("SO-1005", 35, "M-0003", "13800138003", "sh-xuhui", [("XN-05", "洁面乳", "清洁", "茉莉", 1, "99.90")]),
    ("SO-1006", 10, "M-0005", "13900139005", "web", [("FS-06", "防晒霜 SPF50", "防晒", "花间", 1, "240.00")]),
    ("SO-1007", 5, "", "", "sh-jingan", [("XN-05", "洁面乳", "清洁", "茉莉", 1, "45.00")]),
    ("SO-1008", 3, "M-0005", "13900139005", "web", [("JH-01", "玻尿酸精华 30ml", "精华", "茉莉", 1, "560.00")]),
]  # fmt: skip
ROWS = 9  # the lines of all orders
MEMBERS = """会员号,姓名,手机号,性别,城市
M-0001,林晓芙,13800138001,female,上海
M-0002,王小美,13800138002,female,上海
M-0003,陈静,13800138003,female,苏州
M-0004,赵敏,13900139004,female,杭州
M-0005,张丽,13900139005,female,上海
"""


@dataclass
class Shop:
    """The merchant, its owner, its key, and what was made in it."""

    server: Server
    slug: str
    login: str
    password: str
    key: str
    colleague: str = ""
    member: dict[str, int] = field(default_factory=dict)
    journey_id: int = 0
    import_id: int = 0
    waiting_id: int = 0
    rule_id: int = 0


def orders_csv(*, flawed: bool = False) -> bytes:
    """The orders as a till would export them; `flawed` adds one row whose money is no money."""
    lines = [HEADER]
    for order, ago, member, phone, store, goods in ORDERS:
        at = days_ago(ago).strftime("%Y-%m-%d %H:%M:%S")
        channel = "web" if store == "web" else "pos"
        lines += [
            f"{order},{at},{member},{phone},{store},{channel},{sku},{product},{category},{brand},{quantity},{yuan}"
            for sku, product, category, brand, quantity, yuan in goods
        ]
    if flawed:
        lines.append(
            f"SO-1009,{days_ago(2):%Y-%m-%d %H:%M:%S},M-0003,13800138003,sh-xuhui,pos,XN-05,洁面乳,清洁,茉莉,1,待定"
        )
    return ("\ufeff" + "\n".join(lines) + "\n").encode()


def days_ago(days: int) -> datetime:
    """Two in the afternoon in Shanghai, so many days ago."""
    return (clock.now().astimezone(ZONE) - timedelta(days=days)).replace(hour=14, minute=5, second=0, microsecond=0)


async def empty_shop(server: Server, slug: str, name: str) -> Shop:
    """A merchant with an owner and a key, by the command line, and nothing else."""
    made = await server.command("merchant", "create", slug, "--name", name, "--owner", f"{slug}-owner")
    key = await server.command("key", "create", "收银台", "--merchant", slug)
    return Shop(server, slug, made["login"], made["password"], key["secret"])


async def filled_shop(server: Server, slug: str, name: str) -> Shop:
    """The shop with its past, its members' names, behaviour, a segment, and the example journey at work."""
    shop = await empty_shop(server, slug, name)
    console = await sign_in(server.address, shop.login, shop.password)
    shop.import_id = await take_in(console, "orders", "收银导出.csv", orders_csv(flawed=True))
    await take_in(console, "members", "会员资料.csv", MEMBERS.encode())
    shop.waiting_id = (await upload(console, "orders", "待确认.csv", orders_csv()))["import_id"]
    page = (await console.get(f"{API}/members")).json()
    shop.member = {row["name"]: row["member_id"] for row in page["items"]}
    await _let_in_messages(console, shop)
    shop.colleague = await _english_colleague(console, shop)
    await send_events(shop)
    shop.journey_id = await _example_at_work(console)
    shop.rule_id = (await console.get(f"{API}/points/rules")).json()["items"][0]["rule_id"]
    await console.post(f"{API}/points/audit")
    await console.aclose()
    return shop


async def upload(console: httpx.AsyncClient, kind: str, name: str, body: bytes) -> dict[str, Any]:
    """A file as the console sends it; the guessed mapping."""
    answer = await console.post(f"{API}/imports", data={"kind": kind}, files={"file": (name, body, "text/csv")})
    assert answer.status_code == 201, answer.text
    draft: dict[str, Any] = answer.json()
    assert draft["missing"] == [], draft
    return draft


async def take_in(console: httpx.AsyncClient, kind: str, name: str, body: bytes) -> int:
    """Upload, accept the guess, wait until it is done."""
    draft = await upload(console, kind, name, body)
    started = await console.post(f"{API}/imports/{draft['import_id']}/start", json={"mapping": draft["guess"]})
    assert started.status_code == 200, started.text

    async def done() -> Any:
        run = (await console.get(f"{API}/imports/{draft['import_id']}")).json()
        assert run["state"] != "failed", run
        return run["state"] == "done"

    await until(done, 60)
    return int(draft["import_id"])


async def _let_in_messages(console: httpx.AsyncClient, shop: Shop) -> None:
    for name in ("林晓芙", "王小美"):
        answer = await console.patch(f"{API}/members/{shop.member[name]}", json={"consent": {"sms": True}})
        assert answer.status_code == 200, answer.text


async def _english_colleague(console: httpx.AsyncClient, shop: Shop) -> str:
    """Somebody with the same rights who reads English: the language goes with the person."""
    body = {"login": f"{shop.slug}-emma", "name": "Emma", "password": shop.password,
            "roles": [{"role": "owner", "store": None}]}  # fmt: skip
    answer = await console.post(f"{API}/staff", json=body)
    assert answer.status_code == 201, answer.text
    return str(body["login"])


async def send_events(shop: Shop) -> None:
    """What 林晓芙 looked at and did, by the API."""
    did = [("view", {"sku": "JH-01", "category": "精华"}), ("check_in", {}), ("share", {"sku": "JH-01"})]
    body = [
        {"event_id": f"E-{number}", "occurred_at": days_ago(2 + number).isoformat(), "member": {"phone": "13800138001"},
         "event": event, "properties": properties, "channel": "mini"}
        for number, (event, properties) in enumerate(did)
    ]  # fmt: skip
    await post(shop, "events", body)


async def post(shop: Shop, what: str, body: Any) -> Any:
    """The public API, as a till calls it; every item must be accepted."""
    async with httpx.AsyncClient(base_url=shop.server.address, timeout=30) as client:
        answer = await client.post(f"/v1/{what}", json=body, headers={"Authorization": f"Bearer {shop.key}"})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"] if isinstance(body, list) else [answer.json()]
    assert {one["status"] for one in results} == {"accepted"}, results
    return answer.json()


async def _example_at_work(console: httpx.AsyncClient) -> int:
    made = await console.post(f"{API}/journeys", json={"example": "dormant-500-as-50"})
    assert made.status_code == 201, made.text
    journey_id = int(made.json()["journey_id"])
    refreshed = await console.post(f"{API}/segments/dormant-500/refresh")
    assert refreshed.status_code < 300, refreshed.text
    launched = await console.post(f"{API}/journeys/{journey_id}/launch", json={"start_with_members": True})
    assert launched.status_code < 300, launched.text

    async def travelled() -> Any:
        numbers.update((await console.get(f"{API}/journeys/{journey_id}")).json()["numbers"])
        return numbers["entered"] == 3 and numbers["messaged"] == 3

    numbers: dict[str, Any] = {}
    await until(travelled, 60, lambda: numbers)
    return journey_id
