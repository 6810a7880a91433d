"""Tables of profiles: what models were fitted on and how well they did, and what they say of members."""

from datetime import date

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class ProfileCard(Model):
    """One fitting of one model at one merchant. States: scoring (it may say what it expects), refused (the card says why).

    The newest card of a model counts; the older ones show how its accuracy drifts.
    """

    __tablename__ = "profile_card"
    __table_args__ = (Index("profile_card_by_model", "merchant_id", "model", "at"),)
    merchant_id: Mapped[int] = part_of_key()
    card_id: Mapped[int] = part_of_key()
    model: Mapped[str]
    state: Mapped[str]
    card: Mapped[dict]
    at: Mapped[object] = instant()


class ProfileScore(Model):
    """What one model says of one member: scores by name, and the evidence of the sentence beside them.

    Empty scores were taken back: the model no longer says anything of the member.
    """

    __tablename__ = "profile_score"
    merchant_id: Mapped[int] = part_of_key()
    model: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[int] = part_of_key()
    scores: Mapped[dict]
    evidence: Mapped[dict]
    computed_at: Mapped[object] = instant()


class ProfileCell(Model):
    """How many members stand in a cell of a grid of RFM (map, eleven, eight) now; moved in the transaction of their scores."""

    __tablename__ = "profile_cell"
    merchant_id: Mapped[int] = part_of_key()
    grid: Mapped[str] = mapped_column(primary_key=True)
    cell: Mapped[str] = mapped_column(primary_key=True)
    members: Mapped[int]


class ProfilePlace(Model):
    """How far scores follow what members do: everything announced up to `seq`, as seen on a business date."""

    __tablename__ = "profile_place"
    merchant_id: Mapped[int] = part_of_key()
    seq: Mapped[int]
    day: Mapped[date]


class ProfileStage(Model):
    """A stage of life as the merchant sees it: its name, and the words by which its goods are known."""

    __tablename__ = "profile_stage"
    merchant_id: Mapped[int] = part_of_key()
    name: Mapped[str] = mapped_column(primary_key=True)
    words: Mapped[list]
    changed_at: Mapped[object] = instant()
    changed_by: Mapped[str]
