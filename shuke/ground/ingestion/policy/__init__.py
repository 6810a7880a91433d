"""What an item looks like and what a repeat must match; pure."""
