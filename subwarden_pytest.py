"""The pytest plugin: the fixture `subwarden`, which holds a subscription manager against its model in a test.

    def test_mine(subwarden):
        subwarden.holds(Adapter)

It refuses to cost anything where it is not used: the harness is imported by the first test that asks for it.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase

    from stateful_tests.replay import Replay

PROFILES = ("ci", "dev", "nightly")


def _seconds(text: str) -> float:
    from cli.options import duration  # noqa: PLC0415  # see above

    return duration(text)


def pytest_addoption(parser: pytest.Parser) -> None:
    """--subwarden-profile and --subwarden-budget."""
    group = parser.getgroup("subwarden", "hold subscription managers against their model")
    group.addoption("--subwarden-profile", default="dev", choices=PROFILES, help="how much to do for each manager (default: dev)")
    group.addoption("--subwarden-budget", type=_checked, metavar="SECONDS", help="search this long for each manager instead (90, 10m)")


def _checked(text: str) -> float:
    try:
        return _seconds(text)
    except argparse.ArgumentTypeError as error:
        raise pytest.UsageError(f"--subwarden-budget: {error}") from None


class Subwarden:
    """What the fixture gives: `holds`."""

    def __init__(self, test: str, profile: str, budget: float | None) -> None:
        self._test = test
        self._profile = profile
        self._budget = budget

    def holds(self, factory: Callable[..., Any], *, replays: Sequence[str] = ()) -> None:
        """Fail the test, with the gate's report, unless what `factory` makes holds.

        `factory`: as `subwarden gate --subject` takes it (docs/bring-your-own.md). `replays`: runs that once failed, as strings or files,
        to be tried first. So is what failed here before, as far as Hypothesis's example database keeps it.
        """
        __tracebackhide__ = True
        from reports.text import console_for, write_gate  # noqa: PLC0415  # see above
        from stateful_tests.in_process import hold  # noqa: PLC0415
        from stateful_tests.loading import BadSubject  # noqa: PLC0415
        from stateful_tests.profiles import PROFILES as KNOWN  # noqa: PLC0415
        from stateful_tests.replay import BadReplay, read  # noqa: PLC0415

        saved = Saved(f"{self._test} {getattr(factory, '__qualname__', factory)}")
        try:
            given = [read(text) for text in replays]
            held = hold(_named(factory), factory, KNOWN[self._profile], self._budget, [*given, *saved.runs()])
        except (BadSubject, BadReplay) as error:
            pytest.fail(f"subwarden: {error}", pytrace=False)
        saved.keep(held.found, held.mended)
        if held.record["verdict"] != "holds":
            out = io.StringIO()
            write_gate(held.record, console_for(out), timings=False)
            if held.record["verdict"] == "inconclusive" and self._budget is not None:
                out.write(f"--subwarden-budget {self._budget:g} may be too short to meet everything that is named above\n")
            pytest.fail(out.getvalue(), pytrace=False)


class Saved:
    """What failed in this test before, in the example database that Hypothesis's settings name, if they name one."""

    def __init__(self, test: str) -> None:
        from hypothesis import settings  # noqa: PLC0415  # see above

        default = settings.default
        self._database: ExampleDatabase | None = None if default is None else default.database
        self._key = f"subwarden {test}".encode()

    def runs(self) -> list["Replay"]:
        """Them, in an order that does not depend on the database. What another version wrote is forgotten."""
        from stateful_tests.replay import BadReplay, read  # noqa: PLC0415  # see above

        runs: list[Replay] = []
        for value in sorted(self._database.fetch(self._key)) if self._database is not None else ():
            try:
                runs.append(read(value.decode()))
            except (BadReplay, UnicodeDecodeError):
                assert self._database is not None
                self._database.delete(self._key, value)
        return runs

    def keep(self, found: Iterable["Replay"], mended: Iterable["Replay"]) -> None:
        """Add what failed, and forget what does not fail any more."""
        if self._database is None:
            return
        for replay in mended:
            self._database.delete(self._key, replay.string().encode())
        for replay in found:
            self._database.save(self._key, replay.string().encode())


def _named(factory: Callable[..., Any]) -> str:
    """What `--subject` would take for it, so that the replay line of a finding can be pasted: file:name, from here if it lies below."""
    module = sys.modules.get(getattr(factory, "__module__", ""))
    file = getattr(module, "__file__", None)
    name = getattr(factory, "__qualname__", type(factory).__qualname__)
    if file is None:
        return f"{getattr(factory, '__module__', '?')}:{name}"
    path = os.path.relpath(file)
    return f"{file if path.startswith('..') else Path(path).as_posix()}:{name}"


@pytest.fixture
def subwarden(request: pytest.FixtureRequest) -> Subwarden:
    """`subwarden.holds(Factory)`: see docs/bring-your-own.md."""
    options = request.config.option
    return Subwarden(request.node.nodeid, options.subwarden_profile, options.subwarden_budget)
