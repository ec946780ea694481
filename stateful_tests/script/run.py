"""Writes the script of a fifo finding and runs it on the stock event loop, in its own process, before a report says that it fails there."""

import os
import subprocess
import sys
from functools import cache
from typing import Any

from subwarden.reports.records.finding import ScriptRecord
from subwarden.reports.script.driver import HOLDS
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.findings.claimant import Claimant, NoScript
from subwarden.stateful_tests.exploring.findings.investigate import patience
from subwarden.stateful_tests.exploring.level import Factory, FailingRun, Level
from subwarden.stateful_tests.exploring.runner import Runner, running

SOUND = "the script does not fail on the stock event loop"
LONGEST = 200  # characters of its reason
LIMIT = 20.0  # seconds of wall clock; the script of a step that blocks gives up after 5


NOTHING: ScriptRecord = {"plain": None, "script": None, "script_confirmed": None, "script_doubt": None}


def claimant_of(level: Level, run: FailingRun) -> Claimant | None:
    """The claimant that a script of `run` needs. None in the order `any`: stock asyncio promises nothing there."""
    return level.claimant(run) if run.order is Order.FIFO else None


def scripted(level: Level, record: dict[str, Any], subject: str, factory: Factory, run: FailingRun) -> ScriptRecord:
    """Follow `run`, and return what `script_of` makes of it. Raises Divergence."""
    claimant = claimant_of(level, run)
    if claimant is not None:
        with running(), patience(run.cause):
            Runner(level, factory, run.order).follow(run.program, run.names, [claimant])
    return script_of(level, record, subject, claimant)


def script_of(level: Level, record: dict[str, Any], subject: str, claimant: Claimant | None) -> ScriptRecord:
    """A finding's `ScriptRecord`. `record` is the rest of the finding's record; `claimant` has heard of the run, and is None
    in the order `any`, where there is no script. The script is run, which takes up to `LIMIT` seconds.
    """
    if claimant is None:
        return NOTHING
    try:
        plain = claimant.plain(subject)
    except NoScript as reason:
        return {**NOTHING, "script_confirmed": False, "script_doubt": str(reason)}
    script = level.write_script({**record, "plain": plain})
    wrong = doubt(script, f"{record['property']} {record['title']}: {record['said']}", prints="printed" in record)
    return {"plain": plain, "script": script, "script_confirmed": wrong is None, "script_doubt": wrong}


@cache  # a hunt records the same finding more than once
def doubt(script: str, expected: str, *, prints: bool = False) -> str | None:
    """Run `script`. None if it fails with exit code 1 and one line that begins with `expected`; else the difference, in words. Lines
    before are the subject's own where it `prints`.
    """
    path = os.pathsep.join([os.getcwd(), *sys.path[1:]])  # what the subject was imported from
    try:
        done = subprocess.run(
            [sys.executable, "-"],
            input=script,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
            env={**os.environ, "PYTHONPATH": path},
        )
    except subprocess.TimeoutExpired:
        return f"the script did not end within {LIMIT:.0f} s"
    lines = done.stderr.splitlines()
    if done.returncode == 0:
        why = done.stdout.rstrip().rpartition("\n")[2].partition(f"{HOLDS}: ")[2]
        return f"{SOUND}: {why:.{LONGEST}}" if why else SOUND
    told = lines[-1:] if prints else lines
    if done.returncode != 1 or len(told) != 1 or not told[0].startswith(expected.replace('"', "'")):
        return f"the script ends with exit code {done.returncode}: {lines[-1] if lines else 'no word'}"
    return None
