"""Questions about tags."""
