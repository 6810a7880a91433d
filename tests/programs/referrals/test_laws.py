"""Laws of referrals under any history: rings are never rewarded, nothing is paid twice, order of hearing does not matter."""

import asyncio
import itertools
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shuke.assets import audit
from shuke.doors import setup
from shuke.ground import ingestion, members
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import intake, referrals
from shuke.programs.referrals.policy import relation as policy
from tests.programs.referrals.people import DAY, NOON, code_of, hear, joined, open_plan, run

ROOT = Path(__file__).resolve().parents[3]
PEOPLE = 5
_shops = itertools.count(1)
people = st.integers(min_value=0, max_value=PEOPLE - 1)
days = st.integers(min_value=0, max_value=12)
beginnings = st.lists(st.tuples(people, people, st.integers(0, 2)), min_size=3, max_size=6)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("refer"), people, people),
        st.tuples(st.just("buy"), people, days),
        st.tuples(st.just("refund"), people, st.integers(0, 4)),
        st.tuples(st.just("regret"), people, st.integers(0, 4)),
        st.tuples(st.just("merge"), people, people),
        st.tuples(st.just("time"), days, days),
        st.tuples(st.just("again"), people, people),
    ),
    min_size=4,
    max_size=14,
)


@given(
    parents=st.dictionaries(st.integers(0, 9), st.integers(0, 9)), friend=st.integers(0, 9), referrer=st.integers(0, 9)
)
def test_a_ring_is_what_leads_back_to_the_friend(parents: dict[int, int], friend: int, referrer: int) -> None:
    """Held against walking the tree step by step, on any map, also one that has rings already."""
    at, steps = referrer, 0
    while at != friend and at in parents and steps < 20:
        at, steps = parents[at], steps + 1
    assert policy.is_ring(friend, referrer, parents) == (at == friend)


class History:
    """A little shop in which the acts of one example happen."""

    def __init__(self, database: Database, merchant_id: int, ids: list[int]) -> None:
        self.database, self.merchant_id, self.ids = database, merchant_id, ids
        self.now = NOON
        self.orders: dict[int, str] = {}
        self.items: list[ingestion.Item] = []

    async def refer(self, friend: int, referrer: int) -> None:
        code = await code_of(self.database, self.merchant_id, self.ids[referrer])
        async with self.database.read(self.merchant_id) as tx:
            [found] = await members.resolve(tx, [{"phone": f"138{friend:08}"}])
        assert found is not None
        asked = referrals.Asked(friend_id=found, occurred_at=NOON, code=code)
        await self.database.attempt(self.merchant_id, referrals.attribute, [asked], self.now)

    async def buy(self, who: int, day: int) -> None:
        self.orders[who] = key = f"o{len(self.items)}"
        member = {"phone": f"138{who:08}"}
        await self.tell(ingestion.OrderIn(order_id=key, occurred_at=NOON + day * DAY, amount_fen=900, member=member))

    async def refund(self, who: int, day: int) -> None:
        if who in self.orders:
            key, at = f"r{len(self.items)}", NOON + day * DAY
            await self.tell(
                ingestion.RefundIn(refund_id=key, order_id=self.orders[who], occurred_at=at, amount_fen=900)
            )

    async def regret(self, who: int, day: int) -> None:
        """The rewards are paid, then a refund is told that may have occurred before."""
        await self.time(8, 0)
        await self.refund(who, day)

    async def tell(self, item: ingestion.Item) -> None:
        self.items.append(item)
        with clock.at(self.now):
            await intake.apply(self.database, self.merchant_id, [item], history=True, at=self.now)

    async def merge(self, one: int, other: int) -> None:
        async with self.database.read(self.merchant_id) as tx:
            found = await members.resolve(tx, [{"phone": f"138{who:08}"} for who in (one, other)])
        if None not in found and found[0] != found[1]:
            async with self.database.write(self.merchant_id) as tx:
                await members.merge(tx, found[0], found[1], by="小美", at=self.now)  # type: ignore[arg-type]

    async def time(self, days_on: int, _: int) -> None:
        self.now += days_on * DAY
        await hear(self.database, self.merchant_id, self.now)
        await run(self.database, self.merchant_id, self.now)

    async def again(self, *_: int) -> None:
        """Everything is told once more, backwards, and heard once more."""
        for item in reversed(self.items):
            with clock.at(self.now):
                await intake.apply(self.database, self.merchant_id, [item], history=True, at=self.now)
        async with self.database.write(self.merchant_id) as tx:
            numbers = await tx.rows("select order_id from orders where merchant_id = %(merchant_id)s")
            await referrals.refund(tx, [row.order_id for row in numbers], self.now)


async def _lawful(database: Database, merchant_id: int) -> None:
    async with database.read(merchant_id) as tx:
        rows = await tx.rows("select * from referral where merchant_id = %(merchant_id)s")
        moved = await tx.rows(
            "select key, points from entry where merchant_id = %(merchant_id)s and key like 'referral:%%'"
        )
    live = {row.friend_id: row.referrer_id for row in rows if row.state != "void"}
    assert not any(policy.is_ring(friend, referrer, live) for friend, referrer in live.items())
    given_once = Counter(entry.key for entry in moved)
    assert set(given_once.values()) <= {1}
    keys = set(given_once)
    for row in rows:
        both = {f"referral:{row.referral_id}:{side}:0" for side in ("friend", "referrer")}
        paid, back = both & keys, {f"{key}:back" for key in both} & keys
        if row.state == "rewarded":
            assert paid == both and not back
        elif row.state in ("waiting", "ordered", "refused"):
            assert not paid
        else:
            assert {f"{key}:back" for key in paid} == back, "what was given is taken back to the last part"
    assert (await audit.audit(database, merchant_id, NOON + 60 * DAY))["found"] == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(beginning=beginnings, acts=acts)
async def test_no_history_rewards_a_ring_or_pays_twice(
    database: Database, beginning: list[tuple[int, int, int]], acts: list[tuple[str, int, int]]
) -> None:
    """Friends are brought and buy; then anything may happen, in any order, and all of it is told twice."""
    slug = f"referrals-{os.getpid()}-{next(_shops)}"
    at = NOON - 60 * DAY
    merchant_id = await setup.create_merchant(database, slug=slug, name="推荐小店", zone="Asia/Shanghai", at=at)
    await open_plan(database, merchant_id, return_days=3, day_alarm=None)
    history = History(database, merchant_id, await joined(database, merchant_id, *range(PEOPLE)))
    for friend, referrer, day in beginning:
        await history.refer(friend, referrer)
        await history.buy(friend, day)
    for name, one, other in acts:
        await getattr(history, name)(one, other)
    await history.again()
    await history.time(30, 0)
    await _lawful(database, merchant_id)


async def test_two_hundred_attributions_in_parallel_make_no_ring(database: Database, merchant_id: int) -> None:
    """Everybody names everybody at the same time."""
    await open_plan(database, merchant_id, day_alarm=None)
    ids = await joined(database, merchant_id, *range(15))
    codes = {number: await code_of(database, merchant_id, number) for number in ids}
    asked = [
        referrals.Asked(friend_id=friend, occurred_at=NOON, code=codes[referrer])
        for friend in ids
        for referrer in ids
        if friend != referrer
    ]
    assert len(asked) >= 200
    answers = await asyncio.gather(*(database.attempt(merchant_id, referrals.attribute, [one], NOON) for one in asked))
    noted = sum(1 for [one] in answers if one.state == "noted")
    async with database.read(merchant_id) as tx:
        found = await referrals.of_friends(tx, ids)
    parents = {one.friend_id: one.referrer_id for one in found}
    assert noted == len(found) == len(parents) == len(ids) - 1, "a tree: everybody but one was brought by somebody"
    await _lawful(database, merchant_id)


WORKER = """
import asyncio, sys
from datetime import datetime
from shuke.kit.db import Database
from shuke.programs import referrals

async def main():
    database = await Database.open(sys.argv[1], size=3, hot_size=1)
    merchant, at = int(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
    while await database.attempt(merchant, referrals.settle, at, 7):
        print("chunk", flush=True)

asyncio.run(main())
"""


async def test_a_killed_job_resumes_and_pays_each_once(database: Database, merchant_id: int, database_url: str) -> None:
    await open_plan(database, merchant_id, day_alarm=None, month_cap=None)
    wang, *friends = await joined(database, merchant_id, *range(1, 122))
    code = await code_of(database, merchant_id, wang)
    asked = [referrals.Asked(friend_id=friend, occurred_at=NOON, code=code) for friend in friends]
    await database.attempt(merchant_id, referrals.attribute, asked, NOON)
    bought: list[ingestion.Item] = [
        ingestion.OrderIn(order_id=f"o{n}", occurred_at=NOON + DAY, amount_fen=900, member={"phone": f"138{n:08}"})
        for n in range(2, 122)
    ]
    with clock.at(NOON + DAY):
        await intake.apply(database, merchant_id, bought, history=True, at=NOON + DAY)
    await hear(database, merchant_id, NOON + DAY)
    late = NOON + 20 * DAY
    for chunks in (1, 4):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORKER, database_url, str(merchant_id), late.isoformat(),
            stdout=asyncio.subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        assert child.stdout is not None
        for _ in range(chunks):
            assert await child.stdout.readline() == b"chunk\n"
        child.send_signal(signal.SIGKILL)
        await child.wait()
    async with database.read(merchant_id) as tx:
        done = await tx.value(
            "select count(*) from referral where merchant_id = %(merchant_id)s and state = 'rewarded'"
        )
    assert 0 < done < 120, "it was killed in the middle"
    assert await run(database, merchant_id, late) is None
    async with database.read(merchant_id) as tx:
        keys = await tx.rows("select key from entry where merchant_id = %(merchant_id)s and key like 'referral:%%'")
    assert len(keys) == len({row.key for row in keys}) == 240
    await _lawful(database, merchant_id)


@pytest.mark.parametrize(("text", "code"), [(" abc-2 34x", "ABC234X"), ("２３4", "234")])
def test_a_code_is_read_as_people_write_it(text: str, code: str) -> None:
    assert policy.normal(text) == code
