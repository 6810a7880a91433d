"""Check-in, streaks and missions: what members do day by day, and what it gives."""

from shuke.programs.missions.actions.check_in import (
    CheckIn,
    NoCard,
    NothingToMakeUp,
    Verdict,
    check_in,
    make_up,
    publish,
)
from shuke.programs.missions.events import Checked, CheckedIn, MissionDone
from shuke.programs.missions.policy.check_in import (
    DEFAULT, BadPlan, CheckInClosed, CheckInTooLate, ClockAhead, DayClosed, MakeUp, Milestone, Plan,
)  # fmt: skip
from shuke.programs.missions.queries.check_ins import Standing, standing

__all__ = [
    "DEFAULT", "BadPlan", "CheckIn", "CheckInClosed", "CheckInTooLate", "Checked", "CheckedIn", "ClockAhead", "DayClosed",
    "MakeUp", "Milestone", "MissionDone", "NoCard", "NothingToMakeUp", "Plan", "Standing", "Verdict", "check_in",
    "make_up", "publish", "standing",
]  # fmt: skip
