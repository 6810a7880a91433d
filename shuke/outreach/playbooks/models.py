"""Table of what playbooks have installed."""

from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class PlaybookPart(Model):
    """One thing that a playbook made at a merchant: which (`rule:weekend`), and the number it has there.

    States: installed, removed (it was unused and has been taken away again).
    """

    __tablename__ = "playbook_part"
    merchant_id: Mapped[int] = part_of_key()
    book: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    ref_id: Mapped[int]
    state: Mapped[str]
    at: Mapped[object] = instant()
    by: Mapped[str] = mapped_column(server_default="")
