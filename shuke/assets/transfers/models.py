"""Tables of transfers."""

from datetime import date

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class Transfer(Model):
    """Points that one member gave another. `day` is the business date on which the giver's caps count it."""

    __tablename__ = "transfer"
    __table_args__ = (
        UniqueConstraint("merchant_id", "key"),
        Index("transfer_by_giver", "merchant_id", "from_id", "wallet", "day"),
        Index("transfer_by_taker", "merchant_id", "to_id"),
    )
    merchant_id: Mapped[int] = part_of_key()
    transfer_id: Mapped[int] = part_of_key()
    key: Mapped[str]
    from_id: Mapped[int]
    to_id: Mapped[int]
    wallet: Mapped[str]
    points: Mapped[int]
    note: Mapped[str] = mapped_column(server_default="")
    by: Mapped[str] = mapped_column(server_default="")
    day: Mapped[date]
    at: Mapped[object] = instant()
