"""Decides: what a check-in gives, and how far a member is with a mission."""
