"""`exec:COMMAND` as a subject: what `gate` and `replay` do with it. Parsing and telling only."""

import argparse
import sys
from shlex import quote

from subwarden.checking.causes import Cause
from subwarden.checking.verdict import Verdict
from subwarden.cli.progress.bar import progress
from subwarden.cli.reporting.outputs import write_outputs
from subwarden.model.words import counted
from subwarden.processes.signals import ENDING, LastResort, raising
from subwarden.reports.exec import write_process_gate, write_process_replay
from subwarden.reports.layout.console import console_for
from subwarden.scheduling.schedule import Divergence
from subwarden.scheduling.string_hash import restart
from subwarden.stateful_tests.exec.finding import COUNTED, ExecFinding
from subwarden.stateful_tests.exec.gate import AMOUNTS, explore
from subwarden.stateful_tests.exec.models.exec_model import ExecModel
from subwarden.stateful_tests.exec.models.named import model_of
from subwarden.stateful_tests.exec.pictured.parted import add_partings
from subwarden.stateful_tests.exec.process import PREFIX, BadProcess
from subwarden.stateful_tests.exec.record import record, replay_record, run_record
from subwarden.stateful_tests.exec.runner import ExecRunner
from subwarden.stateful_tests.exec.saved import SavedRun, save
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES
from subwarden.stateful_tests.runs.replay import BadReplay
from subwarden.stateful_tests.runs.trust import allow, remember

LIMIT = 5.0  # seconds that any answer may take


def is_process(subject: str | None) -> bool:
    """Whether `subject` names a command."""
    return subject is not None and subject.startswith(PREFIX)


def refuse(subject: str | None, verb: str) -> None:
    """Say what is possible where `verb` needs to look into its subject. Raises BadProcess."""
    if subject is not None and is_process(subject):
        possible = f"`subwarden gate --subject {quote(subject)} --budget 10m`, or `subwarden replay FILE` with a file that it wrote"
        raise BadProcess(f"subject {subject} runs in a process of its own, which {verb} cannot observe; use {possible}")


def gate(options: argparse.Namespace) -> int:
    """Hold the process against the core model or one of the user's, and report. Returns the verdict's exit code.

    Raises BadSubject, BadModel.
    """
    command = options.subject.removeprefix(PREFIX)
    model = model_of(options.model)
    if options.model:
        remember(options.model)
    seed = PROFILES[options.profile].seed() if options.seed is None else options.seed
    what = f"subwarden gate {options.subject}"
    found: dict[Cause, ExecFinding] = {}

    def tell(finding: ExecFinding) -> None:
        now = "not made small yet" if finding.cause not in found else "made small"
        found[finding.cause] = finding
        size = len(finding.run.program.operations())
        said = f"{finding.cause.property.name} {finding.cause.property.title}: {finding.cause.said()}"
        name = _kept(command, options.answer_within, finding, model)
        at = f"; subwarden replay {name}" if name and now == "made small" else ""  # the other's file is replaced by that of the small run
        report.found(f"{said} ({counted(size, 'operation')}; {now}){at}", len(found))

    with LastResort(what, lambda: (Verdict.VIOLATED if found else Verdict.INCONCLUSIVE).exit_code) as last, raising(ENDING, last.arm):
        with ExecRunner(command, options.answer_within, model) as runner, progress(what, "runs", budget=options.budget) as report:
            model = runner.model
            most = 1 if options.fail_fast else options.maxfail
            outcome = explore(runner, AMOUNTS[options.profile], seed, options.budget, report, tell, most)
        made = record(command, options.answer_within, options.profile, seed, outcome, model)
        runs = [(finding.cause, finding.run) for finding in sorted(outcome.findings.values(), key=ExecFinding.rank)]
        told = [(*run, found) for run, found in zip(runs, made["findings"], strict=True)]
        write_outputs(
            options,
            made,
            lambda: write_process_gate(made, console_for(sys.stdout)),
            picture=lambda: add_partings(command, options.answer_within, told, model),
        )
    return Verdict(made["verdict"]).exit_code


def _kept(command: str, limit: float, finding: ExecFinding, model: ExecModel) -> str:
    """Save a finding at once, whatever ends the gate; the short name of its run, empty if it cannot be saved, which the report says."""
    try:
        return save(command, limit, finding, model.named)[2]
    except OSError:
        return ""


def replay(saved: SavedRun, options: argparse.Namespace) -> int:
    """Play a saved run again: by its schedule, or, where there is none, many times. 1 if it fails, else 0.

    Raises BadProcess, BadReplay.
    """
    subject = PREFIX + saved.command
    if options.subject not in (None, subject):
        raise BadReplay(f"the replay was made for subject {subject}, not {options.subject}; leave --subject out to replay it there")
    if options.script or options.trace:
        raise BadReplay(f"subject {subject} runs in a process of its own; --script and --trace need a manager in Python")
    allow(subject, "", "the replay", named=options.subject is not None)
    if saved.model:
        allow(saved.model, saved.digest, "the replay", named=options.subject is not None, mend=subject)
    model = model_of(saved.model)
    restart(saved.hash_seed)
    failed = counted = 0
    shown = None
    with ExecRunner(saved.command, saved.limit, model) as runner:
        if runner.hello.steps != (saved.schedule is not None):
            raise BadReplay(f"subject {subject} {'can' if runner.hello.steps else 'cannot'} be scheduled now; find the run again with gate")
        model = runner.model
        try:
            while counted < (COUNTED if saved.schedule is None else 1):
                counted += 1
                run = runner.run(saved.program) if saved.schedule is None else runner.follow(saved.program, saved.schedule)
                if run.broken is not None:
                    failed += 1
                    shown = shown or run
        except Divergence as error:
            again = f"the subject has changed; find the run again with `subwarden gate --subject {quote(subject)}`"
            raise BadReplay(f"the run cannot be followed: {error}; {again}") from None
    broken = None if shown is None else shown.broken
    told = None if shown is None or broken is None else run_record(shown, broken.cause, model)
    made = replay_record(saved, run, told, None if saved.schedule is not None else (failed, counted))
    if told is not None:
        made["replay"] = options.replay
    runs = [(broken.cause, shown, told)] if shown is not None and broken is not None and told is not None else []
    write_outputs(
        options,
        made,
        lambda: write_process_replay(made, told, console_for(sys.stdout)),
        picture=lambda: add_partings(saved.command, saved.limit, runs, model),
    )
    return 1 if failed else 0
