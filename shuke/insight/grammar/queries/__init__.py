"""Questions to the mirror by rule; never writes."""
