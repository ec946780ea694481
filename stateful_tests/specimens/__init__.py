"""The inputs and oracles of tests and benchmarks: races, planted defects, random histories, TLC. Not in the wheel."""
