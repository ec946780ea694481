"""The parts of records that only pictures need: the traces of findings, and the graph of a tour."""
