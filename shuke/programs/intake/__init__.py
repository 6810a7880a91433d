"""The one write path of an order, a refund or an event."""

from shuke.programs.intake.actions.apply import Answer, apply, apply_in
from shuke.programs.intake.actions.collector import Collector

__all__ = ["Answer", "Collector", "apply", "apply_in"]
