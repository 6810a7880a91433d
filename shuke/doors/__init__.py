"""How the outside gets in: wiring, command line, servers and screens made of several rooms."""
