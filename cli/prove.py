"""`subwarden prove`: search every state of the model within a scope, and check every property on each."""

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import replace
from shlex import quote
from typing import cast

from subwarden.checking.verdict import Verdict
from subwarden.cli.options import EXIT_CODES, count, fitting, folder_path, size
from subwarden.cli.progress.bar import progress
from subwarden.cli.proof_scope import AnyScope, add_scope, head_of, scope_in, scope_of
from subwarden.cli.reporting.outputs import add_outputs, write_outputs
from subwarden.cli.reporting.say import say
from subwarden.processes.signals import ENDING, interruptible
from subwarden.proving.manager import proof as manager_proof
from subwarden.proving.search.crew import Means
from subwarden.proving.search.folder import SearchFolder
from subwarden.proving.search.result import Progress
from subwarden.proving.search.state_file import CannotKeep
from subwarden.proving.server import proof as server_proof
from subwarden.proving.server.scope import ServerScope
from subwarden.reports.layout.console import console_for
from subwarden.reports.proof import write_proof
from subwarden.reports.records.proof import ProofRecord
from subwarden.scheduling.isolation.memory import MEMORY, said, used

USAGE = 3
MAX_STATES = 5_000_000
OF_A_WORKER = 25 << 20  # bytes that a worker takes without any state
BESIDE_WORKERS = 24 << 20  # bytes: this process grows by some, and Python starts another beside workers
LIVENESS_STATES = {"manager": manager_proof.LIVENESS_STATES, "server": server_proof.LIVENESS_STATES}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = subparsers.add_parser("prove", help="search every state of the model within a scope", description=__doc__, epilog=EXIT_CODES)
    add_scope(parser)
    parser.add_argument(
        "--max-states",
        type=int,
        metavar="N",
        default=MAX_STATES,
        help=f"largest number of states kept (default {MAX_STATES:,})",
    )
    parser.add_argument(
        "--memory",
        type=size,
        metavar="SIZE",
        help="memory for the search, in all processes together: 200M, 2G; states beyond it go to disk (default: half of the machine's)",
    )
    parser.add_argument("--jobs", type=count, metavar="N", default=1, help="processes that share the search (default: 1)")
    parser.add_argument("--dir", type=folder_path, metavar="DIR", help="keep the states in this folder, so that the search can be resumed")
    parser.add_argument("--resume", type=folder_path, metavar="DIR", help="continue the search in this folder")
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
    """Prove, print, and return the exit code. Raises CannotKeep, WorkerLost."""
    folder = _folder(args)
    try:
        if folder is not None and args.resume:
            scope, symmetric = scope_in(folder.head(), args, folder.path)
        else:
            scope, symmetric = scope_of(args), not args.no_symmetry
    except ValueError as error:
        say(f"subwarden prove: {error}\n")
        return USAGE
    if args.liveness_states is None:
        args.liveness_states = LIVENESS_STATES[scope.level]
    if args.max_states < 1 or args.liveness_states < 0:
        say("subwarden prove: --max-states must be at least 1, --liveness-states at least 0\n")
        return USAGE
    with closing(folder) if folder is not None else nullcontext():
        if folder is not None:
            if args.resume:
                folder.go_on()
            else:
                folder.begin(head_of(scope, symmetric))
        return _prove(args, scope, symmetric, folder)


def _folder(args: argparse.Namespace) -> SearchFolder | None:
    if args.resume and args.dir not in (None, args.resume):
        raise CannotKeep("--resume continues in the same folder; leave --dir out")
    path = args.resume or args.dir
    return None if path is None else SearchFolder(path)


def _prove(args: argparse.Namespace, scope: AnyScope, symmetric: bool, folder: SearchFolder | None) -> int:
    jobs = fitting("prove", args.jobs)
    MEMORY.allow(args.memory)
    memory = MEMORY.limit()
    means = Means(None, jobs, folder)
    if memory is not None and jobs == 1:
        means = replace(means, memory=max(0, memory - used()), ceiling=memory, used=used)
    elif memory is not None:
        for_workers = max(0, memory - used() - BESIDE_WORKERS)
        means = replace(means, memory=max(0, for_workers - OF_A_WORKER * jobs), ceiling=for_workers // jobs, used=used)
    console = console_for(sys.stdout)
    with interruptible(ENDING) as interrupted, progress(f"subwarden prove --level {scope.level}", "states", quiet=args.quiet) as report:
        before: list[int] = []  # states of an earlier session, or the first

        def tell(at: Progress) -> bool:
            before[:] = before or [at.stored]
            report.more = [f"depth {at.depth}", f"{at.left:,} of this layer left", f"{at.next_layer:,} in the next"]
            report.more += [f"{at.on_disk:,} on disk"] if at.on_disk else []
            report.more = ["checking liveness"] if at.liveness else report.more
            report(at.stored - before[0], 0, 0)
            return not interrupted

        start = time.perf_counter()
        proof = _proof(args, scope, symmetric, means, tell)
        seconds = time.perf_counter() - start
    record = cast(ProofRecord, proof.as_data())

    def tables() -> None:
        write_proof(record, console, all_kinds=args.kinds)
        on_disk = f", {proof.search.on_disk:,} states on disk" if proof.search.on_disk else ""
        bound = "no memory bound" if memory is None else f"memory bound {said(memory)}"
        console.print(f"{seconds:.1f} s{on_disk}, {bound}", highlight=False)

    goes_on = (interrupted or proof.search.stopped is not None) and folder is not None
    line = f"subwarden prove: continue with: subwarden prove --resume {quote(str(folder.path))}\n" if folder is not None else ""
    write_outputs(args, record, tables, *([lambda: say(line)] if goes_on else []))
    return Verdict(proof.verdict.value).exit_code


def _proof(
    args: argparse.Namespace, scope: AnyScope, symmetric: bool, means: Means, tell: Callable[[Progress], bool]
) -> manager_proof.Proof:
    bounds = {"max_states": args.max_states, "liveness_states": args.liveness_states}
    if isinstance(scope, ServerScope):
        return server_proof.prove_server(scope, symmetric, **bounds, progress=tell, means=means)
    return manager_proof.prove(scope, symmetric, **bounds, progress=tell, means=means)
