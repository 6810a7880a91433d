"""Accounts as people and shops read them: balances, movements and lots, by the console and the API."""
