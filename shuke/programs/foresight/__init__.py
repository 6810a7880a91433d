"""Looking ahead: what rules would have given, the most they can give, and how they can be exploited."""

from shuke.programs.foresight.actions import ask, cancel, run
from shuke.programs.foresight.queries import BacktestShape, Chosen, get_backtest, rule_set, wordings

__all__ = ["BacktestShape", "Chosen", "ask", "cancel", "get_backtest", "rule_set", "run", "wordings"]
