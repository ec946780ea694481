"""How a report is laid out: the width, the table of a run, lines that are too long."""
