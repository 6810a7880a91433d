"""Verbs of ladders: shape them, write standings down, count again, pay gifts."""
