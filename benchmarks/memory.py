"""The growth of memory in a hunt of the manager and in a gate of an adapter: the resident memory of all processes, every ten seconds, and
its slope. Bar: 1% an hour.

Runs at low priority. The first fifth of the samples is left out, while bounded caches (programs, states, digests, codes) still fill. Needs
/proc.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import linear_regression, mean
from time import monotonic, sleep

EVERY = 10.0  # seconds
WARM_UP = 0.2  # of the samples
MIB = 1 << 20
ADAPTER = "examples/pubsub.py:Adapter"
PAGE = os.sysconf("SC_PAGE_SIZE")

Sample = tuple[float, dict[int, int]]  # seconds since the start, and the bytes of each process


def main(minutes: float = 10.0) -> list[str]:
    """Hunt, and then check an adapter, for `minutes` each. Returns the lines of a table: the memory of each process and its slope."""
    if not Path("/proc/self/statm").exists():
        return ["memory is read from /proc, which this system does not have"]
    budget = ["--budget", f"{minutes * 60:.0f}"]
    with tempfile.TemporaryDirectory() as folder:
        hunt = _measured(["hunt", "--subject", "manager", *budget, "--jobs", "2", "--dir", str(Path(folder, "hunt"))], minutes)
        gate = _measured(["gate", "--subject", ADAPTER, *budget, "--jobs", "1", "-q"], minutes)
    return ["hunt, manager", *hunt, "", f"gate, {ADAPTER}", *gate]


def _measured(arguments: list[str], minutes: float) -> list[str]:
    command = ["nice", "-n", "10", sys.executable, "-c", "from subwarden.cli.main import entry; entry()", *arguments]
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            samples = _watch(process, minutes * 60)
        finally:
            process.terminate()  # it ends its workers then
            process.wait()
        out.seek(0)
        return [*_table(samples), *out.read().splitlines()[-4:]]


def _watch(process: "subprocess.Popen[bytes]", seconds: float) -> list[Sample]:
    began, samples = monotonic(), list[Sample]()
    while process.poll() is None:
        now = monotonic() - began
        if EVERY <= now < seconds:
            command = next(iter(_children(process.pid)), process.pid)  # the copy of the process that is watched over (`processes.watcher`)
            samples.append((now, {pid: _resident(pid) for pid in (command, *_children(command))}))
        sleep(EVERY)
    return samples


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except OSError:  # it has just ended
        return 0


def _table(samples: list[Sample]) -> list[str]:
    kept = samples[int(len(samples) * WARM_UP) :]
    if len(kept) < 3:
        return [f"only {len(samples)} samples: too few to tell a slope; take more minutes"]
    hours = [at / 3600 for at, _ in kept]
    everyone = sorted({pid for _, of in kept for pid in of})
    rows = {f"process {number}": [of.get(pid, 0) / MIB for _, of in kept] for number, pid in enumerate(everyone)}
    rows["all"] = [sum(of.values()) / MIB for _, of in kept]
    lines = [
        f"{len(kept)} samples from {kept[0][0]:.0f} s to {kept[-1][0]:.0f} s",
        f"{'':12}{'first MiB':>12}{'last':>10}{'most':>10}{'MiB/h':>10}{'%/h':>8}",
    ]
    for name, sizes in rows.items():
        slope = linear_regression(hours, sizes).slope
        lines.append(f"{name:12}{sizes[0]:12.1f}{sizes[-1]:10.1f}{max(sizes):10.1f}{slope:10.2f}{100 * slope / mean(sizes):8.2f}")
    return lines
