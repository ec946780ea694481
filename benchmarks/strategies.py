"""The schedules and the time that each strategy takes to find each race: writes the table of docs/strategies.md.

    python -m subwarden.benchmarks.strategies [--seeds 20] [--limit 2000]

Schedules depend on the seeds alone, so they are the same everywhere; times depend on the machine, and only their ratios carry over.
"""

import argparse
import gc
import multiprocessing
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from random import Random
from statistics import median
from warnings import simplefilter

from subwarden.scheduling.state_search.search import StateSearch
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.scheduling.strategies.sampling.feedback import Feedback
from subwarden.scheduling.strategies.sampling.pct import Pct
from subwarden.scheduling.strategies.sampling.pos import Pos
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.sampling.surw import Surw
from subwarden.scheduling.strategies.sampling.urw import Urw
from subwarden.scheduling.strategies.strategy import Strategy
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.stateful_tests.specimens.races.catalogue import races
from subwarden.stateful_tests.specimens.races.race import MANY, Race, attempt, search

STRATEGIES: dict[str, Callable[[Random], Strategy]] = {
    "random walk": RandomWalk,
    "urw": Urw,
    "surw": Surw,
    "pos": Pos,
    "pct 2": lambda random: Pct(random, 2),
    "pct 3": lambda random: Pct(random, 3),
    "pct 4": lambda random: Pct(random, 4),
    "delay bounded": lambda random: DelayBounded(random=random),
    "feedback": Feedback,
    "portfolio": Portfolio,
}
BEGIN, END = "<!-- written by benchmarks/strategies.py -->\n", "<!-- end -->\n"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "strategies.md"
PROOF_LIMIT = 20_000


def cell(program: Race, name: str, seeds: int, limit: int) -> str:
    """The median schedules and milliseconds of the seeds that found the race, and the number of seeds that missed it."""
    found: list[int] = []
    times: list[float] = []
    for seed in range(seeds):
        begin = time.perf_counter()
        schedules = search(program, STRATEGIES[name](Random(seed)), limit)
        if schedules is not None:
            found.append(schedules)
            times.append(time.perf_counter() - begin)
    missed = f", {seeds - len(found)} missed" if len(found) < seeds else ""
    if 2 * len(found) <= seeds:
        return f"found {len(found)} of {seeds}"
    everything = sorted([*found, *[limit] * (seeds - len(found))])
    return f"{median(everything):g} ({1000 * median(times):.1f} ms{missed})"


def proof(program: Race) -> str:
    """The runs and the processor time with which a search of its states proves the fixed program."""
    strategy = StateSearch(most=PROOF_LIMIT)
    begin = time.process_time()
    while attempt(program.start, strategy, program.order, fixed=True) is not None:
        pass
    taken = 1000 * (time.process_time() - begin)
    return f"{strategy.runs} ({taken:.0f} ms)" if strategy.complete else f"not in {PROOF_LIMIT:,} runs"


def row(work: tuple[int, int, int]) -> str:
    """One line of the table."""
    simplefilter("ignore")
    gc.freeze()
    number, seeds, limit = work  # the number, since programs cannot be sent to another process
    program = races()[number]
    order = program.order.value + ("+cancel" if program.cancel else "")
    depth = "> 3" if program.depth >= MANY else str(program.depth)
    cells = [cell(program, name, seeds, limit) for name in STRATEGIES]
    return "| " + " | ".join([f"`{program.name}`", order, depth, *cells, proof(program)]) + " |"


def table(seeds: int, limit: int, jobs: int) -> Iterator[str]:
    """The lines of the table, in the order of the catalogue."""
    yield f"{seeds} seeds, at most {limit} schedules each; CPython {platform.python_version()}."
    yield ""
    yield "| program | order | depth | " + " | ".join(STRATEGIES) + " | proved by state search |"
    yield "|---" * (len(STRATEGIES) + 4) + "|"
    pool = multiprocessing.Pool(jobs) if jobs > 1 else None
    with pool or nullcontext():
        work = [(number, seeds, limit) for number in range(len(races()))]
        yield from pool.imap(row, work, chunksize=1) if pool else map(row, work)


def main(options: Sequence[str] = ()) -> None:
    """Measure, print the table, and write it into the page. `options`: those of the command line."""
    parser = argparse.ArgumentParser(description="schedules and time to find each race program")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--limit", type=int, default=2_000)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args(options)
    lines = []
    for line in table(arguments.seeds, arguments.limit, arguments.jobs):
        print(line, flush=True)
        lines.append(line)
    before, rest = PAGE.read_text().split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n\n" + END + after)


if __name__ == "__main__":
    main(sys.argv[1:])
