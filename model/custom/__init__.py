"""Ready parts of custom models, so that most models are a few lines. Their public name is `subwarden.parts`."""

from subwarden.model.custom.part import Part, Together
from subwarden.model.custom.parts import Lease, Lock, Pool, Queue, Registry, Retained, Room

__all__ = ["Lease", "Lock", "Part", "Pool", "Queue", "Registry", "Retained", "Room", "Together"]
