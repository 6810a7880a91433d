"""`bucket`: a fixed share of members, by a hash of their number and a salt."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shuke.ground.mirror import quote
from shuke.insight.grammar.policy.plans import Part, Plan, Scan
from shuke.insight.grammar.policy.rules import BadRule, Leaf, fields, leaf

if TYPE_CHECKING:
    from shuke.ground.mirror import Moment, Registry
    from shuke.insight.grammar.policy.world import World

CODE = "bucket"
NAME = ("随机分组", "Random share")
SIZE = 10_000
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["bucket"],
    "properties": {
        "bucket": {
            "type": "object",
            "required": ["salt", "from", "to"],
            "properties": {
                "salt": {"type": "string", "title": "Salt", "x-zh": "盐", "minLength": 1},
                "from": {"type": "integer", "title": "From", "x-zh": "从", "minimum": 0, "maximum": SIZE},
                "to": {"type": "integer", "title": "To", "x-zh": "到", "minimum": 0, "maximum": SIZE},
            },
        }
    },
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """Of 10,000 places by salt: those from `first`, before `end`."""

    salt: str
    first: int
    end: int


def parse(node: dict[str, Any], path: str, _: Registry) -> Leaf:
    """A condition from JSON, or a refusal with its path."""
    fields(node, path, {"bucket"}, set())
    raw = node["bucket"]
    if not isinstance(raw, dict):
        raise BadRule(f"{path}.bucket", "分组写得不对。", "The share is not right.", "wrong_type")
    fields(raw, f"{path}.bucket", {"salt", "from", "to"}, set())
    salt, first, end = raw["salt"], raw["from"], raw["to"]
    whole = all(isinstance(edge, int) and not isinstance(edge, bool) for edge in (first, end))
    if not isinstance(salt, str) or not salt or not whole or not 0 <= first < end <= SIZE:
        raise BadRule(
            f"{path}.bucket", "分组要有盐，范围在 0 到 10000 之间。", "A share needs a salt, and 0 ≤ from < to ≤ 10,000.",
            "wrong_value",
        )  # fmt: skip
    return leaf(CODE, {"bucket": raw}, Bucket(salt, first, end), path)


def place(salt: str, member: int) -> int:
    """Where a member stands, 0 to 9,999; the same for ever, whatever the segment is called."""
    digest = hashlib.sha256(f"{salt}:{member}".encode()).digest()
    return int.from_bytes(digest[:8], "little") % SIZE


def plan(leaf_: Leaf, moment: Moment, _: Registry) -> Plan:
    """How the engine answers it."""
    bucket: Bucket = leaf_.params
    hashed = (
        f"reinterpretAsUInt64(substring(SHA256(concat({quote(bucket.salt + ':')}, toString(member))), 1, 8)) % {SIZE}"
    )
    test = f"({hashed}) >= {bucket.first} AND ({hashed}) < {bucket.end}"
    scan = Scan("members", (f"merchant = {moment.merchant_id}",))
    return Plan((Part(scan, (), (lambda _: "count()",)),), test.replace("{", "{{").replace("}", "}}"))


def holding(leaf_: Leaf, moment: Moment, _: Registry, world: World) -> set[int]:
    """The same in plain Python."""
    bucket: Bucket = leaf_.params
    return {m for m in world.population(moment) if bucket.first <= place(bucket.salt, m) < bucket.end}


def sentence(leaf_: Leaf) -> tuple[str, str]:
    """As an operator would say it."""
    bucket: Bucket = leaf_.params
    share = (bucket.end - bucket.first) / 100
    return f"随机 {share:g}%(「{bucket.salt}」)", f'a random {share:g}% ("{bucket.salt}")'
