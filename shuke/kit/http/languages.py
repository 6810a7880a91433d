"""Refusals in the reader's language: which one a request prefers, and a body told in English."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

_MARK = b'"message_en"'
_WORDS = ("message", "cure")


@lru_cache(maxsize=256)
def prefers_english(accepted: str) -> bool:
    """Whether an Accept-Language header puts English before Chinese; of equals the first named. RFC 9110, 12.5.4."""
    best: dict[str, float] = {}
    for part in accepted.lower().split(","):
        tag, _, weight = part.partition(";")
        language = tag.strip().partition("-")[0]
        if language in ("en", "zh") and (weighs := _weight(weight)) > best.get(language, 0.0):
            best[language] = weighs
    if "en" not in best:
        return False
    return best["en"] > best.get("zh", 0.0) or (best["en"] == best.get("zh") and next(iter(best)) == "en")


def _weight(written: str) -> float:
    name, _, value = written.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def in_english(body: bytes) -> bytes:
    """The same JSON in which every refusal's `message` and `cure` are the English ones, the Chinese beside them as `_zh`."""
    if _MARK not in body:
        return body
    try:
        return msgspec.json.encode(_told(msgspec.json.decode(body)))
    except msgspec.DecodeError:
        return body


def _told(value: Any) -> Any:
    if isinstance(value, list):
        return [_told(one) for one in value]
    if not isinstance(value, dict):
        return value
    told = {name: _told(one) for name, one in value.items()}
    if {"code", "message", "message_en"} <= told.keys():
        for word in _WORDS:
            if f"{word}_en" in told:
                told |= {f"{word}_zh": told[word], word: told[f"{word}_en"]}
    return told
