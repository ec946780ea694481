"""The folder of a hunt, so that nothing is lost when the hunt is stopped, or a part of it is killed.

- one JSON file for each cause found, as `subwarden replay` reads it, written the moment the cause is known, and again when it is smaller;
- `journal.jsonl`: a line for each event, and every few seconds a line with the work since;
- `ends.json`: the end states of runs (bounded digests), for the estimate of the unseen ones; written once a minute and at the end.

Files other than the journal are replaced, never rewritten: a reader sees the old or the new one whole.
"""

import json
from itertools import count
from pathlib import Path
from typing import Any, cast

from subwarden.checking.causes import Cause
from subwarden.files.bounded import text_of
from subwarden.files.journal import DAMAGED, LARGEST, Journal, Words
from subwarden.files.whole_file import write_whole
from subwarden.reports.records.hunt import KillingRecord
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.coverage.good_turing import DigestCounter
from subwarden.stateful_tests.hunt.encoding import decode, encode
from subwarden.stateful_tests.hunt.work import Kept, Totals, Work
from subwarden.stateful_tests.runs import replay

ROOT = Path(".subwarden") / "hunt"
JOURNAL = "journal.jsonl"
END_STATES = "ends.json"
OWN = (JOURNAL, END_STATES)
SCHEMA = "subwarden/hunt-journal/2"
MEND = "make the folder writable and free some disk space, then continue with --resume"
WORDS = Words("hunt", MEND, "start a new hunt with --dir, or remove the line and lose its counts")
HEAD = {"subject", "seed", "order"}  # needed to resume a hunt
ORDERS = (*(order.value for order in Order), "all")
LEVELS = ("manager", "server")  # that a hunt may keep to


class BadFolder(Exception):
    """A folder that does not hold a hunt, or cannot be written; the message says how to mend it."""


def default_folder(subject: str) -> Path:
    """The folder of a hunt of `subject` without `--dir`."""
    return ROOT / "".join(ch if ch.isalnum() else "-" for ch in subject)


class Folder:
    """The folder of one hunt. Raises BadFolder if it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = Journal(path / JOURNAL, WORDS, BadFolder)

    # --- writing

    def begin(self, head: dict[str, Any]) -> Path | None:
        """Make the folder for a new hunt. An earlier hunt that is there is moved aside; returns where to."""
        aside: Path | None = None
        with self.journal.using():
            if self.journal.path.exists():
                self.journal.hold()
                aside = self._free_name()
                self.path.rename(aside)
        self.journal.begin({"schema": SCHEMA, **head})
        return aside

    def close(self) -> None:
        """Let others use the folder. The end of the process does that too."""
        self.journal.close()

    def _free_name(self) -> Path:
        names = (self.path.with_name(f"{self.path.name}.{number}") for number in count(1))
        return next(name for name in names if not name.exists())

    def go_on(self) -> None:
        """Before a hunt that was cut off goes on."""
        self.journal.go_on()
        self.journal.add({"resumed": True})

    def keep(self, subject: str, kept: Kept) -> Path:
        """Write a finding, in place of an earlier one of the same cause."""
        finding = kept.finding
        path = self.path / f"{finding.cause.slug()}.json"
        self._replace(path, encode(subject, kept))
        self.journal.add({"found": finding.cause.slug(), "order": finding.order.value, "shrunk": kept.shrunk})
        return path

    def drop(self, cause: Cause) -> Path:
        """Move a finding that is none any more out of the way."""
        path = self.path / f"{cause.slug()}.json"
        gone = self.path / "gone" / path.name
        gone.parent.mkdir(exist_ok=True)
        path.replace(gone)
        self.journal.add({"gone": cause.slug()})
        return gone

    def keep_killing(self, name: str, run: dict[str, Any]) -> Path:
        """Write a run that ends the process that runs it."""
        path = self.path / "killing" / f"{name}.json"
        with self.journal.writing(path):
            path.parent.mkdir(exist_ok=True)
        self._replace(path, run)
        return path

    def keep_end_states(self, totals: Totals) -> None:
        """Write the end states of runs."""
        self._replace(self.path / END_STATES, {check: counter.encode() for check, counter in totals.end_states.items()})

    def _replace(self, path: Path, data: dict[str, Any]) -> None:
        indent = None if path.name == END_STATES else 1
        with self.journal.writing(path):
            write_whole(path, json.dumps(data, indent=indent, sort_keys=True) + "\n")

    # --- reading

    def head(self) -> dict[str, Any]:
        """The head of the journal: subject, seed, order and level of the hunt."""
        return dict(self._lines()[0]["began"])

    def totals(self, digest: str | None = None) -> Totals:
        """The work of all sessions. `digest`: of the subject's file now; that another one ended its process says nothing of this one."""
        totals = Totals()
        for number, line in enumerate(self._lines(), 1):
            with self.journal.reading(number):
                if "did" in line:
                    totals.seconds += line["did"]["seconds"]
                    totals.rounds.update({int(worker): done for worker, done in line["did"]["rounds"].items()})
                    for check, work in line["did"]["work"].items():
                        totals.add(check, Work.decode(work))
                elif "killing" in line and digest in (None, line.get("digest")):
                    totals.killing.append(KillingRecord(**cast("KillingRecord", line["killing"])))
        try:
            counters = json.loads(text_of(self.path / END_STATES, LARGEST))
            totals.end_states = {check: DigestCounter.decode(counter) for check, counter in counters.items()}
        except FileNotFoundError:
            pass  # stopped in its first minute
        except (OSError, *DAMAGED) as error:
            raise BadFolder(
                f"cannot read {self.path / END_STATES}: {error}; remove it, and the estimate of unseen end states starts again"
            ) from None
        return totals

    def findings(self) -> dict[Cause, Kept]:
        """The known findings. Raises BadReplay for a file that is no replay."""
        found: dict[Cause, Kept] = {}
        for path in sorted(self.path.glob("*.json")):
            if path.name in OWN:
                continue
            run = replay.read(str(path))
            data = json.loads(text_of(path, LARGEST))
            try:
                kept = decode(run, data)
                found[kept.finding.cause] = kept
            except (KeyError, IndexError, TypeError) as error:
                raise BadFolder(
                    f"{path} is not a finding of a hunt ({type(error).__name__}: {error}); move it out of {self.path}"
                ) from None
        return found

    def _lines(self) -> list[dict[str, Any]]:
        lines = self.journal.lines()
        with self.journal.reading(1):
            schema = lines[0]["began"]["schema"]
            if schema != SCHEMA:
                made = f"{self.path} is of another version ({schema!r}; this version reads {SCHEMA!r})"
                raise BadFolder(f"{made}; `subwarden replay FILE` still plays each finding; start a new hunt with --dir")
            _check_head(lines[0]["began"])
        return lines


def _check_head(head: dict[str, Any]) -> None:
    """Raises ValueError for a head that no hunt wrote."""
    if not head.keys() >= HEAD:
        raise ValueError(f"it does not name all of {', '.join(sorted(HEAD))}")
    if not isinstance(head["subject"], str) or not isinstance(head["seed"], int):
        raise ValueError("its subject must be a name and its seed a whole number")
    if head["order"] not in ORDERS:
        raise ValueError(f"its order {head['order']!r} is none of {', '.join(ORDERS)}")
    if head.get("level") not in (None, *LEVELS):
        raise ValueError(f"its level {head['level']!r} is none of {', '.join(LEVELS)}")
