"""Tables of earning rules and their versions."""

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class Rule(Model):
    """One earning rule. States: draft, published, paused, ended. Rules apply in order of priority, then id."""

    __tablename__ = "earning_rule"
    merchant_id: Mapped[int] = part_of_key()
    rule_id: Mapped[int] = part_of_key()
    kind: Mapped[str]
    name: Mapped[str]
    state: Mapped[str]
    priority: Mapped[int] = mapped_column(server_default="100")
    created_at: Mapped[object] = instant()


class RuleVersion(Model):
    """One wording of a rule, live in [valid_from, valid_to) and until the next one begins; never changed once published.

    `terms` are priority, stacking group, caps and budget. The draft is version 0, without published_at. A `pause` gives
    nothing: it only ends the version before it.
    """

    __tablename__ = "earning_rule_version"
    merchant_id: Mapped[int] = part_of_key()
    rule_id: Mapped[int] = part_of_key()
    version: Mapped[int] = part_of_key()
    name: Mapped[str] = mapped_column(server_default="")
    pause: Mapped[bool] = mapped_column(server_default="false")
    params: Mapped[dict]
    conditions: Mapped[list] = mapped_column(server_default="[]")
    terms: Mapped[dict] = mapped_column(server_default="{}")
    valid_from: Mapped[object | None] = instant(nullable=True)
    valid_to: Mapped[object | None] = instant(nullable=True)
    published_at: Mapped[object | None] = instant(nullable=True)
    published_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[object] = instant()


class Counter(Model):
    """What one rule gave one member (0: all members, for its budget) in one period, as points and times.

    Periods: `d:2026-03-08`, `w:2026-10`, `m:2026-03`, `y:2026`, `e` for ever, `b` the budget, `p:…` one content,
    `l:2026-03` a month's ladder.
    Locked in the transaction that gives; a refund takes off the period that its order counted in.
    """

    __tablename__ = "earning_counter"
    __table_args__ = {"postgresql_with": {"fillfactor": 80}}
    merchant_id: Mapped[int] = part_of_key()
    rule_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    period: Mapped[str] = mapped_column(primary_key=True)
    points: Mapped[int] = mapped_column(server_default="0")
    times: Mapped[int] = mapped_column(server_default="0")


class Waiting(Model):
    """Something a member did that waits for an order, such as a video watched to its end; the latest of its kind and content."""

    __tablename__ = "earning_waiting"
    merchant_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    event: Mapped[str] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[object] = instant()
    skus: Mapped[list] = mapped_column(server_default="[]")
    used: Mapped[bool] = mapped_column(server_default="false")
    kept_at: Mapped[object] = mapped_column(TIMESTAMP(timezone=True), server_default=func.now())


class Example(Model):
    """A receipt or event that an operator wrote down, and the points it must give: every publication keeps it true."""

    __tablename__ = "earning_example"
    merchant_id: Mapped[int] = part_of_key()
    example_id: Mapped[int] = part_of_key()
    name: Mapped[str]
    body: Mapped[dict]
    points: Mapped[int]
    created_at: Mapped[object] = instant()
