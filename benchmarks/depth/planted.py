"""How many of thirty planted defects, which take six to ten operations, a gate and a hunt find in `fifo` within so many schedules.

Each defect is searched without cancellation, and left as soon as it shows.
"""

from collections.abc import Callable
from statistics import median
from typing import Any

from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.hunt.search import STEPS, Hunter
from subwarden.stateful_tests.specimens.deep_defects import DEFECTS
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.loading import in_hand

LIMIT = 3_000  # schedules
SEEDS = (1, 2, 3)
CHECK = Check(Order.FIFO, False, CORE_LEVEL.name)


class _Noting(GateSearch):
    """A gate that notes the first run that fails, and does not look into it: the runs of that would count, too."""

    first: int | None = None

    def _look_into(self, program: Any, names: list[str], violations: Any) -> None:
        if violations and self.first is None:
            self.first = self.explorer.runner.schedules


def _gate(factory: Any, seed: int) -> int | None:
    def spent() -> bool:
        return search.first is not None or search.explorer.runner.schedules >= LIMIT

    search = _Noting(CHECK, CORE_LEVEL, factory, Profile("depth", 24, 200, 9, derandomized=True), Budget(spent))
    number = seed << 20
    while not spent():
        search.round(number, 12)
        number += 1
    return search.first


def _hunt(factory: Any, seed: int) -> int | None:
    found: list[int] = []

    def tell(_kept: Any) -> None:
        if not found:
            found.append(hunter.explorer.runner.schedules)

    def spent() -> bool:
        return bool(found) or hunter.explorer.runner.schedules >= LIMIT

    hunter = Hunter(CHECK, CORE_LEVEL, factory, lambda _cause: None, tell, Budget(spent), lambda: Budget(lambda: True))
    number = seed << 20
    while not spent():
        hunter.round(number, STEPS[number % len(STEPS)])
        number += 1
    return found[0] if found else None


def main() -> list[str]:
    """The table."""
    lines = [f"{'defect':28} {'gate':>18} {'hunt':>18}   schedules until it shows, from {len(SEEDS)} seeds; - not in {LIMIT:,}"]
    searches: dict[str, Callable[[Any, int], int | None]] = {"gate": _gate, "hunt": _hunt}
    shown: dict[str, list[int | None]] = {name: [] for name in searches}
    with running():
        for defect, make in DEFECTS.items():
            factory = in_hand(defect, make)[1]
            row = {name: [search(factory, seed) for seed in SEEDS] for name, search in searches.items()}
            for name, found in row.items():
                shown[name] += found
            cells = (" ".join("-" if each is None else f"{each:,}" for each in found) for found in row.values())
            lines.append(f"{defect:28} " + " ".join(f"{cell:>18}" for cell in cells))
            print(lines[-1], flush=True)
    for name, found in shown.items():
        made = [each for each in found if each is not None]
        lines.append(f"{name}: {len(made)} of {len(found)}, median {median(made) if made else 0:,.0f} schedules where found")
    return lines
