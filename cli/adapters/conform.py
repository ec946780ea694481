"""`subwarden conform COMMAND`: check that a program speaks the protocol of docs/exec-protocol.md."""

import argparse
import sys
from functools import partial
from typing import Any

from subwarden.checking.verdict import Verdict
from subwarden.cli.exec_subject import LIMIT
from subwarden.cli.options import duration
from subwarden.cli.reporting.deliver import deliver
from subwarden.cli.reporting.outputs import add_outputs, write_outputs
from subwarden.reports.exec import write_check
from subwarden.reports.gate import COLOURS
from subwarden.reports.layout.console import console_for
from subwarden.reports.layout.wrapping import write_searchable
from subwarden.reports.records.exec import ProtocolCheckRecord, ProtocolRecord
from subwarden.stateful_tests.exec.conformance.conformance import FAIL, PASS, conform
from subwarden.stateful_tests.exec.models.named import model_of
from subwarden.stateful_tests.exec.process import PREFIX

EXIT = "exit codes: 0 it conforms, 1 it does not, 3 no such program, usage or internal error"


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "conform", help="check that a program speaks the protocol of exec: subjects", description=__doc__, epilog=EXIT
    )
    parser.add_argument("command", metavar="COMMAND", help="as in --subject exec:COMMAND; quote it if it has arguments")
    parser.add_argument("--model", metavar="FILE.py:NAME", help="its operations are those of a model of your own (default: core)")
    parser.add_argument(
        "--answer-within", type=duration, default=LIMIT, metavar="SECONDS", help=f"longest time for an answer (default: {LIMIT:g})"
    )
    add_outputs(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check, and print each check as it ends. Raises BadProcess where there is no such command."""
    command = options.command.removeprefix(PREFIX)
    console = console_for(sys.stdout)
    lines: list[ProtocolCheckRecord] = []
    for line in conform(command, options.answer_within, model_of(options.model)):
        lines.append({"name": line.name, "verdict": line.verdict, "said": line.said, "mend": line.mend})
        if not options.format:
            deliver(options.verb, partial(write_check, lines[-1], console))
    failed = sum(line["verdict"] == FAIL for line in lines)
    passed = sum(line["verdict"] == PASS for line in lines)
    verdict = Verdict.VIOLATED if failed else Verdict.HOLDS
    count = f"{passed} checks passed, {failed} failed, {len(lines) - passed - failed} skipped"
    said = f"{command}: {'does not conform' if failed else 'conforms'} ({count})"
    record: ProtocolRecord = {"schema": "subwarden/conform/1", "command": command, "verdict": verdict.value, "checks": lines}
    write_outputs(options, record, lambda: write_searchable(said, console, f"bold {COLOURS[verdict.value]}"))
    return verdict.exit_code
