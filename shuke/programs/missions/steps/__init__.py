"""The kinds of steps a mission can have."""

from shuke.kit.kinds import Family
from shuke.programs.missions.steps.behave import BehaveStep
from shuke.programs.missions.steps.fill_profile import ProfileStep
from shuke.programs.missions.steps.kind import Step

steps: Family[Step] = Family("mission step", "任务步骤", [BehaveStep(), ProfileStep()])

__all__ = ["Step", "steps"]
