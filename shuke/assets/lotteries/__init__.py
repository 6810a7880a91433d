"""Lotteries: a member spends a chance and draws a prize, once for every turn."""

from shuke.assets.lotteries.actions import (
    LotteryClosed, LotteryDraft, NameTaken, NoChanceLeft, NoSuchLottery, TurnOfAnother, Turned, close, save, turn,
)  # fmt: skip
from shuke.assets.lotteries.policy import CHANCES
from shuke.assets.lotteries.queries import LotteryShape, lotteries

__all__ = [
    "CHANCES", "LotteryClosed", "LotteryDraft", "LotteryShape", "NameTaken", "NoChanceLeft", "NoSuchLottery", "TurnOfAnother",
    "Turned",
    "close", "lotteries", "save", "turn",
]  # fmt: skip
