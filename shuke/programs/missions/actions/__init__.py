"""Verbs of check-in and missions."""
