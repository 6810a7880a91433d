"""Tables of daily digests."""

from datetime import date

from sqlalchemy import Date
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class DailyDigest(Model):
    """The digest of one business date of a merchant's hash chain; see `policy.Day`. Never changed once made."""

    __tablename__ = "daily_digest"
    merchant_id: Mapped[int] = part_of_key()
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    after_seq: Mapped[int]
    seq: Mapped[int]
    links: Mapped[int]
    entries: Mapped[int]
    points: Mapped[int]
    head: Mapped[bytes]
    previous: Mapped[bytes]
    digest: Mapped[bytes]
    made_at: Mapped[object] = instant()
