"""What members of the demonstration merchant rise and earn by: the beauty playbook, and what 芙颜 adds to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from shuke.assets.rewards import of_points
from shuke.outreach import playbooks
from shuke.programs import earning, missions, referrals, tiers
from shuke.programs.referrals import jobs as referrals_jobs
from shuke.programs.tiers import jobs as tiers_jobs

if TYPE_CHECKING:
    from datetime import datetime

    from shuke.kit.db import Database, Tx

BOOK = "beauty"
VISITS = tiers.LadderDraft(
    name="到店阶梯",
    name_en="Visits",
    terms=tiers.Terms(by="visits"),
    levels=[
        tiers.Level(0, "新友", 0, 100, "New"),
        tiers.Level(1, "老友", 6, 100, "Regular"),
        tiers.Level(
            2, "挚友", 15, 100, "Close friend", (tiers.Benefit(kind="priority_booking", params={"hours": 24}),)
        ),
    ],
)  # fmt: skip


class Further(NamedTuple):
    """A rule of its own beside those of the playbook."""

    kind: str
    draft: earning.Draft


RULES = (
    Further("multiplier", earning.Draft(
        name="小程序下单多送一成", params={"percent": 110},
        conditions=[{"kind": "channel", "params": {"channels": ["mini"]}}],
        terms={"use": {"when": "after", "wait": "7D"}},
    )),
    Further("product_bonus", earning.Draft(
        name="护理服务加赠 60 分，做完才生效", params={"categories": ["护理服务"], "points": 60, "per": "order"},
        terms={"use": {"when": "action", "wait": "14D", "action": "护理核销", "unconfirmed": "lapse"}},
    )),
    Further("multiplier", earning.Draft(
        name="每月 8 号会员日双倍", params={"percent": 200},
        conditions=[{"kind": "day_of_month", "params": {"days": [8]}}],
        terms={"caps": [{"per": "month", "points": 1_000}], "budget_points": 1_500_000},
    )),
    Further("event_bonus", earning.Draft(
        name="评价商品送 20 分", params={"event": "review", "points": 20}, terms={"caps": [{"per": "day", "times": 3}]},
    )),
)  # fmt: skip
EXAMPLE = {"amount_fen": 30_000, "channel": "mini", "supposed": {"orders": 5}}
"""A regular who orders for 300 yuan in the mini program: 300 points, and 30 that can be used after a week."""
PRIZES = [
    referrals.Prize(period="month", place=place, rewards=of_points(count))
    for place, count in enumerate((500, 300, 200), 1)
]


async def open_programme(tx: Tx, now: datetime, by: str) -> None:
    """Install the playbook, and publish the further ladder, the further rules and the prizes of the leaderboard."""
    await playbooks.install(tx, BOOK, now, by)
    await tiers.publish(tx, VISITS, None, now, by)
    for rule in RULES:
        await earning.publish(tx, await earning.create_rule(tx, rule.kind, rule.draft, now), now, by)
    trial = msgspec.convert(EXAMPLE, earning.Trial)
    await earning.save_example(tx, "老客小程序买 300 元", trial, 330, now)
    plan = playbooks.BOOKS[BOOK].referral
    assert plan is not None, "the playbook brings a plan of referrals"
    await referrals.publish(tx, msgspec.structs.replace(plan, prizes=PRIZES), "live", by, now)


async def rest_missions(tx: Tx, now: datetime, *, awake: bool) -> None:
    """Missions rest while history comes in, so that nobody of old is half-way through what newcomers do."""
    for one in await missions.missions(tx):
        if one.state == ("paused" if awake else "live"):
            await missions.move_mission(tx, one.mission_id, "resume" if awake else "pause", now)


async def keep(database: Database, merchant_id: int) -> None:
    """What the clock brings round: gifts of tiers, ends of periods, ladders played again, and referrals that proved true."""
    await tiers_jobs.review_tiers(database, merchant_id)
    await tiers_jobs.count_tiers(database, merchant_id)
    await referrals_jobs.keep_promises(database, merchant_id)
