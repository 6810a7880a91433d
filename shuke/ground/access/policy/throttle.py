"""How long sessions live and how failed sign-ins slow down."""

from datetime import datetime, timedelta

FREE_TRIES = 5
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=30)
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(minutes=15)


def locked_until(failed_count: int, now: datetime) -> datetime | None:
    """Until when sign-in rests after so many failures in a row: none for four, then 1, 2, 4 … at most 15 minutes."""
    over = failed_count - FREE_TRIES
    if over < 0:
        return None
    return now + min(_FIRST_WAIT * 2 ** min(over, 10), _LONGEST_WAIT)


def still_valid(created_at: datetime, expires_at: datetime, now: datetime) -> bool:
    """Whether a session may still be used: not idle for too long and not older than the longest."""
    return now < expires_at and now < created_at + LONGEST
