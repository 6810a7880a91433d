"""Decides: who may be referred by whom, what an order changes, what is given, and who stands where on the board."""
