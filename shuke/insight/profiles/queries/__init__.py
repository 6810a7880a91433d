"""Questions about members' purchases and about what models said of them; never writes."""
