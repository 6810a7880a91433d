"""Tables of products."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class Product(Model):
    """One thing the merchant sells. Orders keep their own copy of name and category, as sold."""

    __tablename__ = "product"
    __table_args__ = (Index("product_by_category", "merchant_id", "category", "sku"),)
    merchant_id: Mapped[int] = part_of_key()
    sku: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(server_default="")
    category: Mapped[str] = mapped_column(server_default="")
    brand: Mapped[str] = mapped_column(server_default="")
    price_fen: Mapped[int | None]
    attributes: Mapped[dict] = mapped_column(server_default="{}")
    created_at: Mapped[object] = instant()
