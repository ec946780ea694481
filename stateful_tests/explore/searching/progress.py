"""What the search of one order has found and counted, and whether that is enough."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from subwarden.checking.scenario.failure import Failure
from subwarden.scheduling.schedule import fixed
from subwarden.stateful_tests.explore.searching.minimal import BudgetSpent, Minimizer, NotReproducible, Run, patience, record
from subwarden.stateful_tests.explore.searching.portions import AFTER, Done
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.exploring.coverage.good_turing import Tally
from subwarden.stateful_tests.subjects.scenario.play import Result, Rules, ScenarioRunner
from subwarden.stateful_tests.workers.crash import Death

MOST = 5  # findings in one order
SHRINKING = 0.5  # the part of the time that is left that a finding is made smaller in at once: the search is to go on, too


@dataclass(slots=True)
class Finding:
    """A failure and its minimal run. `found`: the number of the schedule that showed it first. `minimal`: there was time to shrink it."""

    failure: Failure
    run: Run
    found: int
    minimal: bool


class SearchListener:
    """Is told how a search goes. This one listens to nothing."""

    def ran(self, schedules: int) -> None:
        """So many more schedules were run."""

    def shrinks(self, failure: Failure) -> None:
        """A failure was found, and is being made small. Called again and again meanwhile."""

    def found(self, finding: Finding) -> None:
        """A failure was found, and made small."""


SILENT = SearchListener()


@dataclass(slots=True)
class Explored:
    """What the search of one order has covered."""

    rules: Rules
    schedules: int = 0
    steps: int = 0
    complete_within: int = -1
    complete: bool = False
    states: int | None = None  # told apart by a search of states that came to its end
    interleavings: int | None = None  # and so many schedules; None: not counted, or a run need not end
    not_told_apart: str | None = None  # why its states cannot be searched
    killed: Death | None = None  # how the last process died that did a portion, if every one did
    end_states: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    withdrawn: list[Failure] = field(default_factory=list)  # what earlier runs have left made runs fail


class Progress:
    """The progress of one search. `schedules`: how many are wanted, None for as many as `budget` allows. `after`: the budget in which
    findings that are not small yet are made smaller when it has ended.

    `runner_of` makes runners for its rules and for weaker ones, so that a failure is labelled by the weakest.
    """

    def __init__(
        self,
        runner_of: Callable[[Rules], ScenarioRunner],
        rules: Rules,
        schedules: int | None,
        budget: Budget,
        listener: SearchListener = SILENT,
        after: Budget | None = None,
    ) -> None:
        self.runner_of = runner_of
        self.runner = runner_of(rules)  # its own: the runs that make a failure smaller are not counted
        self.most = schedules
        self.budget = budget
        self._after = after or budget
        self.listener = listener
        self.explored = Explored(rules)
        self._until: int | None = None  # the number of schedules after which to stop, once there is a failure
        self._known: set[Failure] = set()

    def enough(self) -> bool:
        """Whether to stop."""
        return self.left() == 0 or len(self.explored.findings) >= MOST or self.budget.spent()

    def left(self) -> int | None:
        """How many more schedules are wanted; None: as many as the budget allows."""
        most, until = self.most, self._until
        bound = until if most is None or (until is not None and until < most) else most
        return None if bound is None else max(0, bound - self.runner.schedules)

    def count(self, done: Done) -> None:
        """Count the outcome of a portion, and look at its failing runs. It has gone on after a failure already."""
        runner, explored, before = self.runner, self.explored, self.runner.schedules
        runner.schedules += done.schedules
        runner.steps += done.steps
        runner.decided = runner.decided or done.decided
        for name, held in done.met.items():
            runner.met[name] = runner.met.get(name, False) or held
        for each in done.end_states:
            explored.end_states.add(each)
        explored.doubts += done.doubts
        if done.killed:
            explored.killed = explored.killed or done.killed
            self._until = runner.schedules
        for choices, number in done.failing:
            self.look_at(self.runner_of(explored.rules).run(lambda _, choices=choices: fixed(choices)), before + number)  # type: ignore[misc]
            self._until = runner.schedules
        self.listener.ran(done.schedules)

    def look_at(self, result: Result, number: int | None = None) -> None:
        """Make a finding of a run that fails in a new way. `number`: that of the run, if it is not the last; 0 of a saved one."""
        failure = result.failure
        if failure is None or failure in self._known:
            return
        self._known.add(failure)
        explored, rules = self.explored, self.explored.rules
        found = self.runner.schedules if number is None else number
        choices = result.choices
        try:
            with patience(failure):
                run, minimal = Minimizer(self.runner_of, failure, self._shrinking(failure)).minimal(rules, choices), True
        except NotReproducible as error:
            explored.doubts.append(f"{failure.kind.value}: a failing run does not repeat: {error}")
            return
        except BudgetSpent:
            run, minimal = record(self.runner_of(rules), lambda _: fixed(choices)), False
        except KeyboardInterrupt:  # the finding is not lost
            explored.findings.append(Finding(failure, record(self.runner_of(rules), lambda _: fixed(choices)), found, False))
            raise
        explored.findings.append(Finding(failure, run, found, minimal))
        self.listener.found(explored.findings[-1])
        if self._until is None:
            self._until = self.runner.schedules + AFTER

    def withdraw(self, failure: Failure) -> None:
        """This is no finding: a run fails so, of a schedule of which the first run did not fail."""
        self.explored.findings = [each for each in self.explored.findings if each.failure != failure]
        self.explored.withdrawn.append(failure)
        why = "this is no finding: the first run of the same schedule did not fail, so earlier runs have left what makes it fail"
        self.explored.doubts.append(f"{failure.kind.value}: {why}")

    def _shrinking(self, failure: Failure) -> Budget:
        """The budget in which `failure` is made small at once. The listener hears whenever it is asked."""
        budget = self.budget.part(SHRINKING)

        def spent() -> bool:
            self.listener.shrinks(failure)
            return budget.spent()

        return Budget(spent, budget.left)

    def finish(self) -> None:
        """The search has ended: findings that are not minimal yet are made smaller in the time that is left."""
        for finding in self.explored.findings:
            if not finding.minimal:
                with suppress(BudgetSpent, NotReproducible), patience(finding.failure):
                    shrinks = Minimizer(self.runner_of, finding.failure, self._after)
                    finding.run, finding.minimal = shrinks.minimal(finding.run.rules, finding.run.choices), True
