"""The one map of who hears what and what runs by itself: plain lists, read aloud from top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.assets.audit import jobs as audit_jobs
from shuke.assets.confirmations import reactions as confirmations
from shuke.assets.digests import jobs as digests_jobs
from shuke.assets.finance import jobs as finance_jobs
from shuke.assets.offers import facts as offers_facts
from shuke.assets.offers import names as offer_names
from shuke.assets.offers import prices as offer_prices
from shuke.assets.offers import reactions as offers
from shuke.assets.points import PointsPosted
from shuke.assets.points import facts as points_facts
from shuke.assets.points import jobs as points_jobs
from shuke.assets.points import reactions as points
from shuke.assets.rewards import reactions as rewards
from shuke.ground import mirror
from shuke.ground.ingestion import EventsRecorded
from shuke.ground.ingestion import facts as ingestion_facts
from shuke.ground.members import MemberChanged, MembersMerged, MembersUnmerged
from shuke.ground.members import facts as members_facts
from shuke.ground.members import jobs as members_jobs
from shuke.ground.messaging import facts as messaging_facts
from shuke.ground.orders import OrdersRecorded, RefundsParked, RefundsRecorded
from shuke.ground.orders import facts as orders_facts
from shuke.ground.tenancy import store_names
from shuke.insight.profiles import ProfilesScored
from shuke.insight.profiles import facts as profiles_facts
from shuke.insight.profiles import jobs as profiles_jobs
from shuke.insight.segments import SegmentRefreshed, list_names, using
from shuke.insight.segments import facts as segments_facts
from shuke.insight.segments import jobs as segments_jobs
from shuke.insight.segments import names as segment_names
from shuke.insight.tags import all_names as all_tags
from shuke.insight.tags import facts as tags_facts
from shuke.insight.tags import group_names as tag_group_names
from shuke.insight.tags import jobs as tags_jobs
from shuke.insight.tags import names as tag_names
from shuke.insight.tags import reactions as tags
from shuke.insight.tags import using_segments as tags_using_segments
from shuke.insight.upkeep import jobs as upkeep_jobs
from shuke.kit import jobs, references
from shuke.kit.events import Event, Reader
from shuke.kit.jobs import Work
from shuke.outreach.journeys import JourneyEntered, using_segments
from shuke.outreach.journeys import jobs as journeys_jobs
from shuke.outreach.journeys import reactions as journeys
from shuke.outreach.notices import jobs as notices_jobs
from shuke.outreach.webhooks import jobs as webhooks_jobs
from shuke.outreach.webhooks import reactions as webhooks
from shuke.outreach.webhooks import using_segments as webhooks_using_segments
from shuke.programs.earning import jobs as earning_jobs
from shuke.programs.earning import reactions as earning
from shuke.programs.earning import using_segments as earning_using_segments
from shuke.programs.foresight import jobs as foresight_jobs
from shuke.programs.imports import jobs as imports_jobs
from shuke.programs.intake import reactions as intake
from shuke.programs.missions import facts as missions_facts
from shuke.programs.missions import reactions as missions
from shuke.programs.referrals import facts as referrals_facts
from shuke.programs.referrals import jobs as referrals_jobs
from shuke.programs.referrals import reactions as referrals
from shuke.programs.tiers import facts as tiers_facts
from shuke.programs.tiers import jobs as tiers_jobs
from shuke.programs.tiers import names as ladder_names
from shuke.programs.tiers import reactions as tiers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from datetime import datetime

    from shuke.kit.db import Tx

    Reaction = Callable[[Tx, list[Any]], Awaitable[None]]

# What is announced → what is done about it, in this order.
REACTIONS: list[tuple[type[Event], Reaction]] = [
    (MembersMerged, points.on_members_merged),
    (MembersUnmerged, points.on_members_unmerged),
    (MembersMerged, confirmations.follow_merges),
    (MembersUnmerged, confirmations.follow_merges),
    (MembersMerged, earning.on_members_merged),
    (MembersUnmerged, earning.on_members_unmerged),
    (MembersMerged, offers.follow_merges),
    (MembersUnmerged, offers.follow_unmerges),
    (MembersMerged, tags.follow_merges),
    (MembersUnmerged, tags.follow_unmerges),
    (MembersMerged, rewards.follow_merges),
    (MembersUnmerged, rewards.follow_unmerges),
    (MembersMerged, tiers.on_members_merged),
    (MembersUnmerged, tiers.on_members_unmerged),
    (MembersMerged, missions.follow_merges),
    (MembersUnmerged, missions.follow_unmerges),
    (MembersMerged, referrals.follow_merges),
    (MembersUnmerged, referrals.follow_unmerges),
    (MembersMerged, journeys.follow_merges),
    (MembersUnmerged, journeys.follow_unmerges),
    (MemberChanged, intake.welcome_members),
    (OrdersRecorded, intake.match_orders),
    (RefundsParked, intake.match_refunds),
    (OrdersRecorded, tiers.on_orders),
    (RefundsRecorded, tiers.on_refunds),
    (PointsPosted, tiers.on_points),
    (EventsRecorded, missions.check_in_by_event),
    (EventsRecorded, missions.count_behaviour),
    (MemberChanged, missions.count_profiles),
    (OrdersRecorded, referrals.count_orders),
    (RefundsRecorded, referrals.count_refunds),
    (OrdersRecorded, journeys.count_orders),
    (ProfilesScored, tags.follow_scores),
    (JourneyEntered, journeys.count_early_orders),
]

# What is done about who entered and left a segment, which does not wait for what is done about orders.
ON_FLIPS: list[tuple[type[Event], Reaction]] = [
    (SegmentRefreshed, tags.follow_segments),
    (SegmentRefreshed, journeys.begin),
    (SegmentRefreshed, webhooks.note_flips),
]

# What the mirror may copy, room by room.
FACTS: list[Any] = [
    *members_facts.DECLARED,
    *orders_facts.DECLARED,
    *ingestion_facts.DECLARED,
    *messaging_facts.DECLARED,
    *points_facts.DECLARED,
    *offers_facts.DECLARED,
    *tiers_facts.DECLARED,
    *missions_facts.DECLARED,
    *referrals_facts.DECLARED,
    *profiles_facts.DECLARED,
    *segments_facts.DECLARED,
    *tags_facts.DECLARED,
]
mirror.declare(FACTS)

# Who uses what, so that a delete can refuse with the list.
references.watch("segment", using_segments)
references.watch("segment", tags_using_segments)
references.watch("segment", webhooks_using_segments)
references.watch("segment", earning_using_segments)
references.watch("attribute", lambda tx, names: using(tx, "attr", names))

# What people call things, for rooms below that know them by slug.
references.call("segment", segment_names)
references.call("list", list_names)
references.call("tag", tag_names)
references.call("tag_group", tag_group_names)
references.call("offer", lambda tx, _: offer_names(tx))
references.tell("tag", all_tags)
references.price("offer", offer_prices)
references.call("ladder", ladder_names)
references.call("store", lambda tx, _: store_names(tx))

# What comes round at every merchant, and what waits until something wakes it.
WORKS: list[Work] = [
    Work(points_jobs.SWEEP, points_jobs.sweep_points),
    Work(finance_jobs.COUNT, finance_jobs.count_points),
    Work(notices_jobs.WORK, notices_jobs.announce),
    Work(audit_jobs.AUDIT, audit_jobs.audit_points),
    Work(digests_jobs.WORK, digests_jobs.digest_days),
    Work(tiers_jobs.REVIEW, tiers_jobs.review_tiers),
    Work(tiers_jobs.COUNT, tiers_jobs.count_tiers, recurring=False),
    Work(profiles_jobs.FIT, profiles_jobs.fit_profiles),
    Work(profiles_jobs.FOLLOW, profiles_jobs.follow_members, recurring=False),
    Work(segments_jobs.REFRESH, segments_jobs.refresh_segments, recurring=False),
    Work(segments_jobs.VERIFY, segments_jobs.verify_segments),
    Work(upkeep_jobs.WORK, upkeep_jobs.carry_runs, recurring=False),
    Work(tags_jobs.WORK, tags_jobs.keep_tags, recurring=False),
    Work(referrals_jobs.WORK, referrals_jobs.keep_promises, recurring=False),
    Work("journeys", journeys_jobs.travel, recurring=False),
    Work(webhooks_jobs.WORK, webhooks_jobs.tell, recurring=False),
    Work(members_jobs.WORK, members_jobs.take_attributes_off, recurring=False),
    Work("imports", imports_jobs.run_imports, recurring=False),
    Work(earning_jobs.SWEEP, earning_jobs.sweep_waiting),
    Work(foresight_jobs.WORK, foresight_jobs.run_backtests, recurring=False),
]


def _follow(reactions: Iterable[Reaction]) -> Reaction:
    listed = tuple(reactions)

    async def react(tx: Tx, heard: list[Any]) -> None:
        for reaction in listed:
            await reaction(tx, heard)

    return react


def _reader(name: str, listed: list[tuple[type[Event], Reaction]], **more: Any) -> Reader:
    return Reader(
        name, {event: _follow(done for heard, done in listed if heard is event) for event, _ in listed}, **more
    )


# The followers of the outbox, each with a cursor of its own; the mirror follows it by itself.
# An order and the points it earned are announced one after the other, and who reacts to one does not mind the other.
READERS: list[Reader] = [
    _reader("reactions", REACTIONS, gathered=frozenset({OrdersRecorded, PointsPosted})),
    _reader("flips", ON_FLIPS, rest_seconds=0.02),
]


async def plan(tx: Tx, at: datetime) -> None:
    """Note the recurring work of a merchant that is born in this transaction."""
    for work in WORKS:
        if work.recurring:
            await jobs.wake(tx, work.kind, at)
