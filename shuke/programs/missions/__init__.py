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
from shuke.programs.missions.actions.progress import Decision, claim, count, decide
from shuke.programs.missions.actions.shaping import MissionDraft, create_mission, edit_mission, move_mission
from shuke.programs.missions.events import Checked, CheckedIn, MissionDone
from shuke.programs.missions.policy.check_in import (
    DEFAULT, BadPlan, CheckInClosed, CheckInTooLate, ClockAhead, DayClosed, MakeUp, Milestone, Plan, SpecialDay,
)  # fmt: skip
from shuke.programs.missions.policy.mission import MissionPlan, NotDoneYet, Period, ProofMissing, StepPlan
from shuke.programs.missions.queries.check_ins import Standing, checked_in_since, is_open, standing, versions
from shuke.programs.missions.queries.progress import MemberMission, begun, get_mission, missions, of_member, to_review

__all__ = [
    "DEFAULT", "BadPlan", "CheckIn", "CheckInClosed", "CheckInTooLate", "Checked", "CheckedIn", "ClockAhead",
    "DayClosed", "Decision", "MakeUp", "MemberMission", "Milestone", "MissionDone", "MissionDraft", "MissionPlan",
    "NoCard", "NotDoneYet", "NothingToMakeUp", "Period", "Plan", "ProofMissing", "SpecialDay", "Standing", "StepPlan", "Verdict",
    "begun", "check_in", "checked_in_since", "claim", "count", "create_mission", "decide", "edit_mission",
    "get_mission", "is_open", "make_up", "missions", "move_mission", "of_member", "publish", "standing", "to_review", "versions",
]  # fmt: skip
