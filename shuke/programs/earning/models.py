"""Tables of earning rules and their versions."""

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

    The draft is version 0, without published_at. A `pause` gives nothing: it only ends the version before it.
    """

    __tablename__ = "earning_rule_version"
    merchant_id: Mapped[int] = part_of_key()
    rule_id: Mapped[int] = part_of_key()
    version: Mapped[int] = part_of_key()
    name: Mapped[str] = mapped_column(server_default="")
    pause: Mapped[bool] = mapped_column(server_default="false")
    params: Mapped[dict]
    conditions: Mapped[list] = mapped_column(server_default="[]")
    valid_from: Mapped[object | None] = instant(nullable=True)
    valid_to: Mapped[object | None] = instant(nullable=True)
    published_at: Mapped[object | None] = instant(nullable=True)
    published_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[object] = instant()
