"""Tables of prizes: how many of a limited one are gone, and who won what."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class PrizeStock(Model):
    """How many of one limited prize of a draw have been won."""

    __tablename__ = "prize_stock"
    merchant_id: Mapped[int] = part_of_key()
    draw: Mapped[str] = mapped_column(primary_key=True)
    prize: Mapped[str] = mapped_column(primary_key=True)
    won: Mapped[int] = mapped_column(server_default="0")


class PrizeWon(Model):
    """One draw of one member, decided once for ever under the key of its gift.

    States: booked (the prize was given at once), waiting (goods, to be fetched at a store), collected,
    lost (what it was could no longer be given), taken (it was taken back, a refund for example).
    """

    __tablename__ = "prize_won"
    __table_args__ = (Index("prize_won_by_member", "merchant_id", "member_id", "at"),)
    merchant_id: Mapped[int] = part_of_key()
    key: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[int]
    draw: Mapped[str]
    prize: Mapped[str]
    state: Mapped[str]
    at: Mapped[object] = instant()
    collected_at: Mapped[object | None] = instant(nullable=True)
    collected_by: Mapped[str] = mapped_column(server_default="")
