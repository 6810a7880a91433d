"""Tables of looking ahead."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class Backtest(Model):
    """A set of rules held against the orders of a period. States: waiting, running, cancelled, done, failed.

    `rules` are the wordings as they were when it was asked for; `done` of `total` orders are folded.
    """

    __tablename__ = "backtest"
    merchant_id: Mapped[int] = part_of_key()
    backtest_id: Mapped[int] = part_of_key()
    state: Mapped[str]
    since: Mapped[date]
    until: Mapped[date]
    rules: Mapped[list]
    asked_by: Mapped[str] = mapped_column(server_default="")
    asked_at: Mapped[object] = instant()
    finished_at: Mapped[object | None] = instant(nullable=True)
    total: Mapped[int] = mapped_column(server_default="0")
    done: Mapped[int] = mapped_column(server_default="0")
    outcome: Mapped[dict | None]


class BacktestPlace(Model):
    """How far a backtest has come and everything it has counted until there; gone when it is finished."""

    __tablename__ = "backtest_place"
    merchant_id: Mapped[int] = part_of_key()
    backtest_id: Mapped[int] = part_of_key()
    folded: Mapped[bytes]
    at: Mapped[object] = instant()
