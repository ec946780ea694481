"""The gain of a second process: the same hunt with one worker and with two, in turns. Bar: 1.7 times the steps per second.

It compares steps per second of wall time over whole hunts, from the command's start to its end, so the workers' shared costs (their start,
their reports, the folder on disk) count. A worker draws its own programs, and programs differ in cost: so there are several pairs, each
with another seed, and the result is the median of their ratios. The result is valid only if two cores are free: each pair comes with the
load average before it.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
PAIRS = 5
BUDGET = 15  # seconds of each hunt


def hunt(jobs: int, seed: int) -> float:
    """Steps per second of one hunt of the default subject."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "hunt.json"
        command = [str(Path(sys.executable).with_name("subwarden")), "hunt", "--order", "any", "--budget", str(BUDGET)]
        command += ["--jobs", str(jobs), "--seed", str(seed), "--dir", folder, "--json", str(record)]
        began = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - began
        if done.returncode not in (0, 2):  # 2: inconclusive, since so short a hunt cannot reach full coverage
            raise RuntimeError(done.stderr)
        steps: int = json.loads(record.read_text(encoding="utf-8"))["steps"]
        return steps / seconds


def main() -> Iterator[str]:
    """A line for each pair, and the median."""
    yield f"{os.cpu_count()} cores; {PAIRS} pairs of hunts of {BUDGET} s"
    yield "| seed | load average before | 1 worker, steps/s | 2 workers, steps/s | ratio |"
    yield "|---|---|---|---|---|"
    ratios = []
    for seed in range(PAIRS):
        load = os.getloadavg()[0]
        one, two = hunt(1, seed), hunt(2, seed)
        ratios.append(two / one)
        yield f"| {seed} | {load:.1f} | {one:,.0f} | {two:,.0f} | {two / one:.2f} |"
    yield f"median {median(ratios):.2f} times"
