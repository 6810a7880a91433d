"""Verbs of playbooks."""

from shuke.outreach.playbooks.actions.installing import install, remove

__all__ = ["install", "remove"]
