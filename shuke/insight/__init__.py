"""What we know about members."""
