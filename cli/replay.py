"""`subwarden replay`: play one recorded run again, step by step, and show it as a table."""

import argparse
import json
import sys
from functools import partial
from tempfile import NamedTemporaryFile
from typing import Any

from rich.text import Text

from subwarden.cli import exec_subject as process_subject
from subwarden.cli.options import output
from subwarden.cli.reporting.files import write_file, write_script
from subwarden.cli.reporting.outputs import add_outputs, write_outputs
from subwarden.files.bounded import text_of_stdin
from subwarden.impl.subjects import canonical
from subwarden.model.words import counted
from subwarden.reports.layout.console import console_for
from subwarden.reports.layout.wrapping import write_line
from subwarden.reports.records.finding import ScriptRecord
from subwarden.reports.records.hunt import KILLING
from subwarden.reports.records.replay import ReplayRecord
from subwarden.reports.replay import write_replay
from subwarden.scheduling.order import Order
from subwarden.scheduling.string_hash import restart
from subwarden.stateful_tests.exec.saved import read as read_process_run
from subwarden.stateful_tests.explore.code import MARK as SCENARIO_MARK
from subwarden.stateful_tests.runs.follow import follow
from subwarden.stateful_tests.runs.found.kept import file_of
from subwarden.stateful_tests.runs.killing import ENDS_THE_PROCESS, killed_by
from subwarden.stateful_tests.runs.record import script_record, task_rows
from subwarden.stateful_tests.runs.replay import LARGEST, BadReplay, Replay, read
from subwarden.stateful_tests.runs.trust import allow
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import blaming, load
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.trace import Tracer
from subwarden.stateful_tests.tla.traces import TraceStep, as_itf, as_tla

EXIT = "exit codes: 0 the run holds now, 1 it still violates a property, 3 it cannot be followed, usage or internal error"


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("replay", help="play a recorded run again", description=__doc__, epilog=EXIT)
    parser.add_argument(
        "replay",
        metavar="RUN",
        help="the short name or the string of a finding's replay line, a file that holds one, or - for standard input",
    )
    add_subject(parser)
    parser.add_argument(
        "--script", type=output, metavar="FILE", help="write the run as a script of plain asyncio, without this harness, and run the script"
    )
    parser.add_argument(
        "--trace", type=output, metavar="FILE", help="write the operations that took effect as ITF JSON, or to NAME.tla for TLC"
    )
    add_outputs(parser)
    parser.set_defaults(run=run)


def add_subject(parser: argparse.ArgumentParser) -> None:
    """Add --subject, for a saved run."""
    parser.add_argument("--subject", type=canonical, metavar="NAME", help="the subject of the saved run: allows it to be run")


def run(options: argparse.Namespace) -> int:
    """Follow the replay and report the run. Returns the exit code."""
    options.replay = from_stdin() if options.replay == "-" else file_of(options.replay)
    if options.replay.startswith(SCENARIO_MARK):
        said = "is a run of a scenario, which it does not name"
        raise BadReplay(f"{options.replay} {said}; give both: `subwarden explore FILE.py:NAME --replay {options.replay}`")
    saved = read_process_run(options.replay)
    if saved is not None:
        return process_subject.replay(saved, options)
    replay = read(options.replay)
    if options.subject not in (None, replay.subject):
        raise BadReplay(f"the replay was made for subject {replay.subject}, not {options.subject}; leave --subject out to replay it there")
    if options.script and replay.order is not Order.FIFO:
        raise BadReplay(f"the replay is of order {replay.order.value}, which stock asyncio does not produce; --script needs order fifo")
    if options.trace and replay.level != MANAGER_LEVEL.name:
        raise BadReplay(f"the replay is of level {replay.level}; --trace needs level {MANAGER_LEVEL.name}, which the TLA+ twin models")
    allow(replay.subject, replay.digest, "the replay", named=options.subject is not None)
    if replay.cause == ENDS_THE_PROCESS:
        return _killing(replay, options)
    restart(replay.hash_seed or 0)
    factory = load(replay.subject, replay.level)
    tracer = Tracer()
    pictured = bool(options.html or options.format)
    record, cause = follow(replay, factory, [tracer] if options.trace else [], traced=pictured)
    console = console_for(sys.stderr if options.format else sys.stdout)
    if options.trace:
        console.print(Text(_write_trace(options.trace, replay, tracer.trace)), soft_wrap=True)
    made: ScriptRecord | None = None
    if cause is not None and (options.script or (pictured and replay.order is Order.FIFO)):
        with blaming(replay.subject):
            made = script_record(replay, cause, record.get("printed", ()))
    notes = [write_script(options.script, made["script"], made["script_doubt"])] if options.script and made is not None else []
    write_outputs(
        options,
        with_script(record, replay, made),
        lambda: write_replay(record, console),
        *(partial(console.print, Text(note), soft_wrap=True) for note in notes),
    )
    return 0 if cause is None else 1


def _killing(replay: Replay, options: argparse.Namespace) -> int:
    """Play a run that ends the process that runs it, and say how."""
    wanted = [name for name in ("script", "trace", "json", "html", "format") if vars(options).get(name)]
    if wanted:
        raise BadReplay(f"the run ends the process that runs it, so there is no table of it; leave --{wanted[0]} out")
    load(replay.subject, replay.level)
    died = killed_by(replay)
    console = console_for(sys.stdout)
    for line in _told(replay):
        write_line(line, console)
    if died is None:
        write_line(f"subject {replay.subject}: holds (the run does not end the process any more)", console, "bold green")
        return 0
    write_line(f"subject {replay.subject}: violated ({KILLING}: it {died})", console, "bold red")
    return 1


def _told(replay: Replay) -> list[str]:
    """The tasks of a run, and all that happens until the process ends."""
    tasks = [f"{task['name']}  {', '.join(task['operations'])}" for task in task_rows(LEVELS[replay.level], replay.program)]
    return [*tasks, f"then, in order {replay.order.value}: {', '.join(replay.names)}"]


def with_script(record: ReplayRecord, replay: Replay, made: ScriptRecord | None) -> ReplayRecord:
    """The record of a run that still fails, with its replay string and the script."""
    if record["verdict"] == "holds":
        return record
    whole: ReplayRecord = {**record, "replay": replay.string()}
    if made is not None:
        for key in ("script", "script_confirmed", "script_doubt"):
            whole[key] = made[key]
    return whole


def from_stdin() -> str:
    """The run on standard input, as a string. The process may be started anew with another string hash, and then be given that.

    Raises BadReplay.
    """
    try:
        text = text_of_stdin(LARGEST).strip()
    except OSError as error:
        raise BadReplay(f"cannot read standard input: {error.strerror}; give it one run") from None
    except ValueError:
        raise BadReplay("standard input is not text; give it one run") from None
    if text.startswith("{"):
        with NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            text = read(file.name).string()
    sys.orig_argv[:] = [text if word == "-" else word for word in sys.orig_argv]
    return text


def _write_trace(path: str, replay: Replay, trace: list[TraceStep]) -> str:
    """Write the run's trace. Returns a line that says how many operations it has."""
    text = as_tla(trace) if path.endswith(".tla") else json.dumps(as_itf(trace), indent=1) + "\n"
    write_file(path, text)
    count = counted(len(trace), "operation")
    return f"trace: {path} has the {count} that took effect as in the model, of {replay.program.operations()}"
