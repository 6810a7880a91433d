"""How an adjustment is told: points and cards by the piece, stored credit as the money it is."""

from __future__ import annotations

from shuke.assets import points
from shuke.kit.kinds import Sentence

MONEY = frozenset({"stored_credit"})
"""Wallets that are counted in fen; what is put in by hand was paid for and does not run out."""


def amount(count: int, wallet: str) -> Sentence:
    """So much of a wallet, as people say it: 50 积分, ¥12.00 储值, 3 张补签卡; the sign stays."""
    kind = points.known_wallet(wallet)
    if wallet in MONEY:
        money = f"{'-' if count < 0 else ''}¥{abs(count) // 100:,}.{abs(count) % 100:02d}"
        return Sentence(f"{money} {kind.zh}", f"{money} of {kind.en.lower()}")
    if wallet == points.POINTS:
        return Sentence(f"{count} {kind.zh}", f"{count} {kind.unit_en}")
    return Sentence(f"{count} {kind.unit_zh}{kind.zh}", f"{count} {kind.en.lower()}")
