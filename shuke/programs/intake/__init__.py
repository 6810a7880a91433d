"""The one write path of an order, a refund or an event."""

from shuke.programs.intake.actions.apply import Answer, Strangers, apply, apply_across, apply_in
from shuke.programs.intake.actions.collector import Collector

__all__ = ["Answer", "Collector", "Strangers", "apply", "apply_across", "apply_in"]
