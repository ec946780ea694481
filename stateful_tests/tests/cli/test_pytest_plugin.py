"""The pytest plugin, as somebody else's project has it: in a process of its own, with a test file of three lines."""

import re
import shutil

import pytest

pytest_plugins = ["pytester"]

MINE = """
class Mine:
    def __init__(self):
        self.live = set()
        self.pairs = set()

    async def connect(self, client):
        self.live.add(client)

    async def subscribe(self, client, topic):
        {asks}
        self.pairs.add((client, topic))
        return True

    def observe(self):
        return set(self.pairs)
"""
SOUND = MINE.format(asks="if client not in self.live: return False")
BROKEN = MINE.format(asks="pass")
CALL = "from mine import Mine\ndef test_mine(subwarden):\n    subwarden.holds(Mine{})\n"
QUICK = """
from dataclasses import replace
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES

PROFILES["dev"] = replace(PROFILES["dev"], examples=20, schedules=15)
"""
ONE = ("-p", "no:randomly", "-p", "no:cacheprovider")


@pytest.fixture(autouse=True)
def _quickly(pytester: pytest.Pytester) -> None:
    """The tests are about the plugin; how much a profile does is held by others."""
    pytester.makeconftest(QUICK)


@pytest.fixture(autouse=True)
def on_somebodys_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where CI is set, Hypothesis keeps no database, and pytest says a failure twice: these tests are of what a developer sees."""
    monkeypatch.delenv("CI", raising=False)


def test_a_sound_manager_passes_in_three_lines_also_on_two_workers(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        mine=SOUND, broken=BROKEN, test_one=CALL.format(""), test_two=CALL.format("").replace("mine import", "broken import")
    )
    pytester.runpytest_subprocess(*ONE, "-n", "2", "--subwarden-profile", "dev").assert_outcomes(passed=1, failed=1)


def test_a_failure_shows_the_gate_s_table_and_is_tried_first_until_it_is_mended(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(mine=BROKEN, test_one=CALL.format(""))
    result = pytester.runpytest_subprocess(*ONE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "P2 no phantom subscriber: a connection that is not live is subscribed",
            "1 operation, order fifo*",
            "*state changes*",
            "replay: subwarden replay sw1-*",
            "subject mine.py:Mine, profile dev: violated (1 finding in * schedules)",
        ]
    )
    (replay,) = re.findall(r"subwarden replay (sw1-\S+)", result.stdout.str())

    def fails_at_once() -> None:
        again = pytester.runpytest_subprocess(*ONE)
        again.assert_outcomes(failed=1)
        again.stdout.fnmatch_lines(["runs tried first*violated*1 * 1 *", "*1 finding in 1 schedules*"])

    fails_at_once()  # it was kept in Hypothesis's example database
    shutil.rmtree(pytester.path / ".hypothesis")
    pytester.makepyfile(test_one=CALL.format(f", replays=[{replay!r}]"))
    fails_at_once()  # it was given
    pytester.makepyfile(mine=SOUND)
    pytester.runpytest_subprocess(*ONE).assert_outcomes(passed=1)
    pytester.makepyfile(mine=BROKEN, test_one=CALL.format(""))
    fresh = pytester.runpytest_subprocess(*ONE)
    fresh.stdout.fnmatch_lines(["runs tried first*0 * 0 *", "core, fifo*violated*"])  # it was forgotten when it did not fail any more


DATABASE = """
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase

settings.register_profile("mine", database={database})
settings.load_profile("mine")
"""
OWN = """
class Model:
    initial, operations = 0, {"enter": (), "leave": ()}
    def step(self, inside, name, arguments):
        return (None, inside + 1) if name == "enter" else (inside > 0, max(inside - 1, 0))

class Mine:
    model = Model
    def __init__(self):
        self.inside = 0
    async def enter(self):
        self.inside += 1
    async def leave(self):
        self.inside -= 1
        return True
"""


def test_the_database_that_hypothesis_is_told_of_is_used_by_workers_too(pytester: pytest.Pytester) -> None:
    """With a manager that brings its own model, since nothing else differs."""
    pytester.makeconftest(QUICK + DATABASE.format(database='DirectoryBasedExampleDatabase("kept")'))
    pytester.makepyfile(mine=OWN, test_one=CALL.format(""), test_two="def test_nothing(): pass")

    def fails() -> pytest.RunResult:
        result = pytester.runpytest_subprocess(*ONE, "-n", "1")
        result.assert_outcomes(failed=1, passed=1)
        return result

    fails().stdout.fnmatch_lines(["P8 last word wins: leave answers what the model does not", "runs tried first*nothing to replay*"])
    assert (pytester.path / "kept").is_dir()
    assert not (pytester.path / ".hypothesis" / "examples").exists()
    fails().stdout.fnmatch_lines(["runs tried first*violated*1 * 1 *", "*1 finding in 1 schedules*"])
    pytester.makeconftest(QUICK + DATABASE.format(database=None))
    fails().stdout.fnmatch_lines(["runs tried first*nothing to replay*"])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("subwarden.holds(int)", "subwarden: subject * its manager has no method connect, subscribe*"),
        ("subwarden.holds(Mine, replays=['sw1-xx'])", "subwarden: the replay string is damaged*"),
    ],
)
def test_what_cannot_be_used_is_one_line(lines: str, said: str, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(mine=SOUND, test_one=f"from mine import Mine\ndef test_mine(subwarden):\n    {lines}\n")
    result = pytester.runpytest_subprocess(*ONE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([said])


def test_a_budget_that_is_none_is_a_usage_error(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess(*ONE, "--subwarden-budget", "soon")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--subwarden-budget: 'soon' is not a duration*"])


def test_a_budget_too_short_to_meet_everything_is_no_pass(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(mine=SOUND, test_one=CALL.format(""))
    result = pytester.runpytest_subprocess(*ONE, "--subwarden-budget", "0.01")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*never fired*", "*: inconclusive*", "--subwarden-budget 0.01 may be too short*"])
