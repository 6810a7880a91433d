"""What this room does: fits models to a merchant's history, and scores its members."""
