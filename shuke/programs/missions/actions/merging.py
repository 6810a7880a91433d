"""Two members turn out to be one, and one two again: checked days and missions are united, and separated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from shuke.ground import members, tenancy
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.programs.missions.actions import progress as progress_actions
from shuke.programs.missions.events import Checked, StreaksRecounted
from shuke.programs.missions.policy import mission as policy
from shuke.programs.missions.queries import check_ins, progress

ROOM = "missions"
_MOVE = """
update check_in c set member_id = %(to)s where c.merchant_id = %(merchant_id)s and c.member_id = %(from)s
  and (%(days)s::date[] is null or c.day = any(%(days)s::date[]))
  and not exists (select from check_in k where k.merchant_id = %(merchant_id)s and k.member_id = %(to)s and k.day = c.day)
returning c.day
"""
_DROP = """
delete from check_in c where c.merchant_id = %(merchant_id)s and c.member_id = %(member_id)s returning to_jsonb(c) as row
"""
_AGAIN = """
insert into {0} select r.* from jsonb_populate_recordset(null::{0}, %(rows)s::jsonb) r on conflict do nothing
"""
_RANK = "array_position(array['open','refused','complete','in_review','accepted'], {}.state)"
_SAME = (
    "k.merchant_id = %(merchant_id)s and k.member_id = %(into_id)s and k.mission_id = p.mission_id "
    "and k.starts_on = p.starts_on"
)
_KNOWN = """
select to_jsonb(k) as row from {0} k where k.merchant_id = %(merchant_id)s and (k.member_id = %(member_id)s
  or k.member_id = %(into_id)s and exists (select from mission_progress p where p.merchant_id = %(merchant_id)s
    and p.member_id = %(member_id)s and p.mission_id = k.mission_id and p.starts_on = k.starts_on))
"""
_BEHIND = f"""
delete from mission_progress k using mission_progress p where p.merchant_id = %(merchant_id)s
    and p.member_id = %(member_id)s and {_SAME} and {_RANK.format("p")} > {_RANK.format("k")}
"""
_MOVED = f"""
update mission_progress p set member_id = %(into_id)s where p.merchant_id = %(merchant_id)s and p.member_id = %(member_id)s
    and not exists (select from mission_progress k where {_SAME})
"""
_MARKED = f"""
update mission_mark p set member_id = %(into_id)s where p.merchant_id = %(merchant_id)s and p.member_id = %(member_id)s
    and not exists (select from mission_mark k where {_SAME} and k.step = p.step and k.mark = p.mark)
"""
_LEFT = "delete from {} where merchant_id = %(merchant_id)s and member_id = %(member_id)s"


async def unite(tx: Tx, merges: Sequence[tuple[int, int, int]], at: datetime) -> None:
    """What each (merge, member, heir) checked in and did belongs to the heir; repeatable. Merges are followed in their order.

    Each day counts once. Of two members' progress the one that is further stays, so that nothing is given twice. What was
    there before is kept with the merge, for parting.
    """
    known = await members.moved_by(tx, ROOM, [merge_id for merge_id, _, _ in merges])
    for merge_id, member_id, into_id in merges:  # a person merges members one at a time; several in one batch are rare
        if merge_id in known:
            continue
        pair = {"member_id": member_id, "into_id": into_id}
        before = {name: [row.row for row in await tx.rows(_KNOWN.format(name), **pair)] for name in _TABLES}
        days = await tx.rows(_MOVE, **{"from": member_id, "to": into_id}, days=None)
        checked = [row.row for row in await tx.rows(_DROP, member_id=member_id)]
        for sql in (_BEHIND, _MOVED, _MARKED, *(_LEFT.format(name) for name in _TABLES)):
            await tx.run(sql, **pair)
        await _join(tx, into_id, before["mission_progress"], at)
        kept = {"days": [str(row.day) for row in days], "checked": checked, **before}
        await members.keep_moved(tx, ROOM, [(merge_id, kept)])
    await _tell_streaks(tx, [heir for _, _, heir in merges], at)


async def _join(tx: Tx, into_id: int, before: Sequence[dict[str, Any]], at: datetime) -> None:
    """What both had begun counts what both did, and is rewarded when that is all it needs."""
    twice = [row for row in before if row["member_id"] == into_id]
    open_ones = {_key(row) for row in before if row["state"] == "open"}
    furthest = {_key(row) for row in before if row["state"] != "open"}
    both = [row for row in twice if _key(row) in open_ones - furthest]
    await _recount(tx, into_id, both)
    await progress_actions.look_again(tx, [(row["mission_id"], into_id, _day(row)) for row in both], at)


_TABLES = ("mission_progress", "mission_mark")


async def part(tx: Tx, merges: Sequence[tuple[int, int, int]], at: datetime) -> None:
    """Give each (merge, member, heir) back what the merge moved; repeatable.

    Days go back to whom they came from, and each has the progress of before. What the heir did since stays theirs: a
    mission that was finished or waits for a person stays as it is, any other counts only what the heir did.
    """
    known = await members.moved_by(tx, ROOM, [merge_id for merge_id, _, _ in merges])
    parted = [(one, known[one[0]]) for one in merges if known.get(one[0])]
    for (merge_id, member_id, into_id), moved in parted:
        await tx.rows(_MOVE, **{"from": into_id, "to": member_id}, days=moved["days"])
        await _restore(tx, "check_in", moved["checked"])
        await _part_progress(tx, member_id, into_id, moved)
        await members.keep_moved(tx, ROOM, [(merge_id, {})])
    await _tell_streaks(tx, [who for one, _ in parted for who in one[1:]], at)


async def _restore(tx: Tx, table: str, rows: Sequence[Any]) -> None:
    if rows:
        await tx.run(_AGAIN.format(table), rows=msgspec.json.encode(rows).decode())


_OFF = """
delete from mission_progress p using jsonb_to_recordset(%(keys)s::jsonb) as w(mission_id bigint, starts_on date)
where p.merchant_id = %(merchant_id)s and p.member_id = %(into_id)s and p.mission_id = w.mission_id and p.starts_on = w.starts_on
"""
_UNMARK = """
delete from mission_mark p
using jsonb_to_recordset(%(keys)s::jsonb) as w(mission_id bigint, starts_on date, step int, mark text)
where p.merchant_id = %(merchant_id)s and p.member_id = %(into_id)s and p.mission_id = w.mission_id
  and p.starts_on = w.starts_on and p.step = w.step and p.mark = w.mark
"""
_RECOUNT = """
update mission_progress p set counts = w.counts, state = w.state
from jsonb_to_recordset(%(rows)s::jsonb) as w(mission_id bigint, starts_on date, counts jsonb, state text)
where p.merchant_id = %(merchant_id)s and p.member_id = %(into_id)s and p.mission_id = w.mission_id and p.starts_on = w.starts_on
"""


async def _part_progress(tx: Tx, member_id: int, into_id: int, moved: dict[str, Any]) -> None:
    was, marks = ([row for row in moved[name] if row["member_id"] == member_id] for name in _TABLES)
    own, own_marks = ([row for row in moved[name] if row["member_id"] == into_id] for name in _TABLES)
    before = {(_key(row), row["state"], row["changed_at"]) for row in (*was, *own)}
    keys = {_key(row) for row in was}
    rows = [row.row for row in await tx.rows(_KNOWN.format("mission_progress"), member_id=into_id, into_id=into_id)]
    now = {_key(row): row for row in rows if _key(row) in keys}
    quiet = [row for key, row in now.items() if (key, row["state"], row["changed_at"]) in before]
    done = {_key(row) for row in now.values() if row not in quiet and row["state"] in policy.DONE}
    theirs = {_mark(row) for row in own_marks}
    gone = [row for row in marks if _key(row) not in done and _mark(row) not in theirs]
    await tx.run(_UNMARK, into_id=into_id, keys=msgspec.json.encode(gone).decode())
    await tx.run(_OFF, into_id=into_id, keys=msgspec.json.encode(quiet).decode())
    for table, back in (("mission_progress", [*was, *own]), ("mission_mark", [*marks, *own_marks])):
        await _restore(tx, table, back)
    await _recount(tx, into_id, [row for key, row in now.items() if row not in quiet and key not in done])


def _key(row: dict[str, Any]) -> tuple[int, str]:
    return row["mission_id"], row["starts_on"]


def _day(row: dict[str, Any]) -> date:
    return msgspec.convert(row["starts_on"], date)


def _mark(row: dict[str, Any]) -> tuple[Any, ...]:
    return *_key(row), row["step"], row["mark"]


async def _recount(tx: Tx, member_id: int, rows: Sequence[dict[str, Any]]) -> None:
    """What changed since the merge but is not done counts the marks that are left."""
    if not rows:
        return
    wanted = {one.mission_id: progress.needed(one.plan) for one in await progress.missions(tx)}
    keys = {(row["mission_id"], member_id, _day(row)): row for row in rows}
    marks = await progress.marks_of(tx, list(keys))
    counted = []
    for key, row in keys.items():
        counts = [len(marks[key][step]) for step in range(len(wanted[key[0]]))]
        state = row["state"] if policy.complete(counts, wanted[key[0]]) else "open"
        counted.append({"mission_id": key[0], "starts_on": row["starts_on"], "counts": counts, "state": state})
    await tx.run(_RECOUNT, into_id=member_id, rows=msgspec.json.encode(counted).decode())


async def _tell_streaks(tx: Tx, member_ids: Sequence[int], at: datetime) -> None:
    """Say how many days in a row each has now, for the mirror."""
    if not member_ids:
        return
    merchant = await tenancy.get_merchant(tx)
    today = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
    runs = await check_ins.runs_at(tx, [(one, today) for one in dict.fromkeys(member_ids)])
    told = []
    for one in dict.fromkeys(member_ids):
        days = {day.day for day in runs.get(one, [])}
        last = today if today in days else today - timedelta(days=1)
        length = check_ins.run_to(days, last)
        told.append(Checked(one, last, length, "recounted", last if length else today, length))
    tx.announce(StreaksRecounted(checked=told))
