"""How much a sample says of everybody."""
