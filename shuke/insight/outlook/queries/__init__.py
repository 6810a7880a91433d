"""Questions about segments across time and beside each other; never writes."""
