"""subwarden: a formal model and property-test harness for asyncio subscription managers.

What is named here is the public API. Importing it costs nothing: the harness is loaded by the first use.

    import subwarden

    report = subwarden.holds(Adapter)      # raises subwarden.DoesNotHold, with the report, if it does not
    found = subwarden.explore(scenario)    # any `async def`, under many schedules
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subwarden.checking.scenario.judge import always as always
    from subwarden.checking.scenario.judge import sometimes as sometimes
    from subwarden.model import custom as parts
    from subwarden.stateful_tests.explore.api import Exploration as Exploration
    from subwarden.stateful_tests.explore.api import ScenarioFailed as ScenarioFailed
    from subwarden.stateful_tests.explore.api import explore as explore
    from subwarden.stateful_tests.explore.decorator import test as test
    from subwarden.stateful_tests.explore.once import WaitsForEver as WaitsForEver
    from subwarden.stateful_tests.explore.once import run as run
    from subwarden.stateful_tests.fixture.api import DoesNotHold as DoesNotHold
    from subwarden.stateful_tests.fixture.api import Report as Report
    from subwarden.stateful_tests.fixture.api import holds as holds
    from subwarden.stateful_tests.fixture.api import replay as replay
    from subwarden.stateful_tests.subjects.core.environment import Environment as Env
    from subwarden.stateful_tests.subjects.scenario.scenario import BadScenario as BadScenario
    from subwarden.world.answers import answers_later as answers_later
    from subwarden.world.asgi.application import Application as asgi
    from subwarden.world.asgi.fresh import application as fresh
    from subwarden.world.decisions import choose as choose
    from subwarden.world.decisions import may_cancel as may_cancel
    from subwarden.world.decisions import may_fail as may_fail
    from subwarden.world.hubs.clients import Clients as Clients
    from subwarden.world.hubs.clients import ClientsInTurn as ClientsInTurn
    from subwarden.world.hubs.in_process import AsgiHub as AsgiHub
    from subwarden.world.hubs.over_network import SocketHub as SocketHub
    from subwarden.world.network.control import network as network

__all__ = [
    "AsgiHub",
    "BadScenario",
    "Clients",
    "ClientsInTurn",
    "DoesNotHold",
    "Env",
    "Exploration",
    "Report",
    "ScenarioFailed",
    "SocketHub",
    "WaitsForEver",
    "__version__",
    "always",
    "answers_later",
    "asgi",
    "choose",
    "explore",
    "fresh",
    "holds",
    "may_cancel",
    "may_fail",
    "network",
    "parts",
    "replay",
    "run",
    "sometimes",
    "test",
]

_API = "subwarden.stateful_tests.fixture.api"
_EXPLORE = "subwarden.stateful_tests.explore.api"
_JUDGE = "subwarden.checking.scenario.judge"
_WORLD = "subwarden.world.decisions"
_FOUND_IN = {
    "AsgiHub": ("subwarden.world.hubs.in_process", "AsgiHub"),
    "BadScenario": ("subwarden.stateful_tests.subjects.scenario.scenario", "BadScenario"),
    "Clients": ("subwarden.world.hubs.clients", "Clients"),
    "ClientsInTurn": ("subwarden.world.hubs.clients", "ClientsInTurn"),
    "DoesNotHold": (_API, "DoesNotHold"),
    "Env": ("subwarden.stateful_tests.subjects.core.environment", "Environment"),
    "Exploration": (_EXPLORE, "Exploration"),
    "Report": (_API, "Report"),
    "ScenarioFailed": (_EXPLORE, "ScenarioFailed"),
    "SocketHub": ("subwarden.world.hubs.over_network", "SocketHub"),
    "WaitsForEver": ("subwarden.stateful_tests.explore.once", "WaitsForEver"),
    "always": (_JUDGE, "always"),
    "answers_later": ("subwarden.world.answers", "answers_later"),
    "asgi": ("subwarden.world.asgi.application", "Application"),
    "choose": (_WORLD, "choose"),
    "explore": (_EXPLORE, "explore"),
    "fresh": ("subwarden.world.asgi.fresh", "application"),
    "holds": (_API, "holds"),
    "may_cancel": (_WORLD, "may_cancel"),
    "may_fail": (_WORLD, "may_fail"),
    "network": ("subwarden.world.network.control", "network"),
    "parts": ("subwarden.model.custom", ""),  # the module itself
    "replay": (_API, "replay"),
    "run": ("subwarden.stateful_tests.explore.once", "run"),
    "sometimes": (_JUDGE, "sometimes"),
    "test": ("subwarden.stateful_tests.explore.decorator", "test"),
}


def __getattr__(name: str) -> Any:
    """Load what is asked for."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415  # a tenth of the time that the import may take

        return version("subwarden")
    if name not in _FOUND_IN:
        raise AttributeError(f"module 'subwarden' has no attribute {name!r}")
    module, attribute = _FOUND_IN[name]
    loaded = import_module(module)
    found = globals()[name] = getattr(loaded, attribute) if attribute else loaded
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
