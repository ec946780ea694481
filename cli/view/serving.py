"""What the explorer's page may ask for: itself, the run after a schedule, and to keep that."""

from http import HTTPStatus
from typing import Any, get_args

from subwarden.cli.view.server import Refused
from subwarden.scheduling.schedule import Divergence
from subwarden.scheduling.uncontrolled import UncontrolledSource
from subwarden.stateful_tests.runs.replay import MOST_STEPS, BadReplay
from subwarden.stateful_tests.subjects.scenario.scenario import BadScenario
from subwarden.stateful_tests.subjects.watched_load import BadSubject
from subwarden.stateful_tests.walking.walk import CannotSave, Onward, Walk


class Serving:
    """Answers for one walk."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk

    def __call__(self, what: str, data: dict[str, Any]) -> Any:
        """The page as text, or data. Raises Refused."""
        from subwarden.reports.html.graphs.subscription_places import with_places  # noqa: PLC0415  # see `cli.reporting.html`
        from subwarden.reports.html.walk_page import walk_page  # noqa: PLC0415

        try:
            match what:
                case "":
                    return walk_page(self._walk.head, self._walk.at(self._walk.head["recorded"]))
                case "at":
                    return with_places(self._walk.at(_schedule(data), _onward(data)))
                case "save":
                    return self._walk.save(_schedule(data))
        except Divergence as error:
            raise Refused(HTTPStatus.CONFLICT, f"The run cannot go that way now: {error}.") from None
        except (BadReplay, BadScenario, BadSubject, CannotSave, UncontrolledSource) as error:
            raise Refused(HTTPStatus.CONFLICT, str(error)) from None
        raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here")


def _schedule(data: dict[str, Any]) -> list[str]:
    schedule = data.get("schedule")
    if not isinstance(schedule, list) or len(schedule) > MOST_STEPS or not all(isinstance(name, str) for name in schedule):
        raise Refused(HTTPStatus.BAD_REQUEST, f"a schedule is a list of at most {MOST_STEPS:,} names")
    return schedule


def _onward(data: dict[str, Any]) -> Onward:
    onward: Any = data.get("onward", "no")
    if onward not in get_args(Onward):
        raise Refused(HTTPStatus.BAD_REQUEST, f"onward is one of {', '.join(get_args(Onward))}")
    chosen: Onward = onward
    return chosen
