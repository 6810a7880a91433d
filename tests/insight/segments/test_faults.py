"""Faults: after each of them live membership is the whole recompute, and nobody's flip is lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shuke.doors import following as loop
from shuke.doors import wiring
from shuke.ground import ingestion, members, mirror
from shuke.ground.mirror.actions import copying
from shuke.insight import grammar, segments, tags
from shuke.insight.segments.actions import living, state
from shuke.insight.tags import jobs as tag_jobs
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.kit.events import Relay
from shuke.programs import intake
from tests.insight.segments.test_living import flips
from tests.insight.segments.test_membership import BUYERS, DAY, NOON, bought, create

HOUR = timedelta(hours=1)
FRESH = {"did": "order", "window": {"last": "36h"}}
GONE = {"all": [{"did": "order"}, {"not": BUYERS}]}


@pytest.fixture
async def shop(database: Database, columns: mirror.Mirror, merchant_id: int) -> AsyncIterator[int]:
    """小美 bought 40 days ago, 阿强 an hour ago; three segments follow them, and what is copied is told as in a server."""
    columns.listeners.append(segments.note_changed)
    await intake.apply(
        database, merchant_id, [bought("1", "a", NOON - 40 * DAY), bought("2", "b", NOON - HOUR)], history=True
    )
    for slug, rule in (("buyers", BUYERS), ("fresh", FRESH), ("gone", GONE)):
        await create(database, merchant_id, rule, slug)
    await segments.refresh(database, columns, merchant_id, NOON)
    await segments.live(database, columns, merchant_id, NOON)
    yield merchant_id
    columns.listeners.remove(segments.note_changed)


def seen(key: str, member: str, at: datetime) -> ingestion.EventIn:
    """They looked at something, of which no rule speaks."""
    return ingestion.EventIn(source="t", event_id=key, occurred_at=at, event="view", member={"external": member})


async def test_leaving_is_nothing_that_makes_one_a_member(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:
    """As of an instant before their first purchase nobody of an old import is a member, and having left them then changes that
    no more than having been told of it; when the clock is there again, they are."""
    await create(database, shop, {"not": {"did": "refund"}}, "content")
    await segments.refresh(database, columns, shop, NOON)
    await segments.live(database, columns, shop, NOON - 2 * HOUR)  # 阿强 bought an hour ago
    await mirror.drain(columns, database, shop)
    await proven(database, columns, shop, NOON - 2 * HOUR)
    await segments.live(database, columns, shop, NOON + HOUR)
    await proven(database, columns, shop, NOON + HOUR)


async def test_who_joins_later_belongs_from_then(database: Database, columns: mirror.Mirror, shop: int) -> None:
    """A corrected day of joining lies ahead: time alone makes them a member."""
    await create(database, shop, {"not": {"did": "refund"}}, "content")
    await segments.refresh(database, columns, shop, NOON)
    async with database.write(shop) as tx:
        await members.write_profiles(tx, [(1, {"joined_at": NOON + 3 * HOUR})])
    await mirror.drain(columns, database, shop)
    lived = await segments.live(database, columns, shop, NOON + HOUR)
    assert lived.due == NOON + 3 * HOUR
    before = await flips(database, shop)
    lived = await segments.live(database, columns, shop, NOON + 3 * HOUR)
    assert (1, True, "time") in (await flips(database, shop))[len(before) :]
    await proven(database, columns, shop, NOON + 3 * HOUR)


def forget(columns: mirror.Mirror) -> None:
    """What a process that is killed loses: all it had in memory."""
    living._changed.clear()
    living._echoed.clear()
    columns.told.clear()
    columns.remembered.clear()
    columns.rewound, columns.leased_until = False, None
    columns.busy = asyncio.Lock()


async def proven(database: Database, columns: mirror.Mirror, shop: int, at: datetime) -> None:
    """Live membership is the whole recompute, and every member's flips go in and out in turn."""
    before = await flips(database, shop)
    told = await segments.verify(database, columns, shop, at)
    assert {slug: (one["missing"], one["extra"]) for slug, one in told.items()} == dict.fromkeys(told, (0, 0))
    assert await flips(database, shop) == before
    async with database.read(shop) as tx:
        rows = await tx.rows(
            "select segment_id, member_id, entered from segment_flip where merchant_id = %(merchant_id)s order by refresh_id"
        )
    last: dict[tuple[int, int], bool] = {}
    for row in rows:
        assert last.get((row.segment_id, row.member_id)) is not row.entered, rows
        last[row.segment_id, row.member_id] = row.entered


async def test_what_was_copied_before_a_kill_is_asked_after_it(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:
    await intake.apply(database, shop, [bought("3", "a", NOON + HOUR)], history=True)
    await mirror.drain(columns, database, shop)
    forget(columns)
    await segments.live(database, columns, shop, NOON + HOUR)
    assert await flips(database, shop) == [(1, True, "event"), (1, True, "event"), (1, False, "event")]
    await segments.live(database, columns, shop, NOON + HOUR)
    assert len(await flips(database, shop)) == 3
    await proven(database, columns, shop, NOON + HOUR)


async def test_killed_anywhere_in_a_tick(database: Database, columns: mirror.Mirror, shop: int) -> None:
    """Copying and asking are cut off after a while, each time a little later, until one is through; then all begins anew."""
    expected, at = 0, NOON + HOUR
    for n in range(4):
        await intake.apply(database, shop, [bought(f"k{n}", f"neu{n}", at)], history=True)
        expected += 2  # new buyers are in `buyers` and in `fresh`

        async def tick(now: datetime = at) -> None:
            await mirror.drain(columns, database, shop)
            await segments.live(database, columns, shop, now)

        done, pause = False, 0.001 * (n + 1)
        while not done:
            task = asyncio.create_task(tick())
            done = bool((await asyncio.wait([task], timeout=pause))[0])
            if not done:
                task.cancel()
                await asyncio.wait([task])
                forget(columns)
            pause *= 2.3
        await task
        await tick()
        assert len(await flips(database, shop)) == expected
        at += timedelta(minutes=1)
    await proven(database, columns, shop, at)


async def test_nobody_leaves_while_the_mirror_is_made_anew(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:
    before = await flips(database, shop)
    async with database.directory() as tx:
        await tx.run(
            "update mirror_cursor set seq = 0, latest_at = null, marks = '{}' where merchant_id = %(m)s", m=shop
        )
    for table in columns.registry.tables.values():
        for name, _ in table.physical:
            await columns.engine.command(f"DELETE FROM {name} WHERE merchant = {shop}")
    forget(columns)
    waiting = await segments.live(database, columns, shop, NOON + DAY)
    assert (waiting.refreshed, waiting.asked, waiting.due - (NOON + DAY)) == ([], 0, living.COPYING)
    assert await flips(database, shop) == before
    await mirror.drain(columns, database, shop)
    await segments.live(database, columns, shop, NOON)
    assert await flips(database, shop) == before
    await proven(database, columns, shop, NOON)


async def test_two_workers_at_the_same_loop(database: Database, columns: mirror.Mirror, shop: int) -> None:
    """Two processes with one engine: one copies, both look at time and refresh; every flip is written once."""
    workers = []
    for _ in range(2):
        engine = copy(columns.engine)
        engine.dialect = replace(columns.engine.dialect, shared=True)
        workers.append(mirror.Mirror(engine, columns.registry))
    async with database.directory() as tx:
        await tx.run("delete from mirror_lease where name = 'copying'")
    columns.leased_until = None
    workers[0].listeners.append(segments.note_changed)
    for n in range(4):
        at = NOON + (n + 1) * HOUR
        await intake.apply(database, shop, [bought(f"w{n}", f"w{n}", at)], history=True)
        await asyncio.gather(
            _round(workers[0], database, shop, at), segments.refresh(database, workers[1], shop, at - timedelta(seconds=2)),
            segments.live(database, workers[1], shop, at + timedelta(seconds=1)),
        )  # fmt: skip
    await asyncio.gather(*(segments.live(database, worker, shop, NOON + 3 * DAY) for worker in workers))
    async with database.directory() as tx:
        await tx.run("delete from mirror_lease where name = 'copying'")
    told = await flips(database, shop)
    assert sorted(told) == sorted(
        [(member, True, reason) for member, entered, reason in told if entered]
        + [(member, False, reason) for member, entered, reason in told if not entered]
    )
    assert sum(entered for _, entered, _ in told) == 8  # four new members, in `buyers` and in `fresh`
    assert sum(not entered for _, entered, _ in told) == 5  # they and 阿强 leave `fresh`
    await proven(database, columns, shop, NOON + 3 * DAY)


@pytest.mark.parametrize("shared", [False, True])
async def test_who_asked_first_does_not_write_last(
    database: Database, columns: mirror.Mirror, shop: int, monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    """小美 looked at something; before the answer about her is written she buys, and another round, of this process or of another
    that shares the engine, hears of it. It waits for its turn: an old answer never undoes a newer one."""
    answered, on = asyncio.Event(), asyncio.Event()
    ask = grammar.answer

    async def slowly(*asked: Any, **named: Any) -> grammar.Answer:
        answer = await ask(*asked, **named)
        if not answered.is_set():
            answered.set()
            await on.wait()
        return answer

    monkeypatch.setattr(grammar, "answer", slowly)
    worker = columns
    if shared:
        engine = copy(columns.engine)
        engine.dialect = replace(columns.engine.dialect, shared=True)
        worker = replace(columns, engine=engine)
        monkeypatch.setattr(state, "_turns", _NobodysTurns())
    at = NOON + HOUR
    await intake.apply(database, shop, [seen("v1", "a", at)], history=True)
    await mirror.drain(columns, database, shop)
    first = asyncio.create_task(segments.live(database, worker, shop, at, timed=False))
    await asyncio.wait_for(answered.wait(), 20)
    await intake.apply(database, shop, [bought("9", "a", at)], history=True)
    await mirror.drain(columns, database, shop)
    second = asyncio.create_task(segments.live(database, worker, shop, at, timed=False))
    assert not (await asyncio.wait([second], timeout=1))[0], "it did not wait for its turn"
    on.set()
    await asyncio.gather(first, second)
    assert await flips(database, shop) == [(1, True, "event"), (1, True, "event"), (1, False, "event")]
    await proven(database, columns, shop, at)


class _NobodysTurns(dict[int, asyncio.Lock]):
    """Between processes the locks of one of them help nobody."""

    def setdefault(self, _: int, lock: Any = None) -> Any:
        return lock


async def _round(worker: mirror.Mirror, database: Database, shop: int, at: datetime) -> None:
    await mirror.drain(worker, database, shop)
    await segments.live(database, worker, shop, at, timed=False)


async def test_a_clock_that_jumps_ahead_and_comes_back(database: Database, columns: mirror.Mirror, shop: int) -> None:
    await segments.live(database, columns, shop, NOON + 365 * DAY)
    assert await flips(database, shop) == [(2, False, "time"), (2, False, "time"), (2, True, "time")]
    await proven(database, columns, shop, NOON + 365 * DAY)
    await intake.apply(database, shop, [bought("3", "a", NOON + HOUR)], history=True)
    await mirror.drain(columns, database, shop)
    lived = await segments.live(database, columns, shop, NOON + HOUR)
    assert lived.due < NOON + 2 * DAY
    assert len(await flips(database, shop)) == 9  # 阿强 is back as he was, and 小美 came
    await proven(database, columns, shop, NOON + HOUR)
    async with database.read(shop) as tx:
        assert {one.refreshed_at for one in await segments.list_segments(tx)} == {NOON + HOUR}


async def test_a_clock_that_goes_back_a_little_waits_for_itself(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:
    end = NOON - HOUR + 36 * HOUR
    await segments.live(database, columns, shop, end)
    assert (2, False, "time") in await flips(database, shop)
    before = await flips(database, shop)
    await intake.apply(database, shop, [seen("v1", "b", end - timedelta(seconds=40))], history=True)
    await mirror.drain(columns, database, shop)
    lived = await segments.live(database, columns, shop, end - timedelta(seconds=30))
    assert (lived.asked, await flips(database, shop)) == (1, before)
    await proven(database, columns, shop, end + timedelta(seconds=1))


async def test_the_loop_looks_at_everything_when_the_clock_went_back(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:
    following = loop._Following(columns, database)
    with clock.at(NOON + 400 * DAY):
        following.due[shop] = clock.now()
        await following.round()
        assert following.due[shop] > NOON + 400 * DAY
    with clock.at(NOON):
        await following.round()
    assert following.due[shop] <= NOON + DAY
    await proven(database, columns, shop, NOON)


async def test_the_loop_leaves_a_merchant_alone_that_is_being_loaded(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:
    """Its days are played with a clock of their own; a refresh as of today would let members enter and leave at the wrong time."""
    before = await flips(database, shop)
    following = loop._Following(columns, database)
    await _state(database, shop, "loading")
    with clock.at(NOON + 40 * DAY):
        following.due[shop] = clock.now()
        await following.round()
        assert await flips(database, shop) == before
        await _state(database, shop, "active")
        await following.round()
        assert len(await flips(database, shop)) > len(before)


async def _state(database: Database, shop: int, state: str) -> None:
    async with database.directory() as tx:
        await tx.run("update merchant set state = %(state)s where merchant_id = %(number)s", state=state, number=shop)


async def test_a_lease_from_the_future_is_nobodys(database: Database, columns: mirror.Mirror, shop: int) -> None:
    """A worker whose clock was a year ahead died; another copies on."""
    async with database.directory() as tx:
        await tx.run(
            "update mirror_lease set holder = 'worker-1', until = %(until)s where name = 'copying'",
            until=clock.now() + 365 * DAY,
        )
    forget(columns)
    await intake.apply(database, shop, [bought("3", "a", NOON + HOUR)], history=True)
    await asyncio.wait_for(mirror.drain(columns, database, shop), 10)


async def test_circles_are_refused_whatever_they_go_through(database: Database, shop: int) -> None:
    async with database.write(shop) as tx:
        await segments.create_segment(tx, name="一", slug="one", rule={"segment": "buyers"}, at=NOON)
        await segments.create_segment(tx, name="二", slug="two", rule={"not": {"segment": "one"}}, at=NOON)
        for slug in ("one", "two"):
            with pytest.raises(segments.BadRule) as refused:
                await segments.edit_segment(tx, "buyers", rule={"all": [BUYERS, {"segment": slug}]}, at=NOON)
            assert refused.value.body()["code"] == "circle"
        with pytest.raises(segments.BadRule):
            await segments.edit_segment(tx, "one", rule={"segment": "one"}, at=NOON)
        tag = await tags.create_tag(tx, tags.TagShape(name="近期到店", segment="buyers"), NOON, "小美")
        await segments.create_segment(
            tx, name="三", slug="three", rule={"attr": f"tag:{tag.slug}", "op": "exists"}, at=NOON
        )
        heard = {"did": "segment_left", "where": [{"prop": "segment", "op": "in", "value": ["gone", "buyers"]}]}
        for rule in ({"tag": tag.slug}, {"not": {"segment": "three"}}, heard):
            with pytest.raises(segments.BadRule) as refused:
                await segments.edit_segment(tx, "buyers", rule={"any": [BUYERS, rule]}, at=NOON)
            assert refused.value.body()["code"] == "circle"
        await segments.create_segment(tx, name="四", slug="four", rule=heard, at=NOON)
        with pytest.raises(segments.SegmentInUse) as used:
            await segments.delete_segment(tx, "gone")
        assert [use.id for use in used.value.uses] == ["four"]
    async with database.read(shop) as tx:
        assert (await segments.get_segment(tx, "buyers")).rule == BUYERS


async def test_a_merge_while_flips_are_pending(database: Database, columns: mirror.Mirror, shop: int) -> None:
    """小美 bought and was merged into 阿强 before anybody asked: she leaves, he has it all, once."""
    await intake.apply(database, shop, [bought("3", "a", NOON + HOUR, 90_000)], history=True)
    async with database.write(shop) as tx:
        merge_id = await members.merge(tx, 1, 2, by="小美", at=NOON + HOUR)
    await mirror.drain(columns, database, shop)
    await segments.live(database, columns, shop, NOON + HOUR)
    assert await flips(database, shop) == [(1, False, "event")]  # out of `gone`; 阿强 was in the others already
    await proven(database, columns, shop, NOON + HOUR)
    await intake.apply(database, shop, [bought("4", "a", NOON + 2 * HOUR)], history=True)
    async with database.write(shop) as tx:
        await members.unmerge(tx, merge_id, by="小美", at=NOON + 2 * HOUR)
    await mirror.drain(columns, database, shop)
    forget(columns)
    await segments.live(database, columns, shop, NOON + 2 * HOUR)
    await proven(database, columns, shop, NOON + 2 * HOUR)


async def test_what_a_merge_brings_is_the_heirs_at_once(database: Database, columns: mirror.Mirror, shop: int) -> None:
    """Who never bought is merged with 阿强, who did: nothing else is told of the heir."""
    await intake.apply(database, shop, [seen("v1", "c", NOON - HOUR)], history=True)
    await mirror.drain(columns, database, shop)
    await segments.live(database, columns, shop, NOON)
    assert await flips(database, shop) == []
    async with database.write(shop) as tx:
        await members.merge(tx, 2, 3, by="小美", at=NOON + HOUR)
    await mirror.drain(columns, database, shop)
    await segments.live(database, columns, shop, NOON + HOUR)
    assert sorted(await flips(database, shop)) == [
        (2, False, "event"), (2, False, "event"), (3, True, "event"), (3, True, "event"),
    ]  # fmt: skip
    await proven(database, columns, shop, NOON + HOUR)


async def test_a_merge_before_anybody_reacted_to_the_flips(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:
    """小美 entered, was merged into 阿强, and only then the tag heard of it: who wears it is who is in, once."""
    async with database.write(shop) as tx:
        tag = await tags.create_tag(tx, tags.TagShape(name="三十天内买过", segment="buyers"), NOON, "小美")
    await Relay(database, wiring.READERS).drain(shop)
    await intake.apply(database, shop, [bought("3", "a", NOON + HOUR)], history=True)
    await mirror.drain(columns, database, shop)
    await segments.live(database, columns, shop, NOON + HOUR)
    async with database.write(shop) as tx:
        await members.merge(tx, 1, 2, by="小美", at=NOON + HOUR)
    await Relay(database, wiring.READERS).drain(shop)
    await mirror.drain(columns, database, shop)
    await segments.live(database, columns, shop, NOON + HOUR)
    await Relay(database, wiring.READERS).drain(shop)
    await proven(database, columns, shop, NOON + HOUR)
    with clock.at(NOON + HOUR):
        await tag_jobs.keep_tags(database, shop)
    async with database.read(shop) as tx:
        inside = await segments.members(tx, "buyers")
        assert (set(inside), set(await tags.wearers(tx, tag.slug, NOON + HOUR))) == ({2}, {2})


async def test_a_history_that_is_still_being_copied_is_no_news(
    database: Database, columns: mirror.Mirror, shop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop looks at everybody while only a part of an import is in the mirror: no flips, before and after the rest."""
    monkeypatch.setattr(copying, "LIVE", copying.LIVE._replace(news=1))
    for n in range(4):
        await intake.apply(database, shop, [bought(f"h{n}", f"h{n}", NOON - n * 20 * DAY)], history=True)
    async with database.write(shop) as tx:
        await segments.note_history(tx)
    await mirror.copy(columns, database, [shop])
    forget(columns)
    for at in (NOON + DAY, NOON + DAY + HOUR):
        await segments.live(database, columns, shop, at)
        await mirror.copy(columns, database, [shop])
    assert await flips(database, shop) == []
    refreshed = {one.slug: one.size for one in await segments.refresh(database, columns, shop, NOON + DAY + HOUR)}
    assert refreshed == {"buyers": 3, "fresh": 2, "gone": 3}
    await segments.live(database, columns, shop, NOON + DAY + HOUR)
    assert await flips(database, shop) == []
    await proven(database, columns, shop, NOON + DAY + HOUR)
