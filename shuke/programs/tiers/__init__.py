"""The tier ladder: how members rise and what it brings."""

from shuke.programs.tiers.actions import (
    BadLadder,
    LevelInUse,
    change_ladder,
    install_first_ladder,
    merge_standings,
    review,
    review_merchant,
    storing,
)
from shuke.programs.tiers.events import Change, TiersChanged
from shuke.programs.tiers.policy import Level, Rise, Standing, level_of, pay
from shuke.programs.tiers.queries import (
    STANDINGS,
    LevelShape,
    NextLevel,
    TierShape,
    ladder,
    level_now,
    level_shapes,
    levels_at,
    members_by_level,
    members_on,
    standings_of,
    tiers_of,
)

__all__ = [
    "STANDINGS", "BadLadder", "Change", "Level", "LevelInUse", "LevelShape", "NextLevel", "Rise", "Standing", "TierShape",
    "TiersChanged", "change_ladder", "install_first_ladder", "ladder", "level_now", "level_of", "level_shapes", "levels_at",
    "members_by_level", "members_on", "merge_standings", "pay", "review", "review_merchant", "standings_of", "storing",
    "tiers_of",
]  # fmt: skip
