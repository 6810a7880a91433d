"""What reader and writer share: operators, words that mean something, and how names are written."""

from __future__ import annotations

import re
from typing import Any

import msgspec

OPS = {
    "eq": "=", "ne": "!=", "ne_or_missing": "!=?", "in": "in", "not_in": "not in", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
    "between": "between", "contains": "contains", "starts_with": "starts with", "exists": "exists", "missing": "missing",
    "anniversary_within": "anniversary within",
}  # fmt: skip
BARE = {"exists", "missing"}
RESERVED = {
    "all", "any", "not", "and", "or", "did", "sequence", "then", "top", "bottom", "by", "among", "segment", "list", "tag",
    "bucket", "where", "last", "from", "to", "since", "until", "within", "after", "first", "during", "same", "mode", "of", "ago",
    "in", "between", "contains", "starts", "with", "exists", "missing", "anniversary", "true", "false", "null",
}  # fmt: skip
LENGTH = re.compile(r"^[1-9]\d{0,4}[mhdw]$")
_NAME = re.compile(r"^[^\W\d][\w.]*$")


def named(name: Any) -> str:
    """A name as it stands in a text: plain, or in backticks where it could be taken for something else."""
    text = str(name)
    return text if _NAME.match(text) and text not in RESERVED else f"`{text.replace('`', '``')}`"


def literal(value: Any) -> str:
    """A value: JSON, and `30d ago`."""
    if isinstance(value, dict) and set(value) == {"ago"} and LENGTH.match(str(value["ago"])):
        return f"{value['ago']} ago"
    if isinstance(value, list):
        return f"[{', '.join(literal(item) for item in value)}]"
    return msgspec.json.encode(value).decode()
