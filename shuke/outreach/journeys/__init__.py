"""Journeys: who enters a segment takes steps, once; each effect is keyed, logged and counted."""

from shuke.outreach.journeys.actions import EXAMPLES, create_journey, discard, edit_journey, install_example
from shuke.outreach.journeys.actions import launch, move
from shuke.outreach.journeys.events import JourneyEntered
from shuke.outreach.journeys.policy import AlreadyLaunched, BadAgain, NoSteps, StepPlan, WrongState, again_words
from shuke.outreach.journeys.queries import Numbers, Shown, get_journey, journeys, numbers, using_segments
from shuke.outreach.journeys.steps import steps

__all__ = [
    "EXAMPLES", "AlreadyLaunched", "BadAgain", "JourneyEntered", "NoSteps", "Numbers", "Shown", "StepPlan",
    "WrongState", "again_words", "create_journey", "discard", "edit_journey", "get_journey", "install_example",
    "journeys", "launch", "move", "numbers", "steps", "using_segments",
]  # fmt: skip
