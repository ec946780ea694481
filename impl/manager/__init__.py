"""The managers: ours, the source document's, and the design before it."""
