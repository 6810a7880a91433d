"""Verbs of journeys."""

from shuke.outreach.journeys.actions.examples import EXAMPLES, install_example
from shuke.outreach.journeys.actions.shaping import (
    Preview,
    create_journey,
    discard,
    edit_journey,
    launch,
    move,
    preview,
)
from shuke.outreach.journeys.actions.travelling import (
    advance,
    any_travellers,
    count_returns,
    next_due,
    start_runs,
    take_in,
    waiting,
)

__all__ = [
    "EXAMPLES", "Preview", "advance", "any_travellers", "count_returns", "create_journey", "discard", "edit_journey",
    "install_example", "launch", "move", "next_due", "preview", "start_runs", "take_in", "waiting",
]  # fmt: skip
