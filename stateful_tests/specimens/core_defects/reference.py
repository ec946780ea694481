"""The correct manager from which the defects are derived: `examples/pubsub.py`, loaded as a user's file is."""

import importlib.util
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[3] / "examples" / "pubsub.py"

_spec = importlib.util.spec_from_file_location("subwarden_examples_pubsub", FILE)
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)

PubSub: Any = _module.PubSub
Adapter: Any = _module.Adapter
