"""The claims about the split lock, each with its measurement and whether it holds."""

import gc
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from subwarden.benchmarks.peers import BARE, CHECKED, IN_PYTEST
from subwarden.benchmarks.peers.environment import ROOT
from subwarden.benchmarks.peers.workloads import BUGGY, CROWDED, FIXED, MANAGER, SUSPENDING
from subwarden.checking.finding import Finding
from subwarden.reports.gate import write_finding
from subwarden.reports.layout.console import console_for
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import run
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.state_search.search import StateSearch
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.scheduling.strategies.strategy import Redundant
from subwarden.stateful_tests.exploring.findings.investigate import investigate
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.record import finding_record
from subwarden.stateful_tests.specimens.races import split_lock_shown as subject
from subwarden.stateful_tests.specimens.races.split_lock import CALLS, SplitLock
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram

SEEDS = 25
FAR = ("simloop", "simloom", "frontrun")  # those that were a hundred times slower when the goal was set; `peers.scenarios` has the others
NAME = "stateful_tests/specimens/races/split_lock_shown.py:ShownSplitLock"


def prove() -> tuple[int, float]:
    """The runs and processor seconds of a search of states on the fixed program, where acquiring a free lock does not suspend."""
    began = time.process_time()
    with controlled_locks():
        strategy = StateSearch()
        while not strategy.complete:
            loop = ControlledLoop()
            with loop.entered():
                choose = strategy.begin(LoopCandidates(loop, Order.ANY))
                assert choose is not None
                manager = SplitLock(fixed=True)
                for number, call in enumerate(CALLS):
                    loop.create_task(call(manager), name=f"task {number}")
                try:
                    _, choices, steps = run(loop, Order.ANY, choose, None, every_choice=strategy.every_choice)
                except Redundant:
                    choices, steps = [], 0
                else:
                    assert not manager.phantoms()
                strategy.end(choices, steps)
            loop.abandon()
    return strategy.runs, time.process_time() - began


def shrunk(seed: int) -> tuple[Finding[ManagerProgram], float]:
    """The finding of the first failure of the crowded program, and the seconds to confirm and shrink it."""
    runner, strategy = Runner(MANAGER_LEVEL, subject.ShownSplitLock, Order.ANY), Portfolio(Random(seed))
    with running():
        while True:
            result = runner.run_strategy(subject.CROWDED, strategy)
            assert result is not None
            if result.violations:
                break
        began = time.perf_counter()
        names = runner.record(subject.CROWDED, lambda _candidates: fixed(result.choices))[1]
        finding = investigate(runner, next(iter(result.violations)), subject.CROWDED, names)
        return finding, time.perf_counter() - began


def switches(finding: Finding[ManagerProgram]) -> int:
    """The number of context switches, the first step included."""
    steps = [name for name in finding.names if not name.startswith("+")]
    return sum(name != before for name, before in zip(steps, [None, *steps], strict=False))


def _report(finding: Finding[ManagerProgram]) -> str:
    out = StringIO()
    with running():
        record = finding_record(NAME, finding)
    write_finding(record, console_for(out))
    return out.getvalue()


TOLD = {  # part of a report -> a text that the report must contain
    "the tasks": ("A  ", "B  "),
    "file and line": ("split_lock:",),
    "the lock": ("takes doors", "takes seats"),
    "the conflict": ("+ c1 on t1",),
    "expected and actual": ("connection that is not live", "returns yes"),
}


def _replays(report: str) -> bool:
    """Whether the command on the report's line that starts with this text reproduces the finding."""
    line = report.partition("replay: subwarden ")[2].splitlines()[0]
    told = subprocess.run(
        [Path(sys.executable).with_name("subwarden"), *line.split()], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.returncode == 1 and "a connection that is not live is subscribed" in told.stdout


def _schedules(answers: list[dict[str, Any]]) -> float:
    """The median number of schedules until the program failed."""
    return median(LIMITLESS if answer["schedules"] is None else answer["schedules"] for answer in answers)


def judge(rated: dict[str, dict[str, list[float]]], found: dict[tuple[str, str], list[dict[str, Any]]]) -> list[str]:
    """A line of Markdown for each claim."""
    lines = ["| claim | measured | holds |", "|---|---|---|"]

    def claim(text: str, measured: str, holds: bool) -> None:
        lines.append(f"| {text} | {measured} | {'yes' if holds else 'NO'} |")

    for workload, base in ((SUSPENDING, "with locks that suspend too"), (FIXED, ""), (MANAGER, "")):
        ratio = median(a / b for a, b in zip(rated[workload][CHECKED], rated[workload][BARE], strict=True))
        claim(f"every step checked: half the bare loop {base} or more ({workload})", f"{ratio:.2f}", ratio >= 0.5)
    for peer in (name for name in rated[FIXED] if name.removesuffix(IN_PYTEST) in FAR):
        times = median(a / b for a, b in zip(rated[FIXED][CHECKED], rated[FIXED][peer], strict=True))
        claim(f"every step checked: 100 times {peer} or more ({FIXED})", f"{times:,.0f} times", times >= 100)
    for workload, most in ((BUGGY, 10), (CROWDED, 25)):
        answers = found[CHECKED, workload]
        schedules = _schedules(answers)
        ms = 1000 * median(a["seconds"] for a in answers)
        claim(f"{workload}: found within {most} schedules", f"{schedules:g}", schedules <= most)
        if workload == BUGGY:
            claim(f"{workload}: found within 10 ms", f"{ms:.1f} ms", ms <= 10)
    gc.freeze()
    proofs = [prove() for _ in range(5)]
    seconds = median(seconds for _, seconds in proofs)
    claim("the fixed one proved in less than 0.1 s", f"{1000 * seconds:.0f} ms", seconds < 0.1)
    claim("having explored near 192 runs", f"{proofs[0][0]}", proofs[0][0] <= 240)
    made = [shrunk(seed) for seed in range(SEEDS)]
    size = median(finding.size[0] for finding, _ in made), median(switches(finding) for finding, _ in made)
    claim("shrunk to 2 operations", f"{size[0]:g}", size[0] <= 2)
    claim("and 3 switches", f"{size[1]:g}", size[1] <= 3)
    claim("in less than a second", f"{1000 * median(s for _, s in made):.0f} ms", median(s for _, s in made) < 1)
    report = _report(made[0][0])
    for what, marks in TOLD.items():
        claim(f"the report names {what}", ", ".join(f"`{mark.strip()}`" for mark in marks), all(mark in report for mark in marks))
    claim("its replay line shows the same again", "exit code 1", _replays(report))
    return lines


LIMITLESS = float("inf")
