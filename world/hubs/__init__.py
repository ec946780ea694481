"""Adapters of the core model for servers that are seen from outside, by their clients alone: in process, and over the network."""
