"""Seeded lives of a merchant, with faults: live membership, the full SQL and the reference agree, and flips tell it all."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import hypothesis
import msgspec
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from pyroaring import BitMap

from shuke.ground import members, mirror
from shuke.insight import grammar, segments
from shuke.insight.grammar import conditions
from shuke.insight.grammar.policy import rules
from shuke.insight.grammar.policy.world import Deed
from shuke.insight.segments.actions import budgets, living, refreshing
from shuke.insight.segments.actions.state import read_state
from shuke.kit.db import Database
from tests.insight.grammar.test_three_back_ends import DAYS, LEAVES, compared
from tests.insight.grammar.worlds import Loader, first_flags
from tests.insight.segments.living_shop import MEMBERS, Shop
from tests.insight.segments.test_faults import forget

SEEDS = [int(seed) for seed in os.environ.get("SEED", "1").split()]
STEPS = int(os.environ.get("STEPS", "8"))
"""`make simulate-segments` sets these for a long run."""
RULES = 10
INNER = 2
"""The first rules, of which others may speak."""
JUMPS = [1, 1, 50, 60 * 9, 60 * 24, 60 * 24 * 6]
BACK = [1, 4, 50, 60 * 24 * 2]
WEEK = st.sampled_from([None, {"last": "7d"}, {"last": "36h"}, {"last": "3h"}])
POINTS = st.one_of(
    st.tuples(
        st.sampled_from(["points.available", "points.pending", "points.earned_total"]), compared([0, 1, 30, 131], "number")
    ).map(lambda pair: {"attr": pair[0], **pair[1]}),
    st.tuples(st.sampled_from(["1d", "2d", "5h", "30d"]), compared([0, 1, 30], "number")).map(
        lambda pair: {"attr": "points.expiring", "args": {"within": pair[0]}, **pair[1]}
    ),
    st.tuples(st.sampled_from([1, 30, 100]), st.booleans()).map(
        lambda pair: {"attr": "points.affords", "args": {"points": pair[0]}, "op": "eq", "value": pair[1]}
    ),
    st.tuples(st.sampled_from(["points_moved", "redeem"]), WEEK, compared([0, 30, 130], "number")).map(
        lambda three: {"did": three[0], "measure": {"sum": "points"}, **({"window": three[1]} if three[1] else {}), **three[2]}
    ),
)  # fmt: skip
FACTS = st.one_of(
    st.sampled_from([{"attr": "consent.sms", "op": "eq", "value": True}, {"attr": "consent.sms", "op": "missing"},
                     {"attr": "gold", "op": "eq", "value": True}]),
    DAYS.map(lambda c: {"attr": "birthday", **c}), DAYS.map(lambda c: {"attr": "tag_group:life", **c}),
)  # fmt: skip
INSIDE = st.one_of(
    st.sampled_from([{"segment": f"r{n}"} for n in range(INNER)]),
    st.tuples(st.sampled_from(["segment_entered", "segment_left"]), WEEK, st.sampled_from(["r0", "r1"])).map(
        lambda three: {"did": three[0], "where": [{"prop": "segment", "op": "eq", "value": three[2]}],
                       **({"window": three[1]} if three[1] else {})}
    ),
)  # fmt: skip


def _trees(leaves: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
            inner.map(lambda part: {"not": part}),
        ),
        max_leaves=5,
    )


FIRST = _trees(st.one_of(LEAVES, LEAVES, POINTS, FACTS))
ALL = _trees(st.one_of(LEAVES, LEAVES, LEAVES, POINTS, FACTS, INSIDE))


def rules_of(seed: int, strategy: st.SearchStrategy[dict[str, Any]], number: int, month: str) -> list[dict[str, Any]]:
    """So many random trees, the same for the same seed, the longest first; their dates lie about where the shop's do."""
    found: list[dict[str, Any]] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=number * 4, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.given(strategy)
    def collect(tree: dict[str, Any]) -> None:
        if tree not in found:
            found.append(tree)

    collect()
    chosen = sorted(found, key=lambda tree: -len(repr(tree)))[:number]
    return [msgspec.json.decode(msgspec.json.encode(tree).replace(b"2026-02-", month.encode())) for tree in chosen]


class _Life:
    """A shop, its rules, and what its segments are known to hold by their flips alone."""

    def __init__(self, shop: Shop, columns: mirror.Mirror, seed: int) -> None:
        self.shop, self.columns = shop, columns
        month = f"{shop.now + timedelta(days=20):%Y-%m-}"
        inner, outer = rules_of(seed, FIRST, INNER, month), rules_of(seed, ALL, RULES * 2, month)
        self.trees = {f"r{n}": tree for n, tree in enumerate([*inner, *outer[: RULES - INNER]])}
        self.spare = outer[RULES - INNER :]
        self.waiting: set[str] = set()
        self.told: dict[str, tuple[int, BitMap]] = {}
        self.due: datetime | None = None

    async def begin(self) -> None:
        """The segments are made and filled."""
        await self.shop.open()
        async with self.shop.database.write(self.shop.merchant_id) as tx:
            found = BitMap([1, 3, MEMBERS])
            for slug, listed in (("vip", found), ("empty", BitMap())):
                await segments.keep_list(
                    tx, name=slug, slug=slug, found=listed, origin={"how": "import"}, at=self.shop.now
                )
            for slug, tree in self.trees.items():
                await segments.create_segment(tx, name=slug, slug=slug, rule=tree, at=self.shop.now)
        self.waiting = set(self.trees)
        await self.refresh()

    async def refresh(self) -> None:
        """All of them, as the schedule does."""
        await segments.refresh(self.shop.database, self.columns, self.shop.merchant_id, self.shop.now)

    async def reword(self) -> None:
        """A rule is edited, or deleted and made anew; its refresh comes now or later."""
        slug, tree = self.shop.chance.choice(list(self.trees)[INNER:]), self.shop.chance.choice(self.spare)
        async with self.shop.database.write(self.shop.merchant_id) as tx:
            if self.shop.chance.random() < 0.5:
                await segments.edit_segment(tx, slug, rule=tree, at=self.shop.now)
            else:
                await segments.delete_segment(tx, slug)
                await segments.create_segment(tx, name=slug, slug=slug, rule=tree, at=self.shop.now)
                self.told.pop(slug, None)
        if self.trees[slug] != tree:
            self.trees[slug] = tree
        self.waiting.add(slug)
        if self.shop.chance.random() < 0.5:
            await self.refresh()

    async def import_history(self) -> None:
        """What a file brings is no news: everything is filled anew."""
        await self.shop.history()
        async with self.shop.database.write(self.shop.merchant_id) as tx:
            await segments.note_history(tx)
        self.waiting = set(self.trees)
        if self.shop.chance.random() < 0.5:
            await self.refresh()

    async def killed(self) -> None:
        """What was copied was heard by a process that is no more."""
        await mirror.drain(self.columns, self.shop.database, self.shop.merchant_id)
        forget(self.columns)

    async def glance(self) -> None:
        """A round that looks at news alone, as between two moments at which time is due."""
        await mirror.drain(self.columns, self.shop.database, self.shop.merchant_id)
        await segments.live(
            self.shop.database, self.columns, self.shop.merchant_id, self.shop.now, timed=False
        )  # fmt: skip

    async def beside(self) -> None:
        """Things go on while a round or a refresh is at work."""
        database, merchant_id, at = self.shop.database, self.shop.merchant_id, self.shop.now
        rounds = [segments.live, segments.refresh]

        async def go_on() -> None:
            for _ in range(self.shop.chance.randrange(1, 4)):
                await self.shop.chance.choice([self.shop.order, self.shop.behave, self.shop.refund])()
                await mirror.drain(self.columns, database, merchant_id)

        await asyncio.gather(
            go_on(), *(run(database, self.columns, merchant_id, at) for run in self.shop.chance.sample(rounds, 2))
        )

    async def step(self) -> None:
        """A few things happen, or nothing but time passes: some of it to the second at which something is due."""
        shop = self.shop
        acts: dict[Any, int] = {
            shop.order: 10, shop.refund: 5, shop.behave: 8, shop.merge: 2, shop.part: 1, shop.join: 1, shop.profile: 5,
            shop.give_up: 1, shop.tag: 3, shop.points: 4, shop.react: 2, self.reword: 1, self.import_history: 1,
            self.killed: 1, self.glance: 2, self.refresh: 1, self.beside: 2,
        }  # fmt: skip
        done = shop.chance.randrange(5)
        for _ in range(done):
            await shop.chance.choices(list(acts), weights=list(acts.values()))[0]()
        if self.due is not None and self.due > shop.now and not done:
            await self.nothing_before(self.due - timedelta(milliseconds=1_001))
            shop.now = self.due
        elif shop.chance.random() < 0.06:
            shop.now -= timedelta(minutes=shop.chance.choice(BACK))
        else:
            shop.now += timedelta(minutes=shop.chance.choice(JUMPS))

    async def nothing_before(self, at: datetime) -> None:
        """Until the moment that a round named, time alone changes nobody."""
        if at <= self.shop.now:
            return
        async with self.shop.database.read(self.shop.merchant_id) as tx:
            state = await read_state(tx, at)
            ready = [row.slug for row in state.rows if row.members_version == row.version]
            kept = {slug: await segments.members(tx, slug) for slug in ready}
        found, _ = await budgets.answered(self.columns, state, ready, state.edges)
        changed = {slug: kept[slug] ^ found[slug] for slug in ready if kept[slug] ^ found[slug]}
        assert not changed, (at, self.due, [(slug, set(who), self.trees[slug]) for slug, who in changed.items()])

    async def compare(self, where: str) -> None:
        """Live against the full SQL by the proof itself; the full SQL against the reference tree by tree."""
        shop, opened, merchant_id = self.shop, self.columns, self.shop.merchant_id
        await mirror.drain(opened, shop.database, merchant_id)
        lived = await segments.live(shop.database, opened, merchant_id, shop.now)
        proof = await segments.verify(shop.database, opened, merchant_id, shop.now)
        apart = {slug: found for slug, found in proof.items() if found["missing"] or found["extra"]}
        assert not apart, (where, [(slug, found, self.trees[slug]) for slug, found in apart.items()])
        assert set(self.trees) - set(proof) <= self.waiting, where
        await self._flips_tell(set(proof), where)
        await mirror.drain(opened, shop.database, merchant_id)
        if merchant_id in segments.with_changes():  # flips are news themselves
            lived = await segments.live(shop.database, opened, merchant_id, shop.now)
            await self._flips_tell(set(proof), where)
        self.due = lived.due
        loaded = await self._world()
        nodes = {slug: conditions.parse(tree, opened.registry) for slug, tree in self.trees.items()}
        async with shop.database.read(merchant_id) as tx:
            moment = await grammar.moment_of(tx, shop.now)
        known = grammar.Known(nodes, {slug: BitMap(found) for slug, found in loaded.world.lists.items()})
        answer = await grammar.answer(opened, list(nodes.values()), moment, known)
        population = loaded.world.population(loaded.moment)
        assert set(answer.everyone) == population, where
        for slug, node in nodes.items():
            expected = rules.evaluate(
                node, population, lambda leaf: conditions.holding(leaf, loaded.moment, opened.registry, loaded.world)
            )
            loaded.world.segments[slug] = expected
            found = set(answer.members(node))
            assert found == expected, (where, shop.zone, shop.day_start, shop.now, self.trees[slug], found ^ expected)

    async def _world(self) -> Loader:
        """All facts as plain Python sees them: our books, what was announced of members, and what rooms wrote themselves."""
        loaded, merchant = Loader(self.shop.merchant_id, await self.shop.drawn()), self.shop.merchant_id
        world = loaded.world
        first_flags(world, loaded.moment)
        world.tables["members"] = [
            {"member": member, "seq": 0, "joined_at": at} for member, at in world.members.items()
        ]
        world.lists = {"vip": {1, 3, MEMBERS}, "empty": set()}
        names = ("member", "wallet", "kind", "effective_at", "active_from", "expires_at", "points")
        rows = await mirror.rows(
            self.columns, f"SELECT {', '.join(names)} FROM points_moves WHERE merchant = {merchant}"
        )
        world.tables["points_moves"] = [_aware(dict(zip(names, row, strict=True))) for row in rows]
        names = ("kind", "member", "at", "day", "seq", "idx", "weekday", "hour", "store", "channel", "texts", "numbers")
        kinds = "('points_moved', 'redeem', 'segment_entered', 'segment_left')"
        rows = await mirror.rows(
            self.columns, f"SELECT {', '.join(names)} FROM events WHERE merchant = {merchant} AND kind IN {kinds}"
        )
        for row in rows:
            one = _aware(dict(zip(names, row, strict=True)))
            shared = {name: one[name] for name in ("weekday", "hour", "store", "channel")}
            shown = {**one["texts"], **one["numbers"], **shared}
            place = (one["kind"], one["member"], one["at"], one["day"], one["seq"], one["idx"])
            world.deeds.append(Deed(*place, ((one["at"], shown),)))
        rows = await mirror.rows(
            self.columns, f"SELECT member, name, at, seq, idx, text, form FROM attributes WHERE merchant = {merchant} "
            "AND startsWith(name, 'tag') ORDER BY seq, idx"
        )  # fmt: skip
        for place, (member, name, at, _, _, text, form) in enumerate(rows):
            since = mirror.instant(text) if form else None
            world.attributes.append((member, name, mirror.instant(at.isoformat()), place, since))
        return loaded

    async def _flips_tell(self, filled: set[str], where: str) -> None:
        """From one filling to the next, whoever enters was out and whoever leaves was in, and that is the membership."""
        async with self.shop.database.read(self.shop.merchant_id) as tx:
            listed = await segments.list_segments(tx)
            rows = await tx.rows(
                "select s.slug, r.refresh_id, r.reason, f.member_id, f.entered from segment_refresh r "
                "join segment s on s.merchant_id = r.merchant_id and s.segment_id = r.segment_id left join segment_flip f "
                "on f.merchant_id = r.merchant_id and f.refresh_id = r.refresh_id "
                "where r.merchant_id = %(merchant_id)s and r.refresh_id > %(after)s order by r.refresh_id, f.member_id",
                after=min((after for after, _ in self.told.values()), default=0),
            )
            kept = {one.slug: await segments.members(tx, one.slug) for one in listed}
        last = {slug: max((row.refresh_id for row in rows if row.slug == slug), default=0) for slug in kept}
        for slug, members_now in kept.items():
            if slug in self.waiting and slug not in filled:
                continue
            before = self.told.get(slug, (0, BitMap()))[0]
            mine = [row for row in rows if row.slug == slug and row.refresh_id > before]
            if slug in self.waiting or slug not in self.told or any(row.reason == "backfill" for row in mine):
                assert slug in self.waiting or slug not in self.told, (where, slug, "was filled anew for no reason")
            else:
                _, inside = self.told[slug]
                for row in mine:
                    assert (row.member_id in inside) != row.entered, (where, slug, row, self.trees[slug])
                    inside ^= BitMap([row.member_id])
                assert inside == members_now, (where, slug, inside ^ members_now, self.trees[slug])
            self.told[slug] = (max(before, last[slug]), BitMap(members_now))
            self.waiting.discard(slug)


def _aware(row: dict[str, Any]) -> dict[str, Any]:
    """Instants with their zone."""
    return {
        name: mirror.instant(value.isoformat()) if isinstance(value, datetime) else value for name, value in row.items()
    }


@pytest.fixture
async def told(columns: mirror.Mirror) -> AsyncIterator[mirror.Mirror]:
    """What is copied is told as in a server."""
    columns.listeners.append(segments.note_changed)
    yield columns
    columns.listeners.remove(segments.note_changed)


@pytest.mark.parametrize("seed", SEEDS)
async def test_live_full_and_reference_agree(
    database: Database, told: mirror.Mirror, merchant_id: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = _Life(Shop(database, merchant_id, seed), told, seed)
    if seed % 2:  # a handful is a crowd: written in pieces, with whoever changes meanwhile coming first
        monkeypatch.setattr(refreshing, "PIECE", 4)
        monkeypatch.setattr(refreshing, "LOOK_SECONDS", 0.01)
        monkeypatch.setattr(living, "CROWD", 4)
    await life.begin()
    for n in range(STEPS):
        await life.step()
        await life.compare(f"seed {seed}, step {n}")


async def test_refunds_after_a_merge_are_the_heirs(database: Database, told: mirror.Mirror, merchant_id: int) -> None:
    """All of an order comes back after its member was merged; then the merge is taken apart."""
    shop = Shop(database, merchant_id, 1)
    life = _Life(shop, told, 1)
    life.trees = {
        "buyers": {"did": "order", "measure": {"sum": "amount_fen"}, "op": ">=", "value": 1},
        "returned": {"did": "refund"},
    }
    await life.begin()
    await life.compare("before")
    old, heir = sorted({order["member"] for order in shop.orders})[:2]
    async with database.write(merchant_id) as tx:
        merge_id = await members.merge(tx, old, heir, by="小美", at=shop.now)
    shop.merges.append((merge_id, old, heir))
    shop.give(old, heir)
    for _ in range(12):
        await shop.refund()
    shop.now += timedelta(hours=1)
    await life.compare("merged")
    await shop.part()
    await life.compare("parted")
