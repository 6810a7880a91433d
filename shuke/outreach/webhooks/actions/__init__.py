"""Verbs of webhooks: their wording, noting what is to be told, and telling it."""
