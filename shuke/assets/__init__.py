"""What a member holds."""
