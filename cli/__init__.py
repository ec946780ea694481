"""`subwarden`: parsing and progress only, one verb a file."""
