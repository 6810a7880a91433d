"""The table of runs."""

from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class SegmentRun(Model):
    """One run over segments: `recount` or `proof`. States: running, done, cancelled, failed (with the reason).

    `done` of `slugs` are through; `different` were found to differ by a proof, and were repaired.
    """

    __tablename__ = "segment_run"
    merchant_id: Mapped[int] = part_of_key()
    run_id: Mapped[int] = part_of_key()
    kind: Mapped[str]
    slugs: Mapped[list]
    done: Mapped[int] = mapped_column(server_default="0")
    different: Mapped[int] = mapped_column(server_default="0")
    state: Mapped[str] = mapped_column(server_default="running")
    error: Mapped[str | None]
    started_at: Mapped[object] = instant()
    started_by: Mapped[str] = mapped_column(server_default="")
    ended_at: Mapped[object | None] = instant(nullable=True)
