"""The tier ladder: how members rise and what it brings."""

from shuke.programs.tiers.actions import STANDINGS, install_first_ladder, ladder, levels_at, standings_of, storing
from shuke.programs.tiers.events import Change, TiersChanged
from shuke.programs.tiers.policy import Level, Rise, Standing, level_of, pay

__all__ = [
    "STANDINGS",
    "Change",
    "Level",
    "Rise",
    "Standing",
    "TiersChanged",
    "install_first_ladder",
    "ladder",
    "level_of",
    "levels_at",
    "pay",
    "standings_of",
    "storing",
]
