"""Tables of merchants, brands, stores and counters."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class Merchant(Model):
    """One merchant: everything else belongs to one. States: loading, active, closed.

    Background work leaves a merchant alone that is not active.
    """

    __tablename__ = "merchant"
    __table_args__ = {"info": {"directory": True}}
    merchant_id: Mapped[int] = part_of_key()
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    zone: Mapped[str]
    day_start_minutes: Mapped[int] = mapped_column(server_default="0")
    locale: Mapped[str] = mapped_column(server_default="zh")
    currency: Mapped[str] = mapped_column(server_default="CNY")
    settings: Mapped[dict] = mapped_column(server_default="{}")
    state: Mapped[str] = mapped_column(server_default="active")
    created_at: Mapped[object] = instant()


class Brand(Model):
    """One brand under which a merchant trades."""

    __tablename__ = "brand"
    merchant_id: Mapped[int] = part_of_key()
    brand_id: Mapped[int] = part_of_key()
    name: Mapped[str]


class Store(Model):
    """One place or channel where a merchant sells. `code` is what tills and files call it. States: open, closed."""

    __tablename__ = "store"
    __table_args__ = (UniqueConstraint("merchant_id", "code"),)
    merchant_id: Mapped[int] = part_of_key()
    store_id: Mapped[int] = part_of_key()
    code: Mapped[str]
    name: Mapped[str]
    brand_id: Mapped[int | None]
    address: Mapped[str] = mapped_column(server_default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    zone: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="open")
    created_at: Mapped[object] = instant()
