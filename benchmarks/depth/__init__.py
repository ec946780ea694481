"""How soon a search finds what is known to be wrong."""
