"""Bitmaps of member numbers as the engine writes them."""

from __future__ import annotations

from array import array

from pyroaring import BitMap


def read_bitmaps(answer: bytes) -> list[BitMap]:
    """All bitmaps of one row in RowBinary. Small ones are a count and plain numbers, large ones a length and a roaring bitmap."""
    found: list[BitMap] = []
    at = 0
    while at < len(answer):
        large, at = answer[at], at + 1
        if large:
            length, at = _length(answer, at)
            found.append(BitMap.deserialize(answer[at : at + length]))
        else:
            count, at = answer[at], at + 1
            length = 4 * count
            found.append(BitMap(array("I", answer[at : at + length])))
        at += length
    return found


def _length(answer: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = answer[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
