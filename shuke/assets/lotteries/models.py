"""Tables of lotteries."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from shuke.kit.db import Model, instant, part_of_key


class Lottery(Model):
    """One draw that members take turns in, for `chances` of their wallet each. States: live, ended; its period is a predicate.

    `prizes` are those of the reward `draw`, whose stock is counted under the name.
    """

    __tablename__ = "lottery"
    __table_args__ = (UniqueConstraint("merchant_id", "name"),)
    merchant_id: Mapped[int] = part_of_key()
    lottery_id: Mapped[int] = part_of_key()
    name: Mapped[str]
    chances: Mapped[int]
    prizes: Mapped[list]
    state: Mapped[str]
    starts_at: Mapped[object | None] = instant(nullable=True)
    ends_at: Mapped[object | None] = instant(nullable=True)
    created_at: Mapped[object] = instant()
