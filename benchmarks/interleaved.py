"""Timing that is robust on a noisy machine: contenders take turns in short rounds, and the median of the rounds' ratios counts."""

from collections.abc import Callable, Mapping
from statistics import median
from time import process_time

ROUNDS = 15

Contender = Callable[[], int]  # does some work and returns the number of units


def rates(contenders: Mapping[str, Contender], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Units per second of CPU time, one figure a round for each contender, after one warm-up round."""
    measured: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, work in contenders.items():
            began = process_time()
            units = work()
            if number:
                measured[name].append(units / (process_time() - began))
    return measured


def table(measured: dict[str, list[float]], base: str, unit: str) -> list[str]:
    """The lines of a table: each contender's median rate and its median ratio to `base`."""
    lines = [f"{'':38} {unit + '/s':>14} {'ratio to ' + base:>34}"]
    for name, figures in measured.items():
        ratios = [a / b for a, b in zip(figures, measured[base], strict=True)]
        lines.append(f"{name:38} {median(figures):14,.0f} {median(ratios):34.2f}")
    return lines
