"""How we reach members."""
