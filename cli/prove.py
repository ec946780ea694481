"""`subwarden prove`: search every state of the model within a scope, and check every property on each."""

import argparse
import sys
import time
from typing import Any, cast

from subwarden.checking.verdict import Verdict
from subwarden.cli.options import EXIT_CODES, level
from subwarden.cli.progress.bar import progress
from subwarden.cli.reporting.outputs import add_outputs, write_outputs
from subwarden.cli.reporting.say import say
from subwarden.proving.manager import proof as manager_proof
from subwarden.proving.manager.scope import Scope
from subwarden.proving.search.result import Progress
from subwarden.proving.server import proof as server_proof
from subwarden.proving.server.scope import EXTRAS, ServerScope
from subwarden.reports.layout.console import console_for
from subwarden.reports.proof import write_proof
from subwarden.reports.records.proof import ProofRecord
from subwarden.stateful_tests.exploring.signals import CTRL_C, interruptible

USAGE = 3
BYTES_A_STATE = {"manager": 200, "server": 150}  # measured with all that goes with it; manager: 95 without calls in flight, 205 with one
MAX_STATES = 5_000_000
LIVENESS_STATES = {"manager": manager_proof.LIVENESS_STATES, "server": server_proof.LIVENESS_STATES}
LEVELS: dict[str, Scope | ServerScope] = {"manager": Scope(), "server": ServerScope()}
OPTIONS = {  # a number each, and the levels at which it means something
    "connections": ("manager", "server"),
    "threads": ("manager", "server"),
    "subscriptions": ("manager", "server"),
    "requests": ("server",),
    "conversations": ("manager",),
    "in-flight": ("manager",),
    "items": ("manager",),
}
FIELDS = {"requests": "in_flight", "in-flight": "in_flight"}  # where the scope has another name
TEXTS = {
    "connections": "connections",
    "threads": "threads",
    "subscriptions": "explicit subscription ids",
    "requests": "requests in flight at a time",
    "conversations": "conversations of each thread; 0: no listeners",
    "in-flight": "calls in flight at a time; 0: every operation is one step",
    "items": "items of a turn",
}
SWITCHES = ("no-turns", "no-raw")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = subparsers.add_parser("prove", help="search every state of the model within a scope", description=__doc__, epilog=EXIT_CODES)
    parser.add_argument("--level", type=level, default="manager", metavar="{manager,server}", help="which model (default: manager)")
    # numbers have no default here: which it is, and whether the option means anything, depends on the level
    for option, of_level in OPTIONS.items():
        field = FIELDS.get(option, option)
        defaults = [f"{getattr(scope, field)}" for name, scope in LEVELS.items() if name in of_level]
        default = " and ".join(dict.fromkeys(defaults))
        only = f"level {of_level[0]}: " if len(of_level) == 1 else ""
        parser.add_argument(f"--{option}", type=int, metavar="N", help=f"{only}{TEXTS[option]} (default {default})")
    parser.add_argument("--no-turns", action="store_true", help="level manager: without turns")
    parser.add_argument("--no-raw", action="store_true", help="level manager: without raw events")
    parser.add_argument("--no-symmetry", action="store_true", help="keep every state, not one of each orbit under renaming")
    parser.add_argument("--extras", metavar="A,B", help=f"level server: parts of the model beside its core: {', '.join(EXTRAS)}")
    parser.add_argument(
        "--max-states",
        type=int,
        metavar="N",
        default=MAX_STATES,
        help=f"largest number of states kept (default {MAX_STATES:,})",
    )
    parser.add_argument(
        "--liveness-states",
        type=int,
        metavar="N",
        help="largest number of states that are checked for calls without an answer (default {manager:,}; level server: {server:,})".format(
            **LIVENESS_STATES
        ),
    )
    add_outputs(parser)
    parser.add_argument("--kinds", action="store_true", help="also print the number of transitions of each kind")
    parser.add_argument("--quiet", action="store_true", help="print no progress")
    parser.add_argument("--subject", type=_no_subject, help=argparse.SUPPRESS)  # users of gate and hunt try it
    parser.set_defaults(run=run)


def _no_subject(text: str) -> str:
    raise argparse.ArgumentTypeError(
        f"prove takes no subject: it searches the model; compare {text} with it by `subwarden gate --subject {text}`"
    )


def run(args: argparse.Namespace) -> int:
    """Prove, print, and return the exit code."""
    try:
        scope = _scope(args)
    except ValueError as error:
        say(f"subwarden prove: {error}\n")
        return USAGE
    max_states, liveness_states = args.max_states, args.liveness_states
    if liveness_states is None:
        liveness_states = LIVENESS_STATES[args.level]
    if max_states < 1 or liveness_states < 0:
        say("subwarden prove: --max-states must be at least 1, --liveness-states at least 0\n")
        return USAGE
    console = console_for(sys.stdout)
    with interruptible(CTRL_C) as interrupted, progress(f"subwarden prove --level {args.level}", "states", quiet=args.quiet) as report:

        def tell(at: Progress) -> bool:
            report.more = [f"depth {at.depth}", f"{at.left:,} of this layer left", f"{at.next_layer:,} in the next"]
            report(at.stored, 0, 0)
            return not interrupted

        start = time.perf_counter()
        if isinstance(scope, ServerScope):
            proof = server_proof.prove_server(scope, not args.no_symmetry, max_states, liveness_states, tell)
        else:
            proof = manager_proof.prove(scope, not args.no_symmetry, max_states, liveness_states, tell)
        seconds = time.perf_counter() - start
    record = cast(ProofRecord, proof.as_data())
    stored, bound = (_megabytes(states, args.level) for states in (proof.search.stored, max_states))

    def tables() -> None:
        write_proof(record, console, all_kinds=args.kinds)
        console.print(f"{seconds:.1f} s; about {stored} MB for states, bound {bound} MB")

    write_outputs(args, record, tables)
    return Verdict(proof.verdict.value).exit_code


def _scope(args: argparse.Namespace) -> Scope | ServerScope:
    """The scope of the options. Raises ValueError for an option that the level does not have."""
    foreign = [option for option, of_level in OPTIONS.items() if args.level not in of_level and _given(args, option) is not None]
    foreign += [option for option in SWITCHES if args.level != "manager" and _given(args, option)]
    foreign += ["extras"] if args.level != "server" and args.extras is not None else []
    if foreign:
        raise ValueError(f"--{foreign[0]} is not an option of level {args.level}")
    numbers = {FIELDS.get(o, o): _given(args, o) for o in OPTIONS if _given(args, o) is not None}
    if args.level == "server":
        return ServerScope(**numbers, extras=tuple(sorted({e.strip() for e in args.extras.split(",")})) if args.extras else ())
    if args.no_turns:
        numbers["items"] = None
    return Scope(**numbers, raw=not args.no_raw)


def _given(args: argparse.Namespace, option: str) -> Any:
    return vars(args)[option.replace("-", "_")]


def _megabytes(states: int, of_level: str) -> str:
    return f"{max(1, states * BYTES_A_STATE[of_level] // 1_000_000):,}"
