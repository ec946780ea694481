"""`subwarden replay`: play one recorded run again, exactly. Exit code 1 if it still fails, 0 if not, 3 if it cannot be followed."""

import argparse
import json
import platform
import sys
from pathlib import Path
from typing import Any

from rich.text import Text

from subwarden.cli import exec_subject as process_subject
from subwarden.cli.options import CannotWrite, output
from subwarden.impl.subjects import canonical
from subwarden.reports.gate import console_for
from subwarden.reports.record import ScriptRecord
from subwarden.reports.replay import write_replay
from subwarden.scheduling.order import Order
from subwarden.scheduling.string_hash import restart
from subwarden.stateful_tests.exec.saved import read as read_process_run
from subwarden.stateful_tests.runs.follow import follow
from subwarden.stateful_tests.runs.record import script_record
from subwarden.stateful_tests.runs.replay import BadReplay, Replay, read
from subwarden.stateful_tests.subjects.loading import blaming, load
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.trace import Tracer
from subwarden.stateful_tests.tla.traces import TraceStep, as_itf, as_tla


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("replay", help="play a recorded run again", description=__doc__)
    parser.add_argument("replay", metavar="FILE-OR-STRING", help="what a finding's replay line says, or a file that holds it")
    parser.add_argument("--subject", type=canonical, metavar="NAME", help="insist that the replay was made for this subject")
    parser.add_argument(
        "--script", type=output, metavar="FILE", help="write the run there as a script of plain asyncio, without this harness, and run it"
    )
    parser.add_argument("--trace", type=output, metavar="FILE", help="write what took effect as ITF JSON, or to NAME.tla for TLC")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Follow the replay and report what it shows."""
    saved = read_process_run(options.replay)
    if saved is not None:
        return process_subject.replay(saved, options)
    replay = read(options.replay)
    if options.subject not in (None, replay.subject):
        raise BadReplay(f"the replay was made for subject {replay.subject}, not {options.subject}; leave --subject out to replay it there")
    if options.script and replay.order is not Order.FIFO:
        raise BadReplay(f"the replay is in the order {replay.order.value}, which stock asyncio does not promise; --script is for fifo only")
    if options.trace and replay.level != MANAGER_LEVEL.name:
        raise BadReplay(
            f"the replay is of {replay.level}; --trace writes traces of {MANAGER_LEVEL.name} only, for which there is a twin in TLA+"
        )
    if replay.hash_seed is not None:
        restart(replay.hash_seed)
    factory = load(replay.subject, replay.level)
    tracer = Tracer()
    record, cause = follow(replay, factory, [tracer] if options.trace else [])
    console = console_for(sys.stdout)
    if options.trace:
        console.print(Text(_write_trace(options.trace, replay, tracer.trace)))
    write_replay(record, console)
    if cause is None:
        return 0
    if options.script:
        with blaming(replay.subject):
            made = script_record(replay, cause)
        console.print(Text(_write_script(options.script, made)))
    return 1


def _write_script(path: str, made: ScriptRecord) -> str:
    """Write the script, if there is one, and say what came of running it."""
    if made["script"] is None:
        return f"plain asyncio: no script ({made['script_doubt']})"
    try:
        Path(path).write_text(made["script"], encoding="utf-8")
    except OSError as error:
        raise CannotWrite(f"cannot write {path}: {error.strerror}; give a file in a folder that exists") from None
    if made["script_doubt"]:
        return f"plain asyncio: {path} is written, but shows nothing ({made['script_doubt']})"
    return f"plain asyncio: {path} is written; it was run, and fails on the stock event loop of Python {platform.python_version()}"


def _write_trace(path: str, replay: Replay, trace: list[TraceStep]) -> str:
    """Write the run's trace, and say how far it goes."""
    text = as_tla(trace) if path.endswith(".tla") else json.dumps(as_itf(trace), indent=1) + "\n"
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotWrite(f"cannot write {path}: {error.strerror}; give a file in a folder that exists") from None
    count = f"{len(trace)} operation{'s' if len(trace) != 1 else ''}"
    return f"trace: {path} has the {count} that took effect as the model says, of {replay.program.operations()}"
