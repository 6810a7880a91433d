"""The verbs of intake."""
