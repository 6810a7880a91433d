"""Questions about check-in and missions."""
