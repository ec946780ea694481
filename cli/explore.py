"""`subwarden explore`: run any async function under many schedules, and show the smallest run that fails."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from shlex import quote
from typing import Any

from subwarden.checking.scenario.failure import Failure
from subwarden.checking.verdict import Verdict
from subwarden.cli.options import EXIT_CODES, add_max_memory, cores, count, duration, fitting, output, seed
from subwarden.cli.progress.bar import ReportProgress, progress
from subwarden.cli.reporting.files import write_script
from subwarden.cli.reporting.outputs import add_outputs, write_outputs
from subwarden.reports.formats.places import place_in, place_of
from subwarden.reports.layout.console import console_for
from subwarden.reports.layout.wrapping import write_searchable
from subwarden.reports.records.exploration import ScenarioFindingRecord
from subwarden.reports.scenario.exploration import write_exploration
from subwarden.reports.scenario.steps import scenario_steps, with_paths
from subwarden.scheduling.isolation.memory import MEMORY
from subwarden.scheduling.order import Order
from subwarden.scheduling.string_hash import restart
from subwarden.stateful_tests.explore.api import plan_of
from subwarden.stateful_tests.explore.code import Coded, decode
from subwarden.stateful_tests.explore.exploration import SCHEDULES, Exploring, Plan, dies_early, explore_scenario
from subwarden.stateful_tests.explore.once import follow, killed_by
from subwarden.stateful_tests.explore.pictured import add_pictures
from subwarden.stateful_tests.explore.saved import SavedRuns
from subwarden.stateful_tests.explore.script import add_script
from subwarden.stateful_tests.explore.searching.crew import Crew, Processes
from subwarden.stateful_tests.exploring.budget import lasting
from subwarden.stateful_tests.runs.replay import BadReplay
from subwarden.stateful_tests.runs.trust import remember
from subwarden.stateful_tests.subjects.scenario.scenario import Scenario, load_scenario


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("explore", help="run any async function under many schedules", description=__doc__, epilog=EXIT_CODES)
    parser.add_argument("scenario", metavar="FILE.py:NAME", help="an `async def` without arguments, in a file or as package.module:NAME")
    parser.add_argument(
        "--order", choices=[order.value for order in Order], help="only what stock asyncio can do (fifo), or only any order (default: both)"
    )
    parser.add_argument("--cancel", action="store_true", help="also cancel the scenario itself, at any await")
    parser.add_argument("--schedules", type=count, metavar="N", help=f"how many schedules to try in each order (default: {SCHEDULES:,})")
    parser.add_argument("--budget", type=duration, metavar="TIME", help="search this long instead: 90 (seconds), 10m, 1h")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="seed of the sampled schedules (default: 0)")
    parser.add_argument(
        "--leave", action="append", default=[], metavar="NAME", help="a task, by its name or its function's, that may be left behind"
    )
    parser.add_argument("--replay", metavar="STRING", help="play the run of a finding's replay line again, and nothing else")
    parser.add_argument("--script", type=output, metavar="FILE", help="write the first failing run in fifo as plain asyncio, and run that")
    parser.add_argument(
        "--jobs", type=count, metavar="N", help="processes that share the search (default: 1); any number does the same search"
    )
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="let the workers of this Dask scheduler share it; `local` starts some here (extra dask)"
    )
    add_max_memory(parser)
    add_outputs(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Explore and report. Returns the verdict's exit code."""
    MEMORY.allow(options.max_memory)
    coded = None if options.replay is None else decode(options.replay)
    if coded is not None:
        restart(coded.hash_seed or 0)
    remember(options.scenario)
    scenario = load_scenario(options.scenario)
    if coded is not None and coded.kills:
        return _killing(options, coded)
    if coded is not None:
        exploring = follow(scenario, coded, frozenset(options.leave))
    else:
        saved = SavedRuns(scenario.name)
        plan = plan_of(
            options.order,
            cancel=options.cancel,
            budget=options.budget,
            schedules=options.schedules,
            seed=options.seed,
            leave=options.leave,
            replays=saved.runs(),
        )
        exploring = _explored(scenario, plan, options)
        saved.update(exploring)
    notes = sys.stderr if options.format else sys.stdout
    write_outputs(
        options,
        exploring.record,
        lambda: write_exploration(exploring.record, console_for(sys.stdout)),
        *([lambda: notes.write(_script(options.script, scenario, exploring) + "\n")] if options.script else []),
        picture=lambda: add_pictures(scenario, exploring, frozenset(options.leave)),
    )
    return Verdict(exploring.record["verdict"]).exit_code


def _explored(scenario: Scenario, plan: Plan, options: argparse.Namespace) -> Exploring:
    """Explore, and show on standard error how far it is."""
    with (
        _crew(scenario, plan, options) as crew,
        progress(f"subwarden explore {scenario.name}", budget=options.budget) as report,
    ):
        budget = lasting(options.budget)
        killed = None if crew is None else dies_early(scenario.name, plan, options.budget, options.max_memory, crew.lost)
        return explore_scenario(scenario, plan, budget, _News(scenario, plan, report), crew, killed)


@contextmanager
def _crew(scenario: Scenario, plan: Plan, options: argparse.Namespace) -> Iterator[Crew | None]:
    """Who does the portions of the search; None: this process."""
    if options.dask is not None:
        from subwarden.stateful_tests.cluster.carrying import exploring as exploring_on  # noqa: PLC0415  # only a cluster needs it

        jobs = fitting("explore", options.jobs or cores()) if options.dask == "local" else 1
        with exploring_on(options.dask, scenario.name, plan.leave, jobs, options.max_memory) as dask:
            yield dask
        return
    if options.jobs is None or fitting("explore", options.jobs) == 1:
        yield None
        return
    with closing(Processes(scenario.name, plan.leave, fitting("explore", options.jobs), options.max_memory)) as crew:
        yield crew


def _killing(options: argparse.Namespace, coded: Coded) -> int:
    """Play a run that ends the process that runs it, and say how. Returns the exit code."""
    wanted = [name for name in ("script", "json", "html", "format") if vars(options).get(name)]
    if wanted:
        raise BadReplay(f"the run ends the process that runs it, so there is no table of it; leave --{wanted[0]} out")
    died = killed_by(options.scenario, coded, frozenset(options.leave))
    console = console_for(sys.stdout)
    if died is None:
        write_searchable(f"{options.scenario}: holds (the run does not end the process any more)", console, "bold green")
        return 0
    write_searchable(f"{options.scenario}: violated (it ends the process that runs it: it {died})", console, "bold red")
    return 1


class _News:
    """Tells the progress of an exploration, and each finding as it comes."""

    def __init__(self, scenario: Scenario, plan: Plan, report: ReportProgress) -> None:
        self._scenario, self._report = scenario, report
        self._most = len(plan.orders) * (plan.schedules or 0)
        self._done = 0
        report.findings = 0

    def ran(self, schedules: int) -> None:
        self._done += schedules
        self._report(self._done, self._done, max(self._most, self._done))

    def shrinks(self, failure: Failure) -> None:
        now = f"makes a failure smaller ({failure.about or failure.kind.value})"
        self._report(self._done, self._done, max(self._most, self._done), now)

    def found(self, finding: ScenarioFindingRecord) -> None:
        place = place_of(finding.get("at")) or place_in(with_paths(scenario_steps(finding["steps"]), self._scenario.name))
        at = "" if place is None else f" at {place.at()}"
        replay = f"subwarden explore {quote(self._scenario.name)} --replay {finding['replay']}"
        self._report.found(f"{finding['title']} (order {finding['order']}){at}; {replay}", (self._report.findings or 0) + 1)


def _script(path: str, scenario: Scenario, exploring: Exploring) -> str:
    """Write the script of the first finding, if there is one. Returns a line that says how running it ended."""
    if not exploring.record["findings"]:
        return "plain asyncio: no script (nothing fails)"
    finding = exploring.record["findings"][0]
    add_script(scenario, finding, exploring.runs[0])
    return write_script(path, finding["script"], finding["script_doubt"])
