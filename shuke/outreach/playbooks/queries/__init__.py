"""Questions about playbooks."""

from shuke.outreach.playbooks.queries.audience import AUDIENCE
from shuke.outreach.playbooks.queries.parts import (
    Installed,
    NoSuchBook,
    PartShape,
    books_installed,
    get_book,
    installed,
    preview,
)

__all__ = ["AUDIENCE", "Installed", "NoSuchBook", "PartShape", "books_installed", "get_book", "installed", "preview"]
