"""`@subwarden.test`: an `async def` test becomes a plain one, which explores it. Works with fixtures, parametrize, `@given` and xdist."""

import functools
import inspect
import os
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from typing import Any, overload
from unittest import IsolatedAsyncioTestCase, SkipTest

from subwarden.stateful_tests.explore import fixtures
from subwarden.stateful_tests.explore.api import OrderName, ScenarioFailed, exploration_of, plan_of
from subwarden.stateful_tests.explore.exploration import Exploring, Plan, explore_scenario
from subwarden.stateful_tests.explore.saved import SavedRuns
from subwarden.stateful_tests.exploring.budget import lasting
from subwarden.stateful_tests.subjects.scenario.scenario import BadScenario, Scenario, scenario_of

SCHEDULES = 300  # of each order, in a test
EXAMPLE = 60  # of each order, for one example of Hypothesis

AsyncTest = Callable[..., Coroutine[Any, Any, None]]


@overload
def test(function: AsyncTest, /) -> Callable[..., None]: ...


@overload
def test(
    *,
    order: OrderName | None = None,
    cancel: bool = False,
    budget: float | None = None,
    schedules: int | None = None,
    seed: int = 0,
    leave: Iterable[str] = (),
) -> Callable[[AsyncTest], Callable[..., None]]: ...


def test(function: Any = None, /, **options: Any) -> Any:
    """Make an `async def` test explore itself: it fails, with the report, if it fails in any schedule.

    The options are those of `subwarden.explore`. A test takes fixtures and parameters as any other, and may be decorated by `@given` as
    well, in either order; each run gets the same values. A run that failed is tried first in the next session.
    """
    if function is None:
        return functools.partial(test, **options)
    inner = getattr(getattr(function, "hypothesis", None), "inner_test", None)
    if inner is not None and inspect.iscoroutinefunction(inner):  # `@given` below: it calls the test that it finds here
        function.hypothesis.inner_test = _explored(inner, options)
        return function
    return _explored(function, options)


test.__test__ = False  # type: ignore[attr-defined]  # pytest would collect it where it is imported by name


def _explored(function: AsyncTest, options: dict[str, Any]) -> Callable[..., None]:
    if not inspect.iscoroutinefunction(function):
        name = getattr(function, "__qualname__", repr(function))
        raise BadScenario(f"@subwarden.test: {name} is not async; write `async def {getattr(function, '__name__', 'test')}`")
    wanted = {"schedules": None, **options}
    budget = wanted.get("budget")
    plan = plan_of(**wanted)

    @functools.wraps(function)
    def explored(*arguments: Any, **keywords: Any) -> None:
        __tracebackhide__ = True
        if arguments and isinstance(arguments[0], IsolatedAsyncioTestCase):
            why = "unittest.IsolatedAsyncioTestCase runs asyncSetUp and clean-ups on a loop of its own"
            raise BadScenario(
                f"@subwarden.test: {function.__qualname__}: {why}; use unittest.TestCase, and await in the test what these await"
            )
        scenario = scenario_in_test(function, arguments, keywords)
        in_example = in_hypothesis()
        sized = plan
        if wanted["schedules"] is None and budget is None:
            sized = replace(plan, schedules=EXAMPLE if in_example else SCHEDULES)
        search = _alone if in_example else _with_saved  # Hypothesis keeps its own failing examples
        try:
            exploring = search(scenario, sized, budget)
        except BadScenario as error:  # its line says all, also where
            raise BadScenario(*error.args) from None
        if exploring.record["stopped"]:  # Ctrl-C is for pytest, too; a run that failed is saved
            raise KeyboardInterrupt
        if exploring.record["verdict"] != "holds":
            raise ScenarioFailed(exploration_of(exploring)) from None

    del explored.__wrapped__  # pytest and its plugins would find the async function, and run that
    explored.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]  # the names of its fixtures
    explored.subwarden_scenario = function  # type: ignore[attr-defined]  # for `subwarden explore FILE.py:test_name`
    return explored


def scenario_in_test(function: AsyncTest, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> Scenario:
    """The scenario that the test `function` is, with these arguments and the fixtures of the test that pytest runs. Raises BadScenario and
    SkipTest.
    """
    scenario = scenario_of(function, arguments, keywords)
    made = fixtures.current()
    if made is None:
        return scenario
    if made.skip:
        raise SkipTest(made.skip)
    return made.around(scenario, function, arguments, keywords)


def _alone(scenario: Scenario, plan: Plan, budget: float | None) -> Exploring:
    return explore_scenario(scenario, plan, lasting(budget))


def _with_saved(scenario: Scenario, plan: Plan, budget: float | None) -> Exploring:
    saved = SavedRuns(os.environ.get("PYTEST_CURRENT_TEST", scenario.name).partition(" (")[0])
    exploring = explore_scenario(scenario, replace(plan, first=tuple(saved.runs())), lasting(budget))
    saved.update(exploring)
    return exploring


def in_hypothesis() -> bool:
    """Whether Hypothesis calls, for one of its examples."""
    from hypothesis import currently_in_test_context  # noqa: PLC0415  # only a test that runs needs it

    return currently_in_test_context()
