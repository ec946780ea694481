"""The parts of records of processes that only pictures need."""
