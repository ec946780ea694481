"""`subwarden hunt`: search for violations for a given time, on all cores, and save each finding to disk at once."""

import argparse
import sys
from contextlib import closing
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

from subwarden.checking.causes import Cause
from subwarden.checking.verdict import Verdict
from subwarden.cli.exec_subject import refuse
from subwarden.cli.options import EXIT_CODES, add_max_memory, cores, count, duration, fitting, folder_path, level, seed
from subwarden.cli.progress.hunt import watching
from subwarden.cli.reporting.outputs import add_outputs, write_outputs
from subwarden.impl.subjects import DEFAULT, canonical
from subwarden.model.words import counted
from subwarden.processes.signals import LastResort
from subwarden.reports.hunt import write_hunt
from subwarden.reports.layout.console import console_for
from subwarden.scheduling.isolation.memory import MEMORY
from subwarden.stateful_tests.cluster.carrying import carrying
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.hunt.folder import ORDERS, ROOT, BadFolder, Folder, default_folder
from subwarden.stateful_tests.hunt.hunt import Hunt
from subwarden.stateful_tests.hunt.listener import Listener
from subwarden.stateful_tests.hunt.plan import Plan, checks_in, refreshed
from subwarden.stateful_tests.hunt.record import hunt_record
from subwarden.stateful_tests.hunt.shared_corpus import SharedCorpus, opened
from subwarden.stateful_tests.hunt.work import Kept, Totals
from subwarden.stateful_tests.runs.files import digest_of
from subwarden.stateful_tests.runs.pictured.traced import add_traces
from subwarden.stateful_tests.runs.trust import allow
from subwarden.stateful_tests.subjects.loading import blaming

if TYPE_CHECKING:
    from subwarden.stateful_tests.cluster.carrier import DaskCarrier  # it needs an extra

BUDGET = 600.0
RECORDED = 1.05  # of a budget: by then findings are grouped, and scripts run; the finding says so of a script that is not


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "hunt",
        help="search for violations for a given time, on all cores",
        description=__doc__,
        epilog=EXIT_CODES,
    )
    parser.add_argument(
        "--subject", type=canonical, metavar="NAME", help=f"what to check (default: {DEFAULT}, or that of the hunt to --resume)"
    )
    parser.add_argument("--budget", type=duration, metavar="TIME", help="search this long: 90 (seconds), 10m, 1h (default: 10m)")
    parser.add_argument(
        "--rounds",
        type=count,
        metavar="N",
        help="instead of a time: rounds of each worker; the same command then does the same work every time",
    )
    parser.add_argument("--jobs", type=count, metavar="N", help="worker processes (default: one a core, of the cluster with --dask)")
    parser.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="let the workers of this Dask scheduler do it; `local` starts some here (extra dask)",
    )
    parser.add_argument(
        "--corpus", metavar="DIR", help="share findings with other hunts: a folder, or redis://HOST:PORT/0 (needs the extra redis)"
    )
    parser.add_argument("--seed", type=seed, metavar="N", help="seed of all random choices (default: 0, or that of the hunt to --resume)")
    parser.add_argument("--order", choices=ORDERS, help="search one order only (default: all)")
    parser.add_argument(
        "--level", type=level, metavar="{manager,server}", help="search one level only (default: every level of the subject)"
    )
    add_max_memory(parser)
    parser.add_argument("--dir", type=folder_path, metavar="DIR", help=f"folder of the hunt (default: {default_folder('SUBJECT')})")
    parser.add_argument("--resume", type=folder_path, metavar="DIR", help="continue the hunt in this folder")
    add_outputs(parser)
    parser.add_argument("--portable", action="store_true", help="print runs as long strings, which replay anywhere, instead of short names")
    parser.add_argument("-v", "--verbose", action="store_true", help="print the statistics, too: by strategy, and what was reached")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Hunt and report. Returns the verdict's exit code. Raises BadFolder, BadSubject, BadReplay, CannotWrite, WorkerFailed."""
    refuse(options.subject, "hunt")
    if options.budget is not None and options.rounds is not None:
        raise BadFolder("give --budget or --rounds, not both")
    folder, head = _folder(options)
    named = not options.resume or options.subject is not None
    allow(head["subject"], str(head.get("digest", "")), f"the hunt in {folder.path}", named=named)
    with closing(folder):
        return _hunt(options, folder, head)


def _hunt(options: argparse.Namespace, folder: Folder, head: dict[str, Any]) -> int:
    MEMORY.allow(options.max_memory)
    checks = checks_in(head["subject"], head["order"], head.get("level"))  # a bad subject is refused here, once, not by every worker
    budget = options.budget if options.rounds or options.budget else BUDGET
    with carrying(options.dask, head["subject"], options.jobs or cores(), options.max_memory) as carrier:
        return _search(options, folder, head, checks, budget, carrier)


def _search(
    options: argparse.Namespace,
    folder: Folder,
    head: dict[str, Any],
    checks: tuple[Check, ...],
    budget: float | None,
    carrier: "DaskCarrier | None",
) -> int:
    jobs = options.jobs or (carrier.threads if carrier else cores())
    if not options.rounds and not carrier:  # with --rounds, their number decides what is done
        jobs = fitting("hunt", jobs)
    plan = Plan(head["subject"], checks, jobs, head["seed"], budget, options.rounds, options.max_memory)
    corpus = SharedCorpus(opened(options.corpus), plan.subject) if options.corpus is not None else None
    findings: dict[Cause, Kept] = {}
    what = f"subwarden hunt {plan.subject}"
    with LastResort(what, lambda: (Verdict.VIOLATED if findings else Verdict.INCONCLUSIVE).exit_code) as last:
        with watching(what, budget, jobs * (options.rounds or 0)) as listener:
            totals = _resumed(plan, folder, findings, listener) if options.resume else _begun(folder, head, listener)
            hunt = Hunt(plan, folder, totals, findings, listener, last.arm, carrier, corpus)
            began = monotonic()
            with blaming(plan.subject):
                reason = hunt.run()
            if corpus and corpus.failed:
                listener.say(corpus.failed)
            seconds = monotonic() - began
        until = inf if budget is None else began + RECORDED * budget
        with blaming(plan.subject):  # a finding is played once more to record it
            record = hunt_record(plan, folder, totals, findings, reason, hunt.schedules, seconds, hunt.unfit, until)
        portable = options.portable or folder.path.parent != ROOT or hunt.unwritten is not None  # no short name is looked for elsewhere
        unwritten = f"subwarden hunt: {hunt.unwritten}\n" if hunt.unwritten else ""
        with blaming(plan.subject):
            write_outputs(
                options,
                record,
                lambda: write_hunt(record, console_for(sys.stdout), verbose=options.verbose, portable=portable),
                lambda: sys.stderr.write(unwritten),
                picture=lambda: add_traces(record["findings"]),
            )
        return Verdict(record["verdict"]).exit_code


def _begun(folder: Folder, head: dict[str, Any], listener: Listener) -> Totals:
    """A new hunt."""
    aside = folder.begin({**head, "digest": digest_of(head["subject"])})
    if aside is not None:
        listener.say(f"the earlier hunt of {folder.path} is now in {aside}")
    return Totals()


def _resumed(plan: Plan, folder: Folder, findings: dict[Cause, Kept], listener: Listener) -> Totals:
    """The work of earlier sessions; `findings` is given theirs, as the subject shows them now."""
    totals = folder.totals(digest_of(plan.subject))
    if len(folder.totals().killing) > len(totals.killing):
        listener.say("the subject has changed since it ended its process; `subwarden replay` shows whether it still does")
    findings |= folder.findings()
    folder.go_on()
    with blaming(plan.subject):
        for cause, kept in list(findings.items()):
            now = refreshed(plan.subject, kept)
            if now is None:
                del findings[cause]
                listener.say(f"{cause.slug()} no longer fails: moved to {folder.drop(cause)}")
            elif now != kept:
                findings[cause] = now
                folder.keep(plan.subject, now)
    listener.say(f"continuing after {totals.whole.schedules:,} schedules with {counted(len(findings), 'known finding')}")
    return totals


def _folder(options: argparse.Namespace) -> tuple[Folder, dict[str, Any]]:
    """The folder of the hunt, and its subject, seed, order and level: as given, or of the hunt to resume, which must agree."""
    asked = {"subject": options.subject, "seed": options.seed, "order": options.order, "level": options.level}
    if not options.resume:
        defaults: dict[str, Any] = {"subject": DEFAULT, "seed": 0, "order": "all", "level": None}
        head = {key: defaults[key] if value is None else value for key, value in asked.items()}
        return Folder(options.dir or default_folder(head["subject"])), head
    if options.dir not in (None, options.resume):
        raise BadFolder("--resume continues in the same folder; leave --dir out")
    folder = Folder(options.resume)
    head = folder.head()
    for key, value in asked.items():
        if value not in (None, head.get(key)):
            has = "any" if head.get(key) is None else head[key]  # a seed may be 0
            raise BadFolder(f"the hunt in {folder.path} has {key} {has}, not {value}; leave --{key} out, or start another with --dir")
    return folder, head
