"""Answers as the engine writes them: bitmaps of member numbers, columns of numbers."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import numpy as np
from pyroaring import BitMap

if TYPE_CHECKING:
    from collections.abc import Sequence


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


def read_columns(answer: bytes, types: Sequence[str]) -> list[np.ndarray[Any, Any]]:
    """The columns of an answer in Native, all of numbers of these types: blocks of a head, then each column in one piece."""
    found: list[list[np.ndarray[Any, Any]]] = [[np.empty(0, type_)] for type_ in types]
    at = 0
    while at < len(answer):
        _, at = _length(answer, at)
        rows, at = _length(answer, at)
        for column, type_ in zip(found, types, strict=True):
            for _ in ("its name", "its type"):
                length, at = _length(answer, at)
                at += length
            column.append(np.frombuffer(answer, type_, rows, at))
            at += column[-1].nbytes
    return [np.concatenate(column) for column in found]


def _length(answer: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = answer[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
