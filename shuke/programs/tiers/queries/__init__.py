"""Questions about ladders, standings and gifts."""
