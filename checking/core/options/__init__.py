"""Judges runs by the options of the core model, each in a file of its own. A subject without options never meets this folder."""
