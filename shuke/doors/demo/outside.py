"""What 芙颜 exchanges with other systems: files it imports, and a webhook whose address belongs to nobody.

Nothing leaves the machine: the address ends in example.com, which is kept free for examples (RFC 2606), and instead of looking
it up the tellings are given the answer that looking it up would give.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from shuke.doors.demo import goods, purchases
from shuke.ground import ingestion
from shuke.outreach import webhooks
from shuke.programs import imports

if TYPE_CHECKING:
    from shuke.doors.demo.desk import Desk

CRM = "https://crm.example.com/shuke/members"
TOLD = ["high-value", "lifecycle-dormant"]
EVENTS = ["segment_entered", "segment_left"]


async def tell_crm(desk: Desk, at: datetime) -> None:
    """苏芙 enters the address that the people of the CRM gave her."""
    async with desk.database.write(desk.merchant_id) as tx:
        made, _ = await webhooks.create_webhook(
            tx, name="企业微信 CRM", url=CRM, events=EVENTS, segments=TOLD, at=at, by=desk.owner.name
        )
        desk.left["crm"] = made.webhook_id
        await desk.note(tx, desk.owner, "webhook.created", ("webhook", made.name), at)


async def send(desk: Desk, at: datetime) -> None:
    """Tell what is due; nobody is there to hear it."""
    await webhooks.send_due(desk.database, desk.merchant_id, at, _nobody)


async def pause_crm(desk: Desk, at: datetime) -> None:
    """The address is wrong; until a right one comes the webhook rests, with its log."""
    async with desk.database.write(desk.merchant_id) as tx:
        made = await webhooks.change_webhook(
            tx, desk.left["crm"], name="企业微信 CRM", url=CRM, events=EVENTS, segments=TOLD, paused=True
        )
        await desk.note(tx, desk.owner, "webhook.changed", ("webhook", made.name), at)


async def _nobody(url: str, body: bytes, headers: Mapping[str, str]) -> webhooks.Answered:
    raise webhooks.CannotCall("unknown_host")


async def import_skins(desk: Desk, at: datetime) -> None:
    """What the beauticians wrote down on paper about skins, typed into a table; some rows do not hold."""
    rng = desk.rng(4)
    chosen = [desk.members[place] for place in sorted(rng.choice(len(desk.members), 86, replace=False).tolist())]
    notes = ("换季容易泛红", "T 区出油", "正在用处方药膏，停用酸类", "眼周干纹", "喜欢清爽质地", "")
    rows = [
        [one.external, one.phone, one.name, one.skin, notes[place % len(notes)]] for place, one in enumerate(chosen)
    ]
    rows[11][1] = "1390000"  # a digit got lost
    rows[40][0] = rows[40][1] = ""
    rows[63][1] = "问一下前台"
    await _bring(desk, "members", "护理师手写肤质档案.csv", ["会员号", "手机号", "姓名", "肤质", "护理备注"], rows, at)


async def import_receipts(desk: Desk, at: datetime) -> None:
    """Receipts of an afternoon without power, written by hand and typed in the week after."""
    rng = desk.rng(5)
    day = (at - timedelta(days=4)).astimezone(purchases.ZONE).replace(hour=14, minute=6, second=0)
    local = [one for one in desk.members if one.city == "上海" and one.joined_on < day.date()]
    rows = []
    for place in range(min(18, len(local))):
        member = local[int(rng.integers(len(local)))]
        product = goods.PRODUCTS[int(rng.integers(len(goods.PRODUCTS)))]
        when = day + timedelta(minutes=9 * place + int(rng.integers(8)))
        paid = f"{product.price_fen / 100:.2f}"
        rows.append(
            [f"手工-{day:%m%d}-{place + 1:02}", f"{when:%Y-%m-%d %H:%M}", member.external, "sh-jingan", "pos", product.sku,
             product.name, product.category, "1", paid, "cash"]
        )  # fmt: skip
    if len(rows) > 12:
        rows[5][9] = "赠品"
        rows[12][1] = f"{day:%Y}年{day:%m}月{day:%d}日下午"
    heads = [
        "订单号",
        "下单时间",
        "会员号",
        "门店编号",
        "渠道",
        "商品编码",
        "商品名称",
        "品类",
        "数量",
        "实付金额",
        "支付方式",
    ]
    await _bring(desk, "orders", "静安店停电手写小票.csv", heads, rows, at)


async def import_gifts(desk: Desk, at: datetime) -> None:
    """The gift boxes of the winter, for the catalogue."""
    rows = [
        ["GIFT-W1", "冬日玫瑰礼盒（精华+面霜）", "面霜", "芙颜", "599.00"],
        ["GIFT-W2", "暖香身体护理礼盒", "身体护理", "拾光集", "268.00"],
        ["GIFT-W3", "派对眼妆礼盒", "眼妆", "澄野", "329.00"],
        ["GIFT-W4", "圣诞倒数日历", "美容工具", "芙颜", "待定"],
    ]
    await _bring(desk, "products", "冬季礼盒新品.csv", ["商品编码", "商品名称", "品类", "品牌", "售价"], rows, at)


async def _bring(
    desk: Desk,
    kind: ingestion.files.shapes.Kind,
    name: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    at: datetime,
) -> None:
    """Upload a table and let it run, as the console does; what was left out stays to be fetched."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        await asyncio.to_thread(_write, path, heads, rows)
        run = await imports.begin_import(desk.database, desk.merchant_id, kind, path)
        async with desk.database.write(desk.merchant_id) as tx:
            for act in ("import.uploaded", "import.started"):
                await desk.note(tx, desk.owner, act, ("import", name), at)
        kept = imports.import_folder(desk.home, desk.merchant_id, run.import_id)
        await imports.run_import(desk.database, desk.merchant_id, run.import_id, kept)


def _write(path: Path, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([heads, *rows])
