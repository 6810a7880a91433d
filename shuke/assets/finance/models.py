"""Tables of the sums by day and store."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, part_of_key


class PointsDay(Model):
    """What one wallet moved on one business date at one store (0: none): the sums of the entries up to `PointsDayHead`."""

    __tablename__ = "points_day"
    merchant_id: Mapped[int] = part_of_key()
    wallet: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    store_id: Mapped[int] = part_of_key()
    issued: Mapped[int]
    used: Mapped[int]
    expired: Mapped[int]


class PointsDayHead(Model):
    """Up to which announcement of a merchant the entries are in `PointsDay`."""

    __tablename__ = "points_day_head"
    merchant_id: Mapped[int] = part_of_key()
    seq: Mapped[int]
