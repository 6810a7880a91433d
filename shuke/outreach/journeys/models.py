"""Tables of journeys, who is on them, and what each step did."""

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class Journey(Model):
    """One automation: a segment that starts it and the steps each member takes, once, or again on a further entry.

    `again_days` says after how many dates a member may take part again (0: on every entry, none: never). States: draft (can be
    edited), live, paused (nobody enters, nothing is done, goes on where it stopped), ended.
    """

    __tablename__ = "journey"
    __table_args__ = (
        Index("journey_by_segment", "merchant_id", "segment_slug", postgresql_where=text("state = 'live'")),
    )
    merchant_id: Mapped[int] = part_of_key()
    journey_id: Mapped[int] = part_of_key()
    name: Mapped[str]
    state: Mapped[str]
    segment_slug: Mapped[str]
    steps: Mapped[list]
    again_days: Mapped[int | None]
    version: Mapped[int] = mapped_column(server_default="1")
    launched_at: Mapped[object | None] = instant(nullable=True)
    created_at: Mapped[object] = instant()


class JourneyRun(Model):
    """One crowd that enters a journey: the members one refresh of the segment let in, or (refresh 0) all that were in.

    Taken in by ranges of member numbers: `after_member` is how far it has come. States: waiting, done.
    """

    __tablename__ = "journey_run"
    __table_args__ = (
        Index("journey_run_waiting", "merchant_id", "journey_id", postgresql_where=text("state = 'waiting'")),
    )
    merchant_id: Mapped[int] = part_of_key()
    journey_id: Mapped[int] = part_of_key()
    refresh_id: Mapped[int] = part_of_key()
    after_member: Mapped[int] = mapped_column(server_default="0")
    entered: Mapped[int] = mapped_column(server_default="0")
    state: Mapped[str]
    created_at: Mapped[object] = instant()
    finished_at: Mapped[object | None] = instant(nullable=True)


class JourneyMember(Model):
    """One passage of a member through a journey, and the first order within seven days after it began.

    States: active (takes `next_step` once `due_at` has come), done, left (was out of the segment before an action), merged
    (another passage of the same person goes on instead). `keyed_as` is what a passage that came with a merge is keyed by.
    """

    __tablename__ = "journey_member"
    __table_args__ = (
        Index("journey_member_by_member", "merchant_id", "member_id"),
        Index(
            "journey_member_due", "merchant_id", "journey_id", "member_id", postgresql_where=text("state = 'active'")
        ),
        Index("journey_member_by_entry", "merchant_id", "journey_id", "entered_at", "member_id"),
    )
    merchant_id: Mapped[int] = part_of_key()
    journey_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, server_default="1")
    state: Mapped[str] = mapped_column(server_default="active")
    version: Mapped[int] = mapped_column(server_default="1")
    next_step: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[object | None] = instant(nullable=True)
    keyed_as: Mapped[str | None]
    entered_at: Mapped[object] = instant()
    returned_at: Mapped[object | None] = instant(nullable=True)
    returned_order_id: Mapped[int | None]


class JourneyEffect(Model):
    """What one step did for one member in one passage, once. Outcomes: done, refused, left; `detail` says what, or why not."""

    __tablename__ = "journey_effect"
    merchant_id: Mapped[int] = part_of_key()
    journey_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, server_default="1")
    step: Mapped[int] = part_of_key()
    kind: Mapped[str]
    outcome: Mapped[str]
    detail: Mapped[dict]
    at: Mapped[object] = instant()
