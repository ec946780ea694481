"""subwarden: a formal model and property-test harness for asyncio subscription managers.

What is named here is the public API. Importing it costs nothing: the harness is loaded by the first use.

    import subwarden

    report = subwarden.holds(Adapter)   # raises subwarden.DoesNotHold, with the report, if it does not
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subwarden.stateful_tests.fixture.api import DoesNotHold as DoesNotHold
    from subwarden.stateful_tests.fixture.api import Report as Report
    from subwarden.stateful_tests.fixture.api import holds as holds
    from subwarden.stateful_tests.fixture.api import replay as replay
    from subwarden.stateful_tests.subjects.core.environment import Environment as Env

__all__ = ["DoesNotHold", "Env", "Report", "__version__", "holds", "replay"]

_API = "subwarden.stateful_tests.fixture.api"
_FOUND_IN = {
    "DoesNotHold": (_API, "DoesNotHold"),
    "Env": ("subwarden.stateful_tests.subjects.core.environment", "Environment"),
    "Report": (_API, "Report"),
    "holds": (_API, "holds"),
    "replay": (_API, "replay"),
}


def __getattr__(name: str) -> Any:
    """Load what is asked for."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415  # a tenth of the time that the import may take

        return version("subwarden")
    if name not in _FOUND_IN:
        raise AttributeError(f"module 'subwarden' has no attribute {name!r}")
    module, attribute = _FOUND_IN[name]
    found = globals()[name] = getattr(import_module(module), attribute)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
