"""How members earn, rise and spend."""
