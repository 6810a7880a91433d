"""Who brought whom, a member's tree, and the leaderboard, as files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Annotated, Any, Literal

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Stream

from shuke.doors.screens import sheets
from shuke.ground import access, members, tenancy
from shuke.kit import clock, http
from shuke.kit.db import Database
from shuke.kit.http import Caller, requires
from shuke.programs import referrals

EXPORT = [requires("referrals.read"), requires("members.export")]
PART = 200
Format = Literal["csv", "xlsx"]
State = Literal["waiting", "ordered", "rewarded", "taken_back", "refused", "void"]
Wanted = Annotated[State | None, QueryParameter(name="state")]
RELATION: dict[str, tuple[str, str]] = {
    "friend_id": ("好友编号", "Friend"), "friend_name": ("好友", "Friend's name"), "referrer_id": ("推荐人编号", "Referrer"),
    "referrer_name": ("推荐人", "Referrer's name"), "how": ("怎么来的", "How"), "state": ("状态", "State"),
    "review": ("审核", "Review"), "occurred_at": ("推荐时间", "Referred at"), "order_at": ("首单时间", "First order at"),
    "settled_at": ("奖励时间", "Rewarded at"), "capped": ("超过上限", "Beyond the cap"),
}  # fmt: skip
TREE: dict[str, tuple[str, str]] = {"level": ("第几层", "Level"), **RELATION}
PLACE: dict[str, tuple[str, str]] = {
    "place": ("名次", "Place"), "member_id": ("会员编号", "Member"), "name": ("姓名", "Name"),
    "friends": ("带来的好友", "Friends brought"), "won": ("奖品", "Won"),
}  # fmt: skip
STATES: dict[str, tuple[str, str]] = {
    "waiting": ("等首单", "no order yet"), "ordered": ("退货期内", "return window runs"), "rewarded": ("已奖励", "rewarded"),
    "taken_back": ("已收回", "taken back"), "refused": ("已驳回", "refused"), "void": ("不成立", "void"),
    "none": ("", ""), "accepted": ("通过", "accepted"), "code": ("推荐码", "code"), "link": ("链接", "link"),
    "device": ("同一设备打开过链接", "link on the device"), "staff": ("店员登记", "staff"),
}  # fmt: skip
REVIEWS = {"waiting": ("待审核", "waits for review"), "refused": ("驳回", "refused")}


@get("/referrals/relations/export", guards=EXPORT)
async def export_relations(database: Database, caller: Caller, format: Format = "csv", wanted: Wanted = None) -> Stream:
    """Every relation (of one state) as a file, the latest first. Noted in the audit trail."""
    async with database.read(caller.merchant_id) as tx:
        counts = await referrals.counts(tx)
        zone = (await tenancy.get_merchant(tx)).zone
    rows = counts.get(wanted, 0) if wanted else sum(counts.values()) - counts["review"]
    await _note(database, caller, "referrals.exported", {"rows": rows, "format": format, "state": wanted})

    async def lines() -> AsyncIterator[list[dict[str, Any]]]:
        async with database.read(caller.merchant_id) as tx:
            cursor: str | None = None
            while True:
                page = await referrals.list_relations(tx, cursor, PART, wanted)
                yield [_relation(one, zone, caller.locale) for one in page.items]
                cursor = page.next_cursor
                if cursor is None:
                    return

    name = f"referrals-{clock.business_date(clock.now(), zone):%Y%m%d}"
    return sheets.stream(format, name, list(RELATION), lines(), caller.locale, titles=RELATION)


def _relation(one: Any, zone: str, locale: str) -> dict[str, Any]:
    way = 0 if locale == "zh" else 1
    return {
        "friend_id": one.friend_id, "friend_name": one.friend_name, "referrer_id": one.referrer_id,
        "referrer_name": one.referrer_name, "how": STATES[one.how][way], "state": STATES[one.state][way],
        "review": REVIEWS.get(one.review, STATES[one.review])[way], "occurred_at": _local(one.occurred_at, zone),
        "order_at": _local(one.order_at, zone), "settled_at": _local(one.settled_at, zone),
        "capped": ("是", "yes")[way] if one.capped else "",
    }  # fmt: skip


def _local(instant: datetime | None, zone: str) -> str:
    return f"{instant.astimezone(clock.zone(zone)):%Y-%m-%d %H:%M:%S}" if instant else ""


@get("/members/{member_id:int}/referrals/export", guards=EXPORT, responses=http.declares(members.NoSuchMember))
async def export_tree(member_id: int, database: Database, caller: Caller, format: Format = "csv") -> Stream:
    """Everybody below a member in the tree of referrals as a file, branch by branch; void ones left out. Noted in the trail."""
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        below = await referrals.below(tx, member_id)
        zone = (await tenancy.get_merchant(tx)).zone
    after = {"rows": len(below), "format": format}
    await _note(database, caller, "referral_tree.exported", after, ("member", str(member_id)))

    async def lines() -> AsyncIterator[list[dict[str, Any]]]:
        async with database.read(caller.merchant_id) as tx:
            for first in range(0, len(below), PART):
                part = below[first : first + PART]
                found = [
                    one for one in await referrals.of_friends(tx, [friend for friend, _ in part]) if one.state != "void"
                ]
                known = {one.friend_id: one for one in await referrals.shown(tx, found)}
                yield [
                    {"level": deep, **_relation(known[friend], zone, caller.locale)}
                    for friend, deep in part
                    if friend in known
                ]

    name = f"referral-tree-{member_id}-{clock.business_date(clock.now(), zone):%Y%m%d}"
    return sheets.stream(format, name, list(TREE), lines(), caller.locale, titles=TREE)


@get("/referrals/leaderboard/export", guards=EXPORT)
async def export_leaderboard(
    database: Database,
    caller: Caller,
    format: Format = "csv",
    period: Literal["week", "month", "all"] = "month",
    on: date | None = None,
) -> Stream:
    """The leaderboard of a week, a month or ever as a file, with what was won; at most 1,000 places. Noted in the trail."""
    async with database.read(caller.merchant_id) as tx:
        merchant = await tenancy.get_merchant(tx)
        day = on or clock.business_date(clock.now(), merchant.zone, merchant.day_start_minutes)
        board = await referrals.board(tx, period, day, 1_000)
    after = {"rows": len(board.places), "format": format, "period": period, "on": str(board.starts_on or "")}
    await _note(database, caller, "leaderboard.exported", after)
    way = "zh" if caller.locale == "zh" else "en"

    async def lines() -> AsyncIterator[list[dict[str, Any]]]:
        yield [
            {
                "place": one.place, "member_id": one.member_id, "name": one.name, "friends": one.friends,
                "won": ("、" if way == "zh" else ", ").join(won["words"][way] for won in one.won),
            }
            for one in board.places
        ]  # fmt: skip

    return sheets.stream(
        format, f"leaderboard-{board.starts_on or 'all'}", list(PLACE), lines(), caller.locale, titles=PLACE
    )


async def _note(
    database: Database, caller: Caller, action: str, after: dict[str, Any], subject: tuple[str, str] = ("referrals", "")
) -> None:
    async with database.write(caller.merchant_id) as tx:
        await access.record(tx, caller, action, subject, after=after, at=clock.now())


routes = [export_relations, export_tree, export_leaderboard]
