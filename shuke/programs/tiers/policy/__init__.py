"""Decides: what a ladder is, where a history leads on it, when birthdays fall."""

from shuke.programs.tiers.policy.birthdays import celebrated, year_of
from shuke.programs.tiers.policy.ladders import (
    DEFAULT, MAIN, BadLadder, Benefit, Ladder, Level, Terms, above, check, from_key, in_force, key_of, level_of,
    percent_of, reached, worth,
)  # fmt: skip
from shuke.programs.tiers.policy.replay import ByHand, Moment, Played, replay
from shuke.programs.tiers.policy.standings import Beneath, Rise, Standing, climb, grant, lift, merge, pay, review

__all__ = [
    "DEFAULT", "MAIN", "BadLadder", "Beneath", "Benefit", "ByHand", "Ladder", "Level", "Moment", "Played", "Rise",
    "Standing", "Terms", "above", "celebrated", "check", "climb", "from_key", "grant", "in_force", "key_of", "level_of",
    "lift", "merge", "pay", "percent_of", "reached", "replay", "review", "worth", "year_of",
]  # fmt: skip
