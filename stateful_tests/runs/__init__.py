"""Runs as data: replays, records of findings, the regression corpus."""
