"""`shuke bench profiles`: features and marks of all members, and repeat buying fitted and scored, over orders made in the engine.

Each beside the least one could do in the same run: the features beside three sums by member fetched by hand, the model beside one
look at the likelihood of every member without putting like histories together.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from datetime import UTC, datetime
from typing import Any

import numpy as np

from bench import baseline
from shuke.doors import wiring
from shuke.ground import mirror
from shuke.insight.profiles.actions.reading import Books, marked
from shuke.insight.profiles.queries import features, purchases
from shuke.insight.profiles.scorers import bgnbd, rfm
from shuke.insight.profiles.scorers.repurchase import fit_and_score
from shuke.kit import clock

NOW = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
START = "toDateTime64('2026-11-01 04:00:00', 6, 'UTC')"
PIECE = 50_000  # members made at once
GOALS = {"features": 30, "model": 60}
BY_HAND = (
    "SELECT member, sum(sign) AS orders, sum(sign * amount_fen) AS fen, max(day) AS day FROM orders WHERE merchant = 1 "
    "GROUP BY member HAVING orders > 0"
)


def _fill(first: int, members: int) -> list[str]:
    """So many members from a number on, who buy at a pace of their own and stay away after any visit with a chance of their own, as
    BG/NBD has it.

    About ten orders each, one in twenty returned, half of these in part; drawn by hashing, so that every run makes the same.
    """
    # Uniform numbers by member and purpose; the pace is exponential, the chance to stay away Beta(1, 9), the visits geometric.
    drawn = "(cityHash64(number + 1, {}) % 1000000 + 0.5) / 1000000"
    visits = (
        f"SELECT number + 1 AS member, 1 + cityHash64(number + 1, 1) % 720 AS age, -log({drawn.format(2)}) / 9 AS pace, "
        f"1 - pow({drawn.format(3)}, 1 / 9) AS leaving, toUInt32(least(150, log({drawn.format(4)}) / log(1 - leaving))) AS count, "
        "arrayCumSum(arrayMap(i -> -log((cityHash64(member, i, 5) % 1000000 + 0.5) / 1000000) / pace, range(count))) AS later, "
        f"arrayJoin(arrayConcat([0.], arrayFilter(t -> t < age, later))) AS day_ FROM numbers({first}, {members})"
    )
    columns = (
        "merchant, member, at, day, effective_at, order_id, row_id, sign, channel, store, weekday, hour, seq, applied"
    )
    again = columns.replace(
        "row_id, sign", "row_id + arrayJoin(range(1 + order_id % 2)) AS row_, 2 * (row_ - row_id) - 1"
    )
    own = (
        f"1 AS merchant, member, {START} - toIntervalSecond(toInt64(86400 * (age - day_))) AS at, toDate(at, 'Asia/Shanghai'), at, "
        "cityHash64(member, day_), cityHash64(member, day_), 1, ['pos', 'web', 'mini', 'douyin'][1 + cityHash64(day_) % 4], "
        "concat('s', toString(cityHash64(member, 7) % 50)), toDayOfWeek(at), toHour(at), 1, 1"
    )
    return [
        "INSERT INTO members (merchant, member, joined_at, gone, seq, idx, applied) "
        f"SELECT 1, number + 1, {START} - toIntervalDay(800), 0, 1, 0, 1 FROM numbers({first}, {members})",
        f"INSERT INTO orders ({columns}, amount_fen, list_fen, discount_fen, items) "
        f"SELECT {own}, 1000 + cityHash64(day_, 8) % 50000, 1000 + cityHash64(day_, 8) % 50000 + 500, "
        f"500 * (cityHash64(day_, 9) % 2), 1 + cityHash64(day_, 10) % 4 FROM ({visits})",
        # Taken back as it was, and in half of the cases there again with half of the amount.
        f"INSERT INTO orders ({columns}, amount_fen, list_fen, discount_fen, items) "
        f"SELECT {again}, if(row_ = row_id, amount_fen, intDiv(amount_fen, 2)), list_fen, discount_fen, items "
        f"FROM orders WHERE cityHash64(order_id) % 20 = 0 AND member > {first}",
        f"INSERT INTO order_lines ({columns}, amount_fen, category) "
        f"SELECT {columns}, amount_fen, ['护肤', '彩妆', '香氛', '面膜', '洁面'][1 + cityHash64(order_id) % 5] FROM orders "
        f"WHERE member > {first}",
        "INSERT INTO events (merchant, member, kind, at, day, texts, numbers, seq, applied) "
        "SELECT 1, member, ['video_watched', 'article_read', 'share', 'check_in'][1 + order_id % 4], at, day, map(), map(), 1, 1 "
        "FROM orders "
        f"WHERE order_id % 5 = 0 AND sign = 1 AND member > {first}",
    ]


async def measure(members: int) -> dict[str, Any]:
    """Fill an engine of our own, and measure both parts with their baselines."""
    assert wiring.FACTS
    with tempfile.TemporaryDirectory() as folder:
        opened = await mirror.open_mirror(f"chdb://{folder}/columns")
        try:
            started = clock.monotonic()
            for first in range(0, members, PIECE):
                for statement in _fill(first, min(PIECE, members - first)):
                    await opened.engine.command(statement)
            [(orders,)] = await mirror.rows(opened, "SELECT count() FROM orders")
            baseline.note(f"{members:,} members, {orders:,} orders in {clock.monotonic() - started:.0f} s")
            return {"bench": "profiles", "members": members, "orders": orders} | await _measure(opened)
        finally:
            await mirror.close_mirror(opened)


async def _measure(opened: mirror.Mirror) -> dict[str, Any]:
    moment = mirror.Moment(1, NOW, "Asia/Shanghai", complete=True, members_mark=1)
    started = clock.monotonic()
    by_hand = await mirror.table(opened, BY_HAND)
    hand = clock.monotonic() - started

    started = clock.monotonic()
    rows = 0
    async for source, table in features.of_members(opened, moment):
        rows += len(table) if source == "orders" else 0
    counted = clock.monotonic() - started
    values = await marked(Books(opened, moment, 90))
    said = rfm.say(rfm.limits(values) | {"until": str(moment.day)}, values)
    took = clock.monotonic() - started
    assert rows == len(by_hand) == len(said.member), f"{rows} rows of features, {len(by_hand)} by hand"
    assert int(values["money"].sum()) == sum(by_hand.column("fen").to_pylist())
    baseline.note(
        f"features and marks of {rows:,} members: {took:.1f} s ({counted:.1f} s the {len(features.FEATURES)} features), three sums "
        f"by hand {hand:.1f} s, ratio {took / hand:.1f}; goal {GOALS['features']} s"
    )

    started = clock.monotonic()
    known = (await purchases.purchases(opened, moment, moment.day, 90)).histories
    read = clock.monotonic() - started
    fit, scores, _ = await asyncio.to_thread(fit_and_score, bgnbd.CODE, known, 90)
    modelled = clock.monotonic() - started
    assert fit.converged, fit.why
    parameters = np.array([*fit.parameters.values()])
    started = clock.monotonic()
    bgnbd.log_likelihood(parameters, known)
    once = clock.monotonic() - started
    baseline.note(
        f"BG/NBD of {len(known):,} members: {modelled:.1f} s ({read:.1f} s reading; learnt from {fit.members:,} in {fit.steps} "
        f"steps), {scores['p_alive'].mean():.0%} still there; one look at the likelihood {once:.2f} s, "
        f"ratio {modelled / once:.0f}; goal {GOALS['model']} s"
    )
    return {
        "seconds_features": round(took, 2), "seconds_features_by_hand": round(hand, 2), "ratio_features": round(took / hand, 2),
        "seconds_model": round(modelled, 2), "seconds_model_read": round(read, 2), "seconds_likelihood": round(once, 3),
        "ratio_model": round(modelled / once, 1),
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser(prog="shuke bench profiles")
    parser.add_argument("--members", type=int, default=1_000_000)
    options = parser.parse_args(arguments)
    print(json.dumps(asyncio.run(measure(options.members))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
