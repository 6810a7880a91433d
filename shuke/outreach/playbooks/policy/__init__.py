"""What a playbook is, and the audiences that playbooks share."""

from shuke.outreach.playbooks.policy.book import (
    Book, ExampleIn, JourneyIn, MissionIn, RuleIn, SegmentIn, TagIn, Text, points,
)  # fmt: skip

__all__ = ["Book", "ExampleIn", "JourneyIn", "MissionIn", "RuleIn", "SegmentIn", "TagIn", "Text", "points"]
