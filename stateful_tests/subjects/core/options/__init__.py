"""What adapters with options of the core model have more: attributes to read, and rules that draw their operations."""
