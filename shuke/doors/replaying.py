"""`shuke ledger replay`: a file of past movements through the real verbs of the ledger, and one line of JSON at the end."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.assets import points, replays
from shuke.doors import commands, engines, loop
from shuke.ground import members
from shuke.kit import clock, durations, errors, jobs

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from shuke.kit.config import Settings
    from shuke.kit.db import Database, Tx

BATCH = 1000
NAMED = 200
NEEDED = ("occurred_at", "member_id", "kind", "points", "key")
_WHOLE = re.compile(r"[1-9]\d{0,14}")


class ColumnsMissing(errors.Refused):
    """The file lacks the columns {missing}."""

    code = "columns_missing"
    http_status = 422
    zh = "文件缺少这些列：{missing}。"
    cure = "The first line names the columns: occurred_at, member_id, kind, points, key and, if wanted, valid_days."
    cure_zh = "第一行是列名：occurred_at、member_id、kind、points、key，可以再加 valid_days。"


class BadRow(errors.Refused):
    """This row cannot be read: {reason}"""

    code = "bad_row"
    http_status = 422
    zh = "这一行读不了：{reason_zh}"
    cure = "Correct the row and send the file again; what was accepted stays as it is."
    cure_zh = "请改好这一行再传一次，已入账的不会重复。"


class Row(msgspec.Struct, frozen=True):
    """One line of the file that could be read."""

    number: int
    outside_id: str
    points: int
    key: str
    occurred_at: datetime
    expires_at: datetime | None


class Outcome(msgspec.Struct):
    """What became of the lines so far."""

    rows: int = 0
    accepted: int = 0
    repeated: int = 0
    refused: int = 0
    reasons: Counter[str] = msgspec.field(default_factory=Counter)
    refusals: list[dict[str, Any]] = []

    def refuse(self, number: int, key: str, refusal: dict[str, Any]) -> None:
        """Count a refused line, and name it while there are few."""
        self.refused += 1
        self.reasons[refusal["code"]] += 1
        if len(self.refusals) < NAMED:
            told = {"message": refusal["message"], "message_en": refusal["message_en"]}
            self.refusals.append({"row": number, "key": key, "code": refusal["code"], **told})


def replay_file(options: argparse.Namespace, settings: Settings) -> int:
    """The exit status: 0, also when lines were refused: a refused redemption is an answer."""

    async def work() -> dict[str, Any]:
        async with engines.connected(settings) as context:
            merchant = await commands.known_merchant(context, options.merchant)
            as_of = clock.now() if options.as_of is None else read_as_of(options.as_of, merchant.zone)
            return await replay(context.database, merchant.merchant_id, merchant.zone, options.file, as_of)

    print(json.dumps(loop.run(work()), ensure_ascii=False))
    return 0


def read_as_of(text: str, zone: str) -> datetime:
    """An instant; a date alone is the last moment of that day in the merchant's zone."""
    found = commands.read_instant(text, zone)
    return found + timedelta(days=1, microseconds=-1) if len(text) == 10 else found


async def replay(database: Database, merchant_id: int, zone: str, path: Path, as_of: datetime) -> dict[str, Any]:
    """Post the file in batches, in its order; repeatable. Answers how many were accepted and refused, and the totals."""
    outcome = Outcome()
    started = clock.monotonic()
    with path.open(encoding="utf-8-sig", newline="") as file:
        waiting = _lines(file, zone)
        while lines := list(islice(waiting, BATCH)):
            outcome.rows += len(lines)
            await _post(database, merchant_id, lines, outcome)
    async with database.write(merchant_id) as tx:
        await jobs.wake(tx, points.SWEEP, clock.now())
    async with database.read(merchant_id) as tx:
        totals = await points.totals_at(tx, as_of)
    return {
        **msgspec.to_builtins(outcome), "seconds": round(clock.monotonic() - started, 3),
        "totals": msgspec.to_builtins(totals),
    }  # fmt: skip


def _lines(file: Any, zone: str) -> Iterator[Row | tuple[int, str, BadRow]]:
    reader = csv.DictReader(file)
    missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        raise ColumnsMissing(missing=", ".join(missing))
    for number, cells in enumerate(reader, 2):
        try:
            yield _row(number, {name: (cells.get(name) or "").strip() for name in (*NEEDED, "valid_days")}, zone)
        except BadRow as flaw:
            yield number, cells.get("key") or "", flaw


def _row(number: int, cells: dict[str, str], zone: str) -> Row:
    kind, figure, days = cells["kind"], cells["points"], cells["valid_days"]
    if not 0 < len(cells["key"]) <= 200 or not 0 < len(cells["member_id"]) <= 200:
        raise BadRow(reason="The member or the key is missing or too long.", reason_zh="会员或编号缺失或过长。")
    if kind not in ("earn", "redeem"):
        raise BadRow(reason=f"'{kind}' is neither earn nor redeem.", reason_zh=f"「{kind}」不是 earn 也不是 redeem。")
    if not _WHOLE.fullmatch(figure):
        raise BadRow(reason=f"'{figure}' is not a number of points.", reason_zh=f"「{figure}」不是积分数。")
    if days and not (_WHOLE.fullmatch(days) and len(days) <= 5):
        raise BadRow(reason=f"'{days}' is not a number of days.", reason_zh=f"「{days}」不是天数。")
    try:
        at = commands.read_instant(cells["occurred_at"], zone)
    except commands.NotAnInstant as error:
        raise BadRow(reason=f"'{cells['occurred_at']}' is not an instant.", reason_zh="发生时间读不懂。") from error
    signed = int(figure) if kind == "earn" else -int(figure)
    ends = durations.end(f"{days}D", at, zone) if days and kind == "earn" else None
    return Row(number, cells["member_id"], signed, cells["key"], at, ends)


async def _post(database: Database, merchant_id: int, lines: Any, outcome: Outcome) -> None:
    rows = [line for line in lines if isinstance(line, Row)]
    verdicts = await database.attempt(merchant_id, _book, rows) if rows else []
    found = iter(verdicts)
    for line in lines:
        if not isinstance(line, Row):
            number, key, flaw = line
            outcome.refuse(number, key, flaw.body())
            continue
        verdict = next(found)
        if verdict.refusal is not None:
            outcome.refuse(line.number, line.key, verdict.refusal)
        else:
            outcome.accepted += verdict.state == "booked"
            outcome.repeated += verdict.state == "repeated"


async def _book(tx: Tx, rows: list[Row]) -> list[points.Verdict]:
    """One batch: the members by their outside ids (created where nobody has one), then their movements."""
    outside = sorted({row.outside_id for row in rows})
    people = [{"external": one} for one in outside]
    found = await members.ensure_members(tx, people, clock.now(), [None] * len(outside))
    numbers = dict(zip(outside, found, strict=True))
    return await replays.replay(tx, [_posting(row, numbers[row.outside_id]) for row in rows])


def _posting(row: Row, member_id: int) -> points.Posting:
    zh, en = ("历史获得", "Earned before") if row.points > 0 else ("历史使用", "Spent before")
    return points.Posting(
        member_id=member_id, points=row.points, type="earn" if row.points > 0 else "redeem", key=f"file:{row.key}",
        why={"kind": "replay", "zh": f"{zh}（{row.key}）", "en": f"{en} ({row.key})"}, occurred_at=row.occurred_at,
        expires_at=row.expires_at,
    )  # fmt: skip
