"""Questions about looking ahead."""

from shuke.programs.foresight.queries.backtests import (
    REACH_DAYS, Asked, BacktestOutcome, BacktestShape, Chosen, DayOf, Favoured, NoSuchBacktest, RuleOf, SegmentOf, Wording,
    folds, get_backtest, kept, list_backtests, rule_set, wordings,
)  # fmt: skip
from shuke.programs.foresight.queries.outlook import SelfTest, WorstCase, self_test, worst_case

__all__ = [
    "REACH_DAYS", "Asked", "BacktestOutcome", "BacktestShape", "Chosen", "DayOf", "Favoured", "NoSuchBacktest", "RuleOf",
    "SegmentOf", "SelfTest", "Wording", "WorstCase", "folds", "get_backtest", "kept", "list_backtests", "rule_set",
    "self_test", "wordings", "worst_case",
]  # fmt: skip
