"""What a merchant has issued, and what became of it: sums by business date and store that follow the ledger."""

from shuke.assets.finance.actions import count_up, count_up_merchant
from shuke.assets.finance.queries import DayFigures, Figures, StoreFigures, figures, finance

__all__ = ["DayFigures", "Figures", "StoreFigures", "count_up", "count_up_merchant", "figures", "finance"]
