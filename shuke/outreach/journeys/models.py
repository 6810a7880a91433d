"""Tables of journeys, who is on them, and what each step did."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key

class Journey(Model):
    """One automation: a segment that starts it and the steps each member takes once. States: draft, live, paused, ended."""

    __tablename__ = "journey"
    merchant_id: Mapped[int] = part_of_key()
    journey_id: Mapped[int] = part_of_key()
    name: Mapped[str]
    state: Mapped[str]
    segment_slug: Mapped[str]
    steps: Mapped[list]
    version: Mapped[int] = mapped_column(server_default="1")
    launched_at: Mapped[object | None] = instant(nullable=True)
    created_at: Mapped[object] = instant()


class JourneyMember(Model):
    """One member's one passage through a journey, and the first order after it began."""

    __tablename__ = "journey_member"
    __table_args__ = (Index("journey_member_by_member", "merchant_id", "member_id"),)
    merchant_id: Mapped[int] = part_of_key()
    journey_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    entered_at: Mapped[object] = instant()
    returned_at: Mapped[object | None] = instant(nullable=True)
    returned_order_id: Mapped[int | None]


class JourneyEffect(Model):
    """What one step did for one member. Outcomes: done, refused (with the reason)."""

    __tablename__ = "journey_effect"
    merchant_id: Mapped[int] = part_of_key()
    journey_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    step: Mapped[int] = part_of_key()
    kind: Mapped[str]
    outcome: Mapped[str]
    detail: Mapped[dict]
    at: Mapped[object] = instant()
