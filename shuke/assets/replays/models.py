"""Tables of replayed history."""

from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class RefusedPosting(Model):
    """One movement of a replayed file that was refused: the same key gets the same answer for ever."""

    __tablename__ = "refused_posting"
    merchant_id: Mapped[int] = part_of_key()
    key: Mapped[str] = mapped_column(primary_key=True)
    refusal: Mapped[dict]
    recorded_at: Mapped[object] = instant()
