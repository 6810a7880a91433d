"""What members of the demonstration merchant rise and earn by: the beauty playbook, and a ladder of visits beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shuke.outreach import playbooks
from shuke.programs import tiers
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


async def open_programme(tx: Tx, now: datetime, by: str) -> None:
    """Install the playbook and publish the further ladder."""
    await playbooks.install(tx, BOOK, now, by)
    await tiers.publish(tx, VISITS, None, now, by)


async def keep(database: Database, merchant_id: int) -> None:
    """What the clock brings round: gifts of tiers, ends of periods, ladders played again, and referrals that proved true."""
    await tiers_jobs.review_tiers(database, merchant_id)
    await tiers_jobs.count_tiers(database, merchant_id)
    await referrals_jobs.keep_promises(database, merchant_id)
