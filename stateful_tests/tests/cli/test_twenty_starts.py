"""Twenty starts of a gate, each in another environment, end with the same verdict and the same findings.

The subject's rooms are sets of strings: without a pinned hash, their order would decide whether its defect shows. An environment that
names a hash is obeyed, so that the smallest run may begin in another order there; where the hash is the same, the whole run is, if one
worker stops at the first finding: of two, the faster one decides.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random
from shutil import copy
from typing import Any

import pytest

from subwarden.stateful_tests.tests.paths import DATA

STARTS = 20
HASHES = (None, "random", "0", "1", "7", "4294967295")
CHOICES = {
    "LANG": ("C", "C.UTF-8", "de_DE.ISO-8859-1"),
    "TZ": ("UTC", "Asia/Tokyo"),
    "COLUMNS": ("40", "80", "300"),
    "HOME": ("/nowhere", "/"),
    "PYTHONUNBUFFERED": ("", "1"),
    "PYTHONOPTIMIZE": ("", "1"),
    "NO_COLOR": ("", "1"),
}


def environment(number: int) -> dict[str, str]:
    """The environment of a start: little but the paths, and the rest at random."""
    random = Random(number)
    chosen = {name: random.choice(values) for name, values in CHOICES.items()}
    chosen |= {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    chosen |= {f"NOISE_{at}": "x" * random.randrange(1_000) for at in range(random.randrange(30))}  # moves what lies in memory
    hashes = random.choice(HASHES)
    return chosen if hashes is None else {**chosen, "PYTHONHASHSEED": hashes}


def start(number: int, folder: Path) -> tuple[Any, ...]:
    folder.mkdir()
    for name in ("hub.py", "adapter.py"):
        copy(DATA / "hub" / name, folder)
    gate = ("gate", "--subject", "adapter.py:Adapter", "--profile", "dev", "--seed", "0", "-x", "--quiet", "--json", "run.json")
    jobs = 1 + number % 2
    command = [sys.executable, "-m", "subwarden", *gate, "--jobs", str(jobs)]
    done = subprocess.run(command, cwd=folder, env=environment(number), capture_output=True, timeout=300, check=False)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    found = tuple((each["id"], each["order"], tuple(sorted(each["operations"]))) for each in record["findings"])
    return (
        record["hash_seed"],
        (done.returncode, record["verdict"], found),
        tuple(each["replay"] for each in record["findings"] if jobs == 1),
    )


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_every_start_has_the_same_verdict_and_findings(tmp_path: Path) -> None:
    starts = [start(number, tmp_path / str(number)) for number in range(STARTS)]
    (only,) = {said for _, said, _ in starts}
    assert (only[:2], len(only[2])) == ((1, "violated"), 1)
    runs = {(hashed, replays) for hashed, _, replays in starts if replays}
    assert len(runs) == len({hashed for hashed, _ in runs}) > 1
