"""The core level: checks any subscription manager, through a small adapter, against `model.core.step`."""
