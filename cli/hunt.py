"""`subwarden hunt`: search for as long as you give it, on all cores, and keep whatever is found."""

import argparse
import os
import sys
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic
from typing import Any

from subwarden.checking.verdict import Verdict
from subwarden.cli.exec_subject import refuse
from subwarden.cli.options import count, duration, level, output, write_json
from subwarden.cli.progress.hunt import watching
from subwarden.impl.subjects import DEFAULT, canonical
from subwarden.reports.gate import console_for
from subwarden.reports.hunt import write_hunt
from subwarden.stateful_tests.hunt.folder import ORDERS, BadFolder, Folder, default_folder
from subwarden.stateful_tests.hunt.hunt import Hunt
from subwarden.stateful_tests.hunt.plan import Plan, checks_in, refreshed
from subwarden.stateful_tests.hunt.record import hunt_record
from subwarden.stateful_tests.hunt.work import Totals
from subwarden.stateful_tests.subjects.loading import blaming

BUDGET = 600.0


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "hunt",
        help="search for violations until a time budget ends",
        description=__doc__,
        epilog="exit code: 0 nothing found, 1 findings, 2 inconclusive (a check did not run, or not to its end), 3 usage",
    )
    parser.add_argument("--subject", type=canonical, metavar="NAME", help=f"what to search (default: {DEFAULT}, or what --resume names)")
    parser.add_argument("--budget", type=duration, metavar="TIME", help="search this long: 90, 10m, 1h (default: 10m)")
    parser.add_argument(
        "--rounds", type=count, metavar="N", help="instead of a time: so many rounds of each worker, the same in every hunt"
    )
    parser.add_argument("--jobs", type=count, metavar="N", default=os.cpu_count() or 1, help="worker processes (default: all cores)")
    parser.add_argument(
        "--seed", type=int, metavar="K", help="another seed searches elsewhere (default: 0, or that of the hunt to --resume)"
    )
    parser.add_argument("--order", choices=ORDERS, help="keep to one order of steps (default: all)")
    parser.add_argument("--level", type=level, metavar="{manager,server}", help="keep to one level (default: all that the subject has)")
    parser.add_argument("--dir", type=Path, metavar="DIR", help=f"where to keep it all (default: {default_folder('SUBJECT')})")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with the hunt that is kept there")
    parser.add_argument("--json", type=output, metavar="FILE", help="write the record there as well")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Hunt and report. Returns the verdict's exit code. Raises BadFolder, BadSubject, BadReplay, CannotWrite, WorkerFailed."""
    refuse(options.subject, "hunt")
    if options.budget is not None and options.rounds is not None:
        raise BadFolder("give either --budget or --rounds")
    folder, head = _folder(options)
    with closing(folder):
        return _hunt(options, folder, head)


def _hunt(options: argparse.Namespace, folder: Folder, head: dict[str, Any]) -> int:
    checks = checks_in(head["subject"], head["order"], head.get("level"))  # a bad subject is told now, not by every worker
    budget = options.budget if options.rounds or options.budget else BUDGET
    plan = Plan(head["subject"], checks, options.jobs, head["seed"], budget, options.rounds)
    totals, findings = Totals(), {}
    with watching(f"subwarden hunt {plan.subject}") as listener:
        if options.resume:
            totals, findings = folder.totals(), folder.findings()
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
            listener.say(
                f"continuing after {totals.whole.schedules:,} schedules with {len(findings)} known finding{'s' * (len(findings) != 1)}"
            )
        else:
            aside = folder.begin(head)
            if aside is not None:
                listener.say(f"the earlier hunt of {folder.path} is now in {aside}")
        hunt = Hunt(plan, folder, totals, findings, listener)
        began = monotonic()
        reason = hunt.run()
        seconds = monotonic() - began
    with blaming(plan.subject):  # telling a finding plays it once more
        record = hunt_record(plan, folder, totals, findings, reason, hunt.schedules, seconds)
    if options.json:
        write_json(options.json, record)
    with suppress(BrokenPipeError):  # whoever read it has gone; what was found stays found
        write_hunt(record, console_for(sys.stdout))
    return Verdict(record["verdict"]).exit_code


def _folder(options: argparse.Namespace) -> tuple[Folder, dict[str, Any]]:
    """Where the hunt is kept, and its subject, seed and order: as asked, or of the hunt to go on with, which they must not contradict."""
    asked = {"subject": options.subject, "seed": options.seed, "order": options.order, "level": options.level}
    if not options.resume:
        defaults: dict[str, Any] = {"subject": DEFAULT, "seed": 0, "order": "all", "level": None}
        head = {key: defaults[key] if value is None else value for key, value in asked.items()}
        return Folder(options.dir or default_folder(head["subject"])), head
    if options.dir not in (None, options.resume):
        raise BadFolder("--resume goes on in the same folder; leave --dir out")
    folder = Folder(options.resume)
    head = folder.head()
    for key, value in asked.items():
        if value not in (None, head.get(key)):
            raise BadFolder(
                f"the hunt in {folder.path} has {key} {head.get(key) or 'any'}, not {value}; leave --{key} out, or begin another with --dir"
            )
    return folder, head
