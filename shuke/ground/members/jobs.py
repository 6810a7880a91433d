"""What runs later for members: attributes that were given up are taken off everybody."""

from datetime import datetime

from shuke.ground.members import actions
from shuke.kit.db import Database

WORK = actions.WORK


async def take_attributes_off(database: Database, merchant_id: int) -> datetime | None:
    """All that waits at one merchant, some thousand members in a transaction; None: the next deletion wakes it again."""
    while await database.attempt(merchant_id, actions.take_attribute_off):
        pass
    return None
