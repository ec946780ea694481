"""The core level: anybody's subscription manager, through a small adapter, played against `model.core.step`."""
