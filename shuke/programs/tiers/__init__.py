"""Ladders: how members rise, what it brings, and how far it is."""

from shuke.programs.tiers.actions.gifts import pay_birthdays, pay_upgrades
from shuke.programs.tiers.actions.shaping import (
    LadderDraft, LevelInUse, MainLadderStays, change_ladder, end_ladder, install_first_ladder, publish,
)  # fmt: skip
from shuke.programs.tiers.actions.standing import (
    EndPassed, NothingByHand, NotHigher, give_level, merge_standings, review, review_merchant, storing,
    take_level_back,
)  # fmt: skip
from shuke.programs.tiers.actions.counting import count, count_merchant
from shuke.programs.tiers.benefits import sentences as benefit_words
from shuke.programs.tiers.events import Change, TiersChanged
from shuke.programs.tiers.policy import (
    MAIN, BadLadder, Benefit, Ladder, Level, Rise, Standing, Terms, level_of, pay,
)  # fmt: skip
from shuke.programs.tiers.queries.ladders import (
    get_ladder, ladder, ladders, main, members_by_level, members_on, names,
)  # fmt: skip
from shuke.programs.tiers.queries.standings import (
    STANDINGS, NextLevel, TierShape, level_now, levels_at, standings_everywhere, standings_of, tiers_of,
)  # fmt: skip

__all__ = [
    "MAIN", "STANDINGS", "BadLadder", "Benefit", "Change", "EndPassed", "Ladder", "LadderDraft", "Level", "LevelInUse",
    "MainLadderStays", "NextLevel", "NotHigher", "NothingByHand", "Rise", "Standing", "Terms", "TierShape",
    "TiersChanged", "benefit_words", "change_ladder", "count", "count_merchant", "end_ladder", "get_ladder", "give_level",
    "install_first_ladder", "ladder", "ladders", "level_now", "level_of", "levels_at", "main",
    "members_by_level", "members_on", "merge_standings", "names", "pay", "pay_birthdays", "pay_upgrades", "publish", "review",
    "review_merchant", "standings_everywhere", "standings_of", "storing", "take_level_back", "tiers_of",
]  # fmt: skip
