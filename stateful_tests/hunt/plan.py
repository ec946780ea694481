"""The plan of a session of a hunt: its checks and their amount, and the findings of earlier sessions as they are now."""

from dataclasses import dataclass, replace
from shlex import join

from subwarden.reports.records.hunt import KillingRecord
from subwarden.scheduling import pinned, string_hash
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import Check, checks_of
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.hunt.folder import LEVELS as LEVEL_CHOICES
from subwarden.stateful_tests.hunt.work import Kept
from subwarden.stateful_tests.hunt.worker import check_of
from subwarden.stateful_tests.runs.files import digest_of
from subwarden.stateful_tests.runs.killing import ENDS_THE_PROCESS
from subwarden.stateful_tests.runs.replay import Replay
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import blaming, levels_of, load
from subwarden.stateful_tests.workers.crash import Death

REPORT = 0.1  # of a budget, for playing the findings once more, grouping them and running their scripts
LONGEST_REPORT = 3.0  # seconds of it: a session of an hour has a few findings, too


@dataclass(frozen=True, slots=True)
class Plan:
    """The work of a session: `budget` seconds, or instead of a time so many `rounds` of each of the `jobs` workers."""

    subject: str
    checks: tuple[Check, ...]
    jobs: int
    seed: int
    budget: float | None
    rounds: int | None
    memory: int | None = None  # bytes that all workers together may take; None: half of the machine's

    @property
    def until(self) -> float | None:
        """Seconds of the session until its workers search no more; None: their rounds decide. The rest is for recording what they found."""
        return None if self.budget is None else self.budget - min(REPORT * self.budget, LONGEST_REPORT)

    def killing(self, worker: int, number: int, died: str) -> KillingRecord:
        """The record of round `number` of `worker`, in which all processes that ran the subject have `died`."""
        levels, orders = {check.level for check in self.checks}, {check.order.value for check in self.checks}
        again = ["subwarden", "hunt", "--subject", self.subject, "--seed", str(self.seed)]
        again += ["--jobs", str(worker + 1), "--rounds", str(number + 1)]
        again += ["--order", *orders] if len(orders) == 1 else []
        again += ["--level", *levels] if len(levels) == 1 and levels <= set(LEVEL_CHOICES) else []
        check = check_of(self.checks, worker, number).name
        return {"check": check, "worker": worker, "round": number, "died": died, "again": join(again)}

    def killing_run(self, worker: int, number: int, how: Death) -> Replay | None:
        """The run in which the last process of that round has died, if it was written down."""
        if how.run is None:
            return None
        check, about = check_of(self.checks, worker, number), how.run.about
        program, level = LEVELS[check.level].decode(about["program"]), check.level
        order, names, seed = Order(about["order"]), how.run.names, self.hash_seed(worker)
        return Replay(self.subject, order, program, names, ENDS_THE_PROCESS, level, seed, digest_of(self.subject))

    def hash_seed(self, worker: int) -> int:
        """The seed of the string hash of `worker`. Each has another: production, too, chooses the order of a set."""
        return ((string_hash.current() or 0) + worker) % (string_hash.LARGEST + 1)


def checks_in(subject: str, order: str, level: str | None = None) -> tuple[Check, ...]:
    """The checks of `--order` and `--level`: one or all, always with and without cancellation. Raises BadSubject."""
    return tuple(check for check in checks_of(*levels_of(subject, level)) if order in ("all", check.order.value))


def refreshed(subject: str, kept: Kept) -> Kept | None:
    """A finding of an earlier session as the subject shows it now; None: the subject was mended, and does not show it any more.

    Where the subject has changed and takes other steps, the finding gets the schedule of those steps and is to be shrunk again: a schedule
    that cannot be followed would end the hunt when the finding is recorded. Raises BadSubject.
    """
    seed = kept.finding.hash_seed
    return _refreshed(subject, kept) if seed is None else pinned.call(seed, _refreshed, subject, kept)


def _refreshed(subject: str, kept: Kept) -> Kept | None:
    finding = kept.finding
    with blaming(subject), running():
        runner = Runner(LEVELS[finding.level], load(subject, finding.level), finding.order)
        result, names = runner.guided(finding.program, finding.names)
    if finding.cause not in result.violations:
        return None
    if tuple(names) == finding.names:
        return kept
    return kept._replace(finding=replace(finding, names=tuple(names)), shrunk=False)
