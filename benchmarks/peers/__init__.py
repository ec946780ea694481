"""Compares subwarden with its peers: the same programs, on the same Python, in one run. `python -m subwarden.benchmarks peers`.

Each contender has its own process, and they take turns in short rounds, so that other load on the machine hits all alike. Absolute
figures depend on the machine; their ratios do not. Then every claim about the split lock is measured: `benchmarks.peers.claims`.
"""

import json
import os
import platform
import subprocess
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from subwarden.benchmarks.peers.environment import PEERS, ROOT, Environment, package_folder, prepare
from subwarden.benchmarks.peers.workloads import BUGGY, CROWDED, FIXED, MANAGER, SUSPENDING

IN_PYTEST = ", in a pytest test"
CONTENDERS = {
    "bare loop, random": "yardsticks",
    "stock asyncio, fifo": "yardsticks",
    "subwarden, nothing checked": "ours",
    "subwarden, every step checked": "ours",
    "subwarden explore": "explored",
    "Hypothesis alone": "hypothesis_alone",
    **dict.fromkeys(PEERS, "installed"),
    "simloop" + IN_PYTEST: "installed",
    "simloom" + IN_PYTEST: "installed",
}
TEST = "benchmarks/peers/in_pytest.py"
BARE, OURS, CHECKED = "bare loop, random", "subwarden, nothing checked", "subwarden, every step checked"
NEEDED = (BARE, OURS, CHECKED)
SEARCHED = (BUGGY, CROWDED)
ROUNDS, TURN = 9, 0.2  # rounds, and seconds of CPU time for each contender in each
UNSEEDED = ("stock asyncio, fifo", "frontrun")  # their searches are the same for every seed
SEEDS, LIMIT = 100, 2_000
ENOUGH = 10.0  # seconds of searching, after which a slow tool is given no further seed


class Asked:
    """The process of one contender."""

    def __init__(self, environment: Environment, name: str) -> None:
        tool = name.removesuffix(IN_PYTEST)
        answers, fd = os.pipe()
        arguments = [str(fd), CONTENDERS[name], tool]
        command = [str(environment.python), "-m", "subwarden.benchmarks.peers.worker", *arguments]
        if tool != name:
            command = [str(environment.python), "-m", "pytest", "-s", "-c", os.devnull, f"--rootdir={ROOT}", "-p", "no:cacheprovider"]
            command += ["--import-mode=importlib", TEST]
        variables = {**os.environ, "PYTHONPATH": str(package_folder()), "PYTHONHASHSEED": "0", "BENCHMARK_WORKER": ";".join(arguments)}
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=variables,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[fd],
        )
        os.close(fd)
        self.answers = os.fdopen(answers)

    def __call__(self, *question: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
            line = self.answers.readline()
        except BrokenPipeError:
            line = ""
        answer: dict[str, Any] = json.loads(line) if line else {"error": "it ended without an answer"}
        return answer


@contextmanager
def asked(environment: Environment, names: Collection[str] = CONTENDERS) -> Iterator[dict[str, Asked]]:
    """A process for each of these contenders that is installed."""
    contenders = {name: Asked(environment, name) for name in names if name.removesuffix(IN_PYTEST) not in environment.missing}
    try:
        yield contenders
    finally:
        for contender in contenders.values():
            contender.process.kill()
            contender.process.communicate()
            contender.answers.close()


def rates(contenders: dict[str, Asked], workload: str, needed: Collection[str] = NEEDED) -> dict[str, list[float]]:
    """Schedules per second of CPU time, one figure a round, after one warm-up round. Raises RuntimeError if a needed one has none."""
    measured: dict[str, list[float]] = {name: [] for name in contenders}
    failed: dict[str, str] = {}
    for number in range(ROUNDS + 1):
        for name, contender in contenders.items():
            answer = contender("rate", workload, TURN)
            if "error" in answer:
                failed[name] = answer["error"]
            elif number:
                measured[name].append(answer["units"] / answer["seconds"])
    for name, why in failed.items():
        if name in needed:
            raise RuntimeError(f"{name} on {workload}: {why}")
        del measured[name]
    return measured


def rate_table(workload: str, measured: dict[str, list[float]]) -> list[str]:
    """Lines of Markdown: each contender's median rate, and its median ratio to the bare loop."""
    lines = ["", f"| {workload} | schedules/s | ratio to the bare loop |", "|---|---|---|"]
    for name, figures in measured.items():
        ratio = median(a / b for a, b in zip(figures, measured[BARE], strict=True))
        lines.append(f"| {name} | {median(figures):,.0f} | {ratio:.2g} |")
    return lines


def searches(name: str, contender: Asked, workload: str) -> list[dict[str, Any]]:
    """The answers of `find`, one seed after another, until there are enough or the time is used up."""
    answers: list[dict[str, Any]] = []
    spent = 0.0
    for seed in range(1 if name in UNSEEDED else SEEDS):
        answer = contender("find", workload, seed, LIMIT)
        answers.append(answer)
        spent += answer.get("seconds", ENOUGH)
        if spent >= ENOUGH:
            break
    return answers


def search_row(name: str, workload: str, answers: list[dict[str, Any]]) -> str:
    """One line of the table of searches."""
    if "error" in answers[-1]:
        return f"| {name} | {workload} | {answers[-1]['error']} | | |"
    found = [answer for answer in answers if answer["schedules"] is not None]
    schedules = f"{median(answer['schedules'] for answer in found):g}" if 2 * len(found) > len(answers) else "not found"
    return f"| {name} | {workload} | {schedules} | {1000 * median(a['seconds'] for a in answers):,.1f} | {len(found)} of {len(answers)} |"


def main() -> list[str]:
    """The tables, and the measured claims."""
    from subwarden.benchmarks.peers.claims import judge  # noqa: PLC0415  # claims imports this module

    environment = prepare()
    version = subprocess.run([str(environment.python), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    lines = [f"{version}, {os.cpu_count()} cores, {platform.machine()}, load average {os.getloadavg()[0]:.1f}; medians of {ROUNDS} rounds"]
    lines += [f"not compared: {name}: {why}" for name, why in environment.missing.items()]
    with asked(environment) as contenders:
        rated = {workload: rates(contenders, workload) for workload in (FIXED, SUSPENDING)}
        for workload, measured in rated.items():
            lines += rate_table(workload, measured)
        lines += ["", "| until it fails | program | schedules | ms | seeds that found it |", "|---|---|---|---|---|"]
        found = {}
        for workload in SEARCHED:
            for name, contender in contenders.items():
                found[name, workload] = searches(name, contender, workload)
                lines.append(search_row(name, workload, found[name, workload]))
        rated[MANAGER] = rates(contenders, MANAGER)  # last: it loads modules that would slow the searches
        lines += rate_table(MANAGER, rated[MANAGER])
    return [*lines, "", *judge(rated, found)]
