"""`subwarden prove`: everything the model can do within a scope, every property on every state."""

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console

from model.proof import LIVENESS_STATES, Proof, prove
from model.scope import Scope
from model.search import Progress, Verdict
from reports.proof import print_proof
from reports.text import console_for

EXIT_CODES = {Verdict.HOLDS: 0, Verdict.VIOLATED: 1, Verdict.INCONCLUSIVE: 2}
USAGE = 3
BYTES_A_STATE = 200  # measured with all that goes with it: 95 without calls in flight, 205 with one
DEFAULT = Scope()


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = subparsers.add_parser("prove", help="search everything the model can do within a scope", description=__doc__)
    parser.add_argument("--level", type=int, choices=[1], default=1, help="1: the manager")
    for name, text in (
        ("connections", "connections"),
        ("threads", "threads"),
        ("subscriptions", "explicit subscription ids"),
        ("conversations", "conversations that each thread can be loaded as; 0: no listeners"),
        ("in-flight", "calls that can be open while others happen; 0: every operation is one step"),
    ):
        default = getattr(DEFAULT, name.replace("-", "_"))
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"{text} (default {default})")
    parser.add_argument("--items", type=int, default=DEFAULT.items, metavar="N", help=f"items counted in a turn (default {DEFAULT.items})")
    parser.add_argument("--no-turns", action="store_true", help="leave turn tracking out")
    parser.add_argument("--no-raw", action="store_true", help="leave raw events out")
    parser.add_argument("--no-symmetry", action="store_true", help="keep every state, not one of each orbit under renaming")
    parser.add_argument(
        "--max-states", type=int, default=5_000_000, metavar="N", help="states to keep at most, about 200 bytes each (default 5,000,000)"
    )
    parser.add_argument(
        "--liveness-states",
        type=int,
        default=LIVENESS_STATES,
        metavar="N",
        help=f"look for calls that are never answered among at most so many states (default {LIVENESS_STATES:,})",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the proof as JSON too")
    parser.add_argument("--kinds", action="store_true", help="print transitions by kind")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--subject", type=_no_subject, help=argparse.SUPPRESS)  # asked for by users of gate and hunt
    parser.set_defaults(run=run)


def _no_subject(text: str) -> str:
    possible = f"hold {text} against it with `subwarden gate --subject {text}`"
    raise argparse.ArgumentTypeError(f"prove is about the model alone and takes no subject; {possible}")


def run(args: argparse.Namespace) -> int:
    """Prove, print, and return the exit code: 0 holds, 1 violated, 2 inconclusive, 3 usage."""
    try:
        scope = Scope(
            connections=args.connections,
            threads=args.threads,
            subscriptions=args.subscriptions,
            conversations=args.conversations,
            items=None if args.no_turns else args.items,
            raw=not args.no_raw,
            in_flight=args.in_flight,
        )
    except ValueError as error:
        print(f"subwarden prove: {error}", file=sys.stderr)
        return USAGE
    if args.max_states < 1 or args.liveness_states < 0:
        print("subwarden prove: --max-states is at least 1, --liveness-states at least 0", file=sys.stderr)
        return USAGE
    console, status = console_for(sys.stdout), Console(stderr=True)
    with _interruptible() as interrupted:
        tell = Teller(status, quiet=args.quiet)

        def progress(at: Progress) -> bool:
            tell(at)
            return not interrupted

        start = time.perf_counter()
        proof = prove(scope, not args.no_symmetry, args.max_states, args.liveness_states, progress)
        seconds = time.perf_counter() - start
    print_proof(proof, console, args.kinds)
    console.print(f"{seconds:.1f} s; about {_megabytes(proof.search.stored)} MB for states, bound {_megabytes(args.max_states)} MB")
    if args.json is not None:
        return _write(args.json, proof)
    return EXIT_CODES[proof.verdict]


def _megabytes(states: int) -> str:
    return f"{max(1, states * BYTES_A_STATE // 1_000_000):,}"


def _write(path: Path, proof: Proof) -> int:
    try:
        path.write_text(json.dumps(proof.as_data(), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        print(f"subwarden prove: cannot write {path}: {error.strerror}", file=sys.stderr)
        return USAGE
    return EXIT_CODES[proof.verdict]


class Teller:
    """Says how far a search has got, at most once a second."""

    def __init__(self, console: Console, quiet: bool) -> None:
        self._console, self._quiet = console, quiet
        self._next = time.monotonic() + 1

    def __call__(self, at: Progress) -> None:
        if self._quiet or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + 1
        self._console.print(f"depth {at.depth}: {at.stored:,} states, {at.left:,} of this layer left, {at.next_layer:,} in the next")


@contextmanager
def _interruptible() -> Iterator[list[bool]]:
    """A list that is filled by Ctrl-C, so that a search can end by telling how far it got. A second Ctrl-C ends it at once."""
    interrupted: list[bool] = []

    def handle(signum: int, frame: FrameType | None) -> None:
        if interrupted:
            raise KeyboardInterrupt
        interrupted.append(True)

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
