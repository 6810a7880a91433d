"""Segments counted anew and proven because somebody asked, one after another, with progress; deleted ones brought back."""

from shuke.insight.upkeep.actions import NothingToDo, Run, RunUnderWay, cancel, latest, start

__all__ = ["NothingToDo", "Run", "RunUnderWay", "cancel", "latest", "start"]
