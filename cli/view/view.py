"""`subwarden view`: lead a run by hand, in a browser. At each step choose what happens next; go back; keep the schedule as a replay."""

import argparse
import sys
import threading
import webbrowser
from contextlib import closing
from pathlib import Path
from typing import Any

from subwarden.cli.options import duration
from subwarden.cli.replay import add_subject, from_stdin
from subwarden.cli.view.found import BadView, run_in
from subwarden.cli.view.server import Server
from subwarden.cli.view.serving import Serving
from subwarden.cli.written.play import adapter_program
from subwarden.impl.subjects import canonical
from subwarden.scheduling.order import Order
from subwarden.scheduling.string_hash import restart
from subwarden.stateful_tests.exec.process import PREFIX
from subwarden.stateful_tests.exec.saved import SavedRun
from subwarden.stateful_tests.exec.saved import read as read_process_run
from subwarden.stateful_tests.explore.code import MARK as SCENARIO_MARK
from subwarden.stateful_tests.explore.code import Coded, decode
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.runs.found.kept import NAME, file_of
from subwarden.stateful_tests.runs.replay import ANY_MARK, Replay, read
from subwarden.stateful_tests.runs.trust import allow, remember
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.subjects.scenario.play import Rules
from subwarden.stateful_tests.subjects.scenario.scenario import load_scenario
from subwarden.stateful_tests.walking.exec_walk import ExecWalk
from subwarden.stateful_tests.walking.level_walk import LevelWalk
from subwarden.stateful_tests.walking.scenario_walk import ScenarioWalk
from subwarden.stateful_tests.walking.walk import Walk

EXIT = "exit codes: 0 ended, 3 usage or internal error"
IDLE = "30m"


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("view", help="lead a run by hand, in a browser", description=__doc__, epilog=EXIT)
    parser.add_argument(
        "viewed",
        metavar="RUN",
        help="a saved run, as replay takes it; a record that --json wrote; or, without a run, a scenario FILE.py:NAME or an adapter",
    )
    parser.add_argument("--finding", metavar="N", help="of a record: the number or the name of the finding (default: the first)")
    parser.add_argument("--program", metavar="FILE", help="of an adapter: the program to run, a task a line, as play takes it")
    parser.add_argument("--replay", metavar="STRING", help="of a scenario: the run to begin with, as explore prints it")
    parser.add_argument(
        "--order", choices=[order.value for order in Order], default=Order.FIFO.value, help="of a run that is not saved (default: fifo)"
    )
    add_subject(parser)
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="the port on loopback (default: a free one)")
    parser.add_argument(
        "--idle", type=duration, default=duration(IDLE), metavar="TIME", help=f"end when nobody has used it for so long (default: {IDLE})"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve the page until it is closed. Returns 0. Raises BadReplay, BadView, BadSubject, BadScenario, BadProgram."""
    with closing(walk_of(options)) as walk:
        walk.at(walk.head["recorded"])  # a run that cannot be followed is said here, not in a browser
        return serve(walk, options.idle, options.port, options.open)


def serve(walk: Walk, idle: float, port: int = 0, opens: bool = False) -> int:
    """Serve `walk`, and print where."""
    try:
        server = Server(Serving(walk), idle, port)
    except OSError as error:
        raise BadView(f"cannot listen on port {port}: {error.strerror}; give another with --port") from None
    why = "stopped"
    try:
        sys.stdout.write(f"{walk.head['title']}: open {server.address} (Ctrl-C ends it)\n")
        sys.stdout.flush()
        if opens:
            # in a thread: a browser in the terminal, or one that `BROWSER` names, returns when it has ended, and asks for the page before
            threading.Thread(target=webbrowser.open, args=(server.address,), daemon=True).start()
        with running():  # around all runs, so that each of them begins at once
            why = server.run()
    except KeyboardInterrupt:
        sys.stdout.write("\n")
    finally:
        server.close()
    sys.stdout.write(f"subwarden view: ended ({why})\n")
    return 0


def walk_of(options: argparse.Namespace) -> Walk:
    """The walk that the command line asks for. Raises as `run`."""
    text = from_stdin() if options.viewed == "-" else options.viewed
    is_run = text.startswith(SCENARIO_MARK) or ANY_MARK.match(text) or NAME.fullmatch(text) or Path(text).exists()
    if not is_run and ":" in text:
        return _not_saved(text, options)
    if options.program or options.replay:
        raise BadView(f"{text[:80]} is a saved run; --program and --replay are for an adapter or a scenario")
    if text.startswith(SCENARIO_MARK):
        raise BadView(f"{text[:80]} is a run of a scenario, which it does not name; give `FILE.py:NAME --replay {text[:80]}`")
    found = run_in(file_of(text), options.finding)
    if found.scenario is not None:
        coded = decode(found.replay)
        allow(found.scenario, "", "the record", named=options.subject == found.scenario)
        return _scenario(found.scenario, coded, coded.rules)
    process = read_process_run(found.replay)
    if process is not None:
        return _process(process, options.subject)
    return _saved(read(found.replay), options.subject)


def _saved(replay: Replay, named: str | None) -> Walk:
    if named not in (None, replay.subject):
        raise BadView(f"the run was made for subject {replay.subject}, not {named}; leave --subject out to see it there")
    allow(replay.subject, replay.digest, "the run", named=named is not None)
    restart(replay.hash_seed or 0)
    return LevelWalk(replay, load(replay.subject, replay.level))


def _process(saved: SavedRun, named: str | None) -> Walk:
    subject = PREFIX + saved.command
    if named not in (None, subject):
        raise BadView(f"the run was made for subject {subject}, not {named}; leave --subject out to see it there")
    allow(subject, "", "the run", named=named is not None)
    if saved.model:
        allow(saved.model, saved.digest, "the run", named=named is not None, mend=subject)
    restart(saved.hash_seed)
    return ExecWalk(saved)


def _not_saved(name: str, options: argparse.Namespace) -> Walk:
    order = Order(options.order)
    remember(name)
    if options.program is None:
        coded = None if options.replay is None else decode(options.replay)
        return _scenario(name, coded, Rules(order))
    restart(0)
    subject = canonical(name)
    level, program = adapter_program(subject, options.program, "view")
    return LevelWalk(Replay(subject, order, program, (), "", level), load(subject, level))


def _scenario(name: str, coded: Coded | None, rules: Rules) -> Walk:
    if coded is not None:
        restart(coded.hash_seed or 0)
    return ScenarioWalk(load_scenario(name), rules, coded)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give a whole number up to 65535")
    return int(text)
