"""Tables of segments: their rules, who belongs, and how that changed."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class Segment(Model):
    """One audience. States: waiting (never refreshed), ok, error (with the reason; membership stays as it was).

    `size` and `refreshed_at` tell of the last refresh, `members_version` of which wording, `mark` is the number of the last that
    changed who belongs. `verified_at`: when the
    membership was last held against a whole recompute, `difference` what that found.
    """

    __tablename__ = "segment"
    __table_args__ = (UniqueConstraint("merchant_id", "slug"),)
    merchant_id: Mapped[int] = part_of_key()
    segment_id: Mapped[int] = part_of_key()
    slug: Mapped[str]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default="1")
    state: Mapped[str] = mapped_column(server_default="waiting")
    error: Mapped[dict | None]
    size: Mapped[int] = mapped_column(server_default="0")
    members_version: Mapped[int] = mapped_column(server_default="0")
    mark: Mapped[int] = mapped_column(server_default="0")
    backfilled_at: Mapped[object | None] = instant(nullable=True)
    refreshed_at: Mapped[object | None] = instant(nullable=True)
    verified_at: Mapped[object | None] = instant(nullable=True)
    difference: Mapped[dict | None]
    created_at: Mapped[object] = instant()


class SegmentVersion(Model):
    """One wording of a segment's rule; never changed."""

    __tablename__ = "segment_version"
    merchant_id: Mapped[int] = part_of_key()
    segment_id: Mapped[int] = part_of_key()
    version: Mapped[int] = part_of_key()
    rule: Mapped[dict]
    created_at: Mapped[object] = instant()
    created_by: Mapped[str] = mapped_column(server_default="")
    reason: Mapped[str] = mapped_column(server_default="")


class SegmentChunk(Model):
    """The members of a segment among 65,536 member numbers, as a roaring bitmap; empty chunks have no row."""

    __tablename__ = "segment_chunk"
    merchant_id: Mapped[int] = part_of_key()
    segment_id: Mapped[int] = part_of_key()
    chunk: Mapped[int] = part_of_key()
    members: Mapped[bytes]


class SegmentRefresh(Model):
    """One refresh of one segment that changed it, or its first: how many entered and left, and the size after it."""

    __tablename__ = "segment_refresh"
    __table_args__ = (Index("segment_refresh_by_time", "merchant_id", "segment_id", "at"),)
    merchant_id: Mapped[int] = part_of_key()
    refresh_id: Mapped[int] = part_of_key()
    segment_id: Mapped[int]
    version: Mapped[int]
    reason: Mapped[str]
    entered: Mapped[int]
    left: Mapped[int]
    size: Mapped[int]
    at: Mapped[object] = instant()


class SegmentFlip(Model):
    """One member entered or left at a refresh. A backfill (a new or edited rule) keeps no flips, only its refresh."""

    __tablename__ = "segment_flip"
    __table_args__ = (Index("segment_flip_by_member", "merchant_id", "member_id", "segment_id", "at"),)
    merchant_id: Mapped[int] = part_of_key()
    refresh_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    segment_id: Mapped[int]
    entered: Mapped[bool]
    reason: Mapped[str]
    at: Mapped[object] = instant()


class MemberList(Model):
    """Members who were written down once: imported, or as a rule or segments found them. `origin` tells which."""

    __tablename__ = "member_list"
    __table_args__ = (UniqueConstraint("merchant_id", "slug"),)
    merchant_id: Mapped[int] = part_of_key()
    list_id: Mapped[int] = part_of_key()
    slug: Mapped[str]
    name: Mapped[str]
    origin: Mapped[dict]
    size: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[object] = instant()
    created_by: Mapped[str] = mapped_column(server_default="")


class MemberListChunk(Model):
    """The members of a list among 65,536 member numbers, as a roaring bitmap."""

    __tablename__ = "member_list_chunk"
    merchant_id: Mapped[int] = part_of_key()
    list_id: Mapped[int] = part_of_key()
    chunk: Mapped[int] = part_of_key()
    members: Mapped[bytes]


class SegmentEdge(Model):
    """The measure of the last who belongs to a ranking, as of an instant; between two of these membership follows it."""

    __tablename__ = "segment_edge"
    merchant_id: Mapped[int] = part_of_key()
    leaf: Mapped[str] = mapped_column(primary_key=True)
    edge: Mapped[float | None]
    at: Mapped[object] = instant()


class SegmentClock(Model):
    """Up to which instant all that changes by time alone was looked at, and up to which announcement all that happened."""

    __tablename__ = "segment_clock"
    merchant_id: Mapped[int] = part_of_key()
    at: Mapped[object] = instant()
    seq: Mapped[int] = mapped_column(server_default="0")


class SegmentGone(Model):
    """A deleted segment or list as its row was; what belongs to it stays where it is until it is forgotten."""

    __tablename__ = "segment_gone"
    merchant_id: Mapped[int] = part_of_key()
    kind: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[int] = part_of_key()
    slug: Mapped[str]
    name: Mapped[str]
    kept: Mapped[dict]
    gone_at: Mapped[object] = instant()
