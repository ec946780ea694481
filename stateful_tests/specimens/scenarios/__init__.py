"""Scenarios as users write them: correct ones, which must hold under every schedule, and ones with a planted fault."""
