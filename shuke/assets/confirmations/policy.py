"""How confirmations and what became of them are put in words."""

from __future__ import annotations

from typing import Any

from shuke.assets import points
from shuke.kit.kinds import Sentence


def reason(action: str, count: int, by: str) -> dict[str, Any]:
    """Why points became usable, as data."""
    return {"kind": "activate", "action": action, "points": count, "by": by}


def _activated(why: dict[str, Any]) -> Sentence:
    count, action = why["points"], why["action"]
    who = f"（{why['by']}）" if why.get("by") else ""
    by = f" by {why['by']}" if why.get("by") else ""
    return Sentence(
        f"「{action}」已确认{who}，{count} 积分现在可用",
        f"“{action}” was confirmed{by}: {count} points can be used now",
    )


def _lapsed(why: dict[str, Any]) -> Sentence:
    day = str(why.get("earned_at", ""))[:10]
    return Sentence(f"{day} 获得的积分到期没有确认，作废", f"Earned on {day}; nobody confirmed in time, so they lapsed")


points.explained_by({"activate": _activated, "lapse": _lapsed})
