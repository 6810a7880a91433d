"""Tables of check-in and missions."""

from datetime import date

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class CheckInPlan(Model):
    """One published version of the merchant's check-in; the newest published before an instant holds for it.

    States: live, paused (nobody can check in while it is the newest).
    """

    __tablename__ = "check_in_plan"
    merchant_id: Mapped[int] = part_of_key()
    version: Mapped[int] = part_of_key()
    state: Mapped[str]
    plan: Mapped[dict]
    published_at: Mapped[object] = instant()
    published_by: Mapped[str] = mapped_column(server_default="")


class CheckIn(Model):
    """One member's check-in of one business day, once for ever. `how`: self, made_up.

    `streak` is how long the unbroken run of days was when it was written; `milestones` are those it was given.
    """

    __tablename__ = "check_in"
    __table_args__ = (Index("check_in_by_day", "merchant_id", "day"),)
    merchant_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    day: Mapped[date] = mapped_column(primary_key=True)
    how: Mapped[str]
    version: Mapped[int]
    streak: Mapped[int]
    milestones: Mapped[list] = mapped_column(server_default="[]")
    given: Mapped[list] = mapped_column(server_default="[]")
    occurred_at: Mapped[object] = instant()
    recorded_at: Mapped[object] = instant()


class Mission(Model):
    """One task that members can do once, every day or every week. States: draft, live, paused, ended.

    Once published its plan is frozen: what members see is what they get.
    """

    __tablename__ = "mission"
    merchant_id: Mapped[int] = part_of_key()
    mission_id: Mapped[int] = part_of_key()
    name: Mapped[str]
    period: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="draft")
    plan: Mapped[dict]
    created_at: Mapped[object] = instant()
    published_at: Mapped[object | None] = instant(nullable=True)
    ends_at: Mapped[object | None] = instant(nullable=True)


class MissionProgress(Model):
    """Where one member stands with one mission in one period (`starts_on` 0001-01-01 for a mission that is done once).

    States: open, complete (waits to be claimed), in_review, accepted (rewarded), refused (may be claimed again).
    """

    __tablename__ = "mission_progress"
    __table_args__ = (
        Index("mission_progress_by_member", "merchant_id", "member_id"),
        Index(
            "mission_progress_to_review", "merchant_id", "claimed_at", "mission_id", "member_id", "starts_on",
            postgresql_where=text("state = 'in_review'"),
        ),
    )  # fmt: skip
    merchant_id: Mapped[int] = part_of_key()
    mission_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    state: Mapped[str]
    counts: Mapped[list]
    proof: Mapped[str] = mapped_column(server_default="")
    reason: Mapped[str] = mapped_column(server_default="")
    given: Mapped[list] = mapped_column(server_default="[]")
    decided_by: Mapped[str] = mapped_column(server_default="")
    changed_at: Mapped[object] = instant()
    claimed_at: Mapped[object | None] = instant(nullable=True)
    decided_at: Mapped[object | None] = instant(nullable=True)


class MissionMark(Model):
    """One thing that counts once for one step: a product that was browsed, or one event by its source and id."""

    __tablename__ = "mission_mark"
    merchant_id: Mapped[int] = part_of_key()
    mission_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    step: Mapped[int] = part_of_key()
    mark: Mapped[str] = mapped_column(primary_key=True)
