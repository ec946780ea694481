"""Anybody's manager, held against a model that its adapter brings."""
