"""Judges a run of a scenario, which has no model: what any asyncio program must keep, and what the scenario asks for."""
