"""What webhooks do when members entered or left a segment."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.insight.segments import SegmentRefreshed
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.outreach.webhooks.actions import sending


async def note_flips(tx: Tx, heard: Sequence[SegmentRefreshed]) -> None:
    """Note what is to be told; the job tells it. Repeatable."""
    await sending.note(tx, heard, clock.now())
