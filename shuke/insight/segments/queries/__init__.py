"""Questions about segments; never writes."""
