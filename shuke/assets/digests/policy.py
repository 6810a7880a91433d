"""What a day's digest is taken over; pure."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from typing import NamedTuple

FORM = "shuke digest 1"
_LINE = re.compile(r"^\s*\"?(\d{4}-\d{2}-\d{2})\"?\s*[,;\t ].*?\"?\b([0-9a-fA-F]{64})\"?\s*$")


class Day(NamedTuple):
    """One business date of the chain: the links after number `after_seq` up to `seq`, their entries and what these add to
    the wallet of points; `head` is the chain's hash at its end, `previous` the digest of the day before."""

    day: date
    after_seq: int
    seq: int
    links: int
    entries: int
    points: int
    head: bytes
    previous: bytes


def digest_of(day: Day) -> bytes:
    """sha256 over the lines of a day. The head contains everything before it, so that one digest vouches for all history."""
    lines = (
        FORM, day.day.isoformat(), day.previous.hex(), str(day.after_seq), str(day.seq), str(day.links), str(day.entries),
        str(day.points), day.head.hex(),
    )  # fmt: skip
    return hashlib.sha256("\n".join(lines).encode()).digest()


def kept(text: str) -> dict[date, str]:
    """The digests that somebody kept: lines that begin with a date and end with 64 hexadecimal digits, as in our file."""
    found = {}
    for line in text.splitlines():
        read = _LINE.match(line)
        if read is not None:
            found[date.fromisoformat(read[1])] = read[2].lower()
    return found
