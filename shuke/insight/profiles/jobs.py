"""What runs on schedule: fitting a merchant's models once a week, and scoring in between who did something."""

from __future__ import annotations

from datetime import datetime, timedelta

from shuke.ground import mirror
from shuke.insight.profiles.actions import scoring
from shuke.kit import clock
from shuke.kit.db import Database

FIT = scoring.WORK
FOLLOW = scoring.FOLLOWING
BUSY, QUIET = timedelta(minutes=10), timedelta(minutes=30)
EVERY = timedelta(days=7)
YOUNG = timedelta(days=1)  # a shop without orders, or too young for any model, is looked at again sooner


async def fit_profiles(database: Database, merchant_id: int) -> datetime:
    """Fit and score the models of one merchant; due again in a week, or tomorrow while there is too little to learn from."""
    at = clock.now()
    cards = await scoring.refit(database, mirror.of_process(), merchant_id, at)
    learning = any(card.holdout_days for card in cards)
    return at + (EVERY if learning else YOUNG)


async def follow_members(database: Database, merchant_id: int) -> datetime:
    """Score again who did something since the last time, and everybody on a new business date; sooner where much happens."""
    at = clock.now()
    count = await scoring.follow(database, mirror.of_process(), merchant_id, at)
    return at + (BUSY if count else QUIET)
