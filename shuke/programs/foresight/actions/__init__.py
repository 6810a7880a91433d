"""Verbs of looking ahead."""

from shuke.programs.foresight.actions.asking import (
    WORK, BacktestOver, BadPeriod, NothingToTest, TooManyWaiting, ask, ask_by, cancel, cancel_by,
)  # fmt: skip
from shuke.programs.foresight.actions.running import run, run_waiting

__all__ = [
    "WORK", "BacktestOver", "BadPeriod", "NothingToTest", "TooManyWaiting", "ask", "ask_by", "cancel", "cancel_by", "run",
    "run_waiting",
]  # fmt: skip
