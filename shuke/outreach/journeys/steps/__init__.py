"""The kinds of steps a journey can take."""

from shuke.kit.kinds import Family
from shuke.outreach.journeys.steps.give_offer import GiveOffer
from shuke.outreach.journeys.steps.give_points import GivePoints
from shuke.outreach.journeys.steps.kind import Crowd, Outcome, Step
from shuke.outreach.journeys.steps.send_message import SendMessage

steps: Family[Step] = Family("step", "步骤", [SendMessage(), GivePoints(), GiveOffer()])

__all__ = ["Crowd", "Outcome", "Step", "steps"]
