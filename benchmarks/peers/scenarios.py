"""Compares `subwarden explore` with tools that take plain async code too, in one run: `python -m subwarden.benchmarks peers.scenarios`.

Three programs: the split lock, its crowd of six tasks, and a chat over streams. For each: schedules per second of a correct version with
everything checked, schedules until the faulty one is found, and the deviations that are left when the failing run has been made small.
"""

import os
from statistics import median
from typing import Any

from subwarden.benchmarks.peers import ENOUGH, Asked, asked, rates, searches
from subwarden.benchmarks.peers.environment import prepare
from subwarden.benchmarks.peers.workloads import BUGGY, CHAT, CHAT_FIXED, CROWDED, CROWDED_FIXED, FIXED

EXPLORE, NEAREST = "subwarden explore", "detangle"
TOOLS = (EXPLORE, NEAREST, "seedloop", "simloop", "simloom")
PROGRAMS = {BUGGY: FIXED, CROWDED: CROWDED_FIXED, CHAT: CHAT_FIXED}
SHRUNK, LIMIT = 10, 500  # seeds, and the schedules that each may take
TIMES = 2.5  # what is wanted, of the nearest peer's schedules per second

Answers = list[dict[str, Any]]


def _small(contender: Asked, workload: str) -> Answers:
    """The answers of `shrink`, one seed after another, until there are enough, the time is used up, or the tool cannot do it."""
    answers: Answers = []
    while len(answers) < SHRUNK and sum(answer.get("seconds", ENOUGH) for answer in answers) < ENOUGH:
        answers.append(contender("shrink", workload, len(answers), LIMIT))
    return answers


def _middle(answers: Answers, what: str) -> float | None:
    """The median of what was counted; None where fewer than half of the searches found anything."""
    found = [answer[what] for answer in answers if answer.get(what) is not None]
    return median(found) if 2 * len(found) > len(answers) else None


def _told(answers: Answers, what: str) -> str:
    if "error" in answers[-1]:
        return str(answers[-1]["error"])
    middle = _middle(answers, what)
    return "not found" if middle is None else f"{middle:g}"


def main() -> list[str]:
    """The tables, and what was wanted."""
    environment = prepare()
    lines = [f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}; ratios are medians of rounds in which the tools take turns"]
    lines += [f"not compared: {name}: {why}" for name, why in environment.missing.items() if name in TOOLS]
    wanted = ["", f"| wanted of `{EXPLORE}`, beside {NEAREST} | measured | holds |", "|---|---|---|"]
    with asked(environment, TOOLS) as contenders:
        for faulty, correct in PROGRAMS.items():
            measured = rates(contenders, correct, needed=(EXPLORE,))
            found = {name: searches(name, contender, faulty) for name, contender in contenders.items()}
            small = {name: _small(contender, faulty) for name, contender in contenders.items()}
            lines += ["", f"| {faulty} | schedules/s | ratio | schedules until found | deviations left |", "|---|---|---|---|---|"]
            ratios = {name: median(a / b for a, b in zip(figures, measured[EXPLORE], strict=True)) for name, figures in measured.items()}
            for name in contenders:
                speed = f"{median(measured[name]):,.0f} | {ratios[name]:.2g}" if name in measured else "- | -"
                lines.append(f"| {name} | {speed} | {_told(found[name], 'schedules')} | {_told(small[name], 'deviations')} |")
            if NEAREST in ratios:
                times = 1 / ratios[NEAREST]
                wanted.append(f"| {correct}: {TIMES} times its schedules/s | {times:.2g} times | {'yes' if times >= TIMES else 'NO'} |")
                counted = ("schedules", found, "found within its schedules"), ("deviations", small, "no more deviations left")
                for what, answers, text in counted:
                    ours, theirs = (_middle(answers[name], what) for name in (EXPLORE, NEAREST))
                    holds = ours is not None and (theirs is None or ours <= theirs)
                    wanted.append(f"| {faulty}: {text} | {ours}, {theirs} | {'yes' if holds else 'NO'} |")
    return [*lines, *wanted]
