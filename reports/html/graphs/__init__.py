"""Graphs on pages: laid out with networkx, drawn as SVG."""
