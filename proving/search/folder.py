"""The folder of a search, so that one that is stopped, or killed, goes on after the last layer that it finished.

- the files of states of each layer (`proving.search.state_file`);
- `search.jsonl`: what is searched, and a line for each finished layer with all that was counted up to it; only ever added to.

A last line that was cut off is ignored, and files of a layer without a line are of one that was not finished.
"""

import fcntl
import json
import os
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from subwarden.proving.search.state_file import MEND, CannotKeep, Layer, Packing, StateFile, checksum, keeping

JOURNAL = "search.jsonl"
SCHEMA = "subwarden/search/1"
ROOMS = ("model", "proving")  # the code that gives a state its meaning
DAMAGED = (ValueError, RecursionError, KeyError, TypeError, AttributeError, IndexError)  # raised by reading other data


def code_digest() -> str:
    """A digest of the code that gives a state its meaning."""
    root, digest = Path(__file__).parents[2], sha256()
    for path in sorted(path for room in ROOMS for path in (root / room).rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


class Explored(NamedTuple):
    """What a search had explored at the end of its last finished layer. `whole`: there was no further state."""

    layers: list[Layer]
    orbits: list[int] | None
    expanded: int
    kinds: Counter[str]
    met: dict[str, bool]
    whole: bool


class SearchFolder:
    """The folder of one search. Raises CannotKeep."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held: Any = None  # open for as long as this process searches there

    def begin(self, head: Mapping[str, Any]) -> None:
        """Make the folder for a new search: `head` says what is searched."""
        try:
            there = (self.path / JOURNAL).exists()
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotKeep(f"cannot use {self.path}: {error.strerror}; give another folder with --dir") from None
        if there:
            raise CannotKeep(f"{self.path} has a search already; go on with --resume {self.path}, or give another folder")
        self._write({"began": {"schema": SCHEMA, "code": code_digest(), **head}})
        self._hold()

    def head(self) -> dict[str, Any]:
        """What the search in the folder searches. Raises CannotKeep for one of another version."""
        try:
            head = dict(self._lines()[0]["began"])
        except DAMAGED as error:
            raise CannotKeep(f"{self.path / JOURNAL} cannot be read ({error}); begin anew with --dir") from None
        if head.get("schema") != SCHEMA or head.get("code") != code_digest():
            raise CannotKeep(f"{self.path} is of another version of the model or of subwarden; begin anew with --dir")
        return head

    def go_on(self) -> None:
        """Before the search goes on: a torn last line must not run into the next, and what was not finished goes."""
        path = self.path / JOURNAL
        with keeping(path):
            self._hold()
            text = path.read_bytes()
            if not text.endswith(b"\n"):
                with path.open("r+b") as file:
                    file.truncate(text.rfind(b"\n") + 1)
            finished = self._finished_files()
            for file_of_states in self.path.glob("*.states"):
                if file_of_states.name not in finished:
                    file_of_states.unlink()

    def _finished_files(self) -> set[str]:
        try:
            return {name for line in self._lines()[1:] for name in line["files"]}
        except DAMAGED as error:
            raise CannotKeep(f"{self.path / JOURNAL} is damaged ({error}); begin anew with --dir") from None

    def close(self) -> None:
        """Let others use the folder. The end of the process does that too."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def finished(self, explored: Explored) -> None:
        """Write down that the last layer of `explored` is finished."""
        layer = explored.layers[-1]
        with keeping(self.path):
            self._flush_names()
        self._write(
            {
                "layer": len(explored.layers) - 1,
                "states": len(layer),
                "orbits": None if explored.orbits is None else explored.orbits[-1],
                "expanded": explored.expanded,
                "kinds": explored.kinds,
                "met": explored.met,
                "whole": explored.whole,
                "files": {path.name: checksum(path) for path in layer.files()},
            }
        )

    def explored(self, width: int) -> Explored | None:
        """What was explored; None if no layer was finished."""
        packing, layers, orbits = Packing(width), list[Layer](), list[int]()
        last: dict[str, Any] | None = None
        try:
            for line in self._lines()[1:]:
                if line["layer"] == len(layers):  # the line of a whole search tells the last layer once more
                    layers.append(Layer([self._kept(name, summed, packing) for name, summed in line["files"].items()]))
                    orbits += [] if line["orbits"] is None else [line["orbits"]]
                if len(layers[-1]) != line["states"]:
                    raise CannotKeep(f"{self.path} is damaged: layer {line['layer']} lacks states; begin anew with --dir")
                last = line
            if last is None:
                return None
            return Explored(layers, orbits or None, last["expanded"], Counter(last["kinds"]), last["met"], last["whole"])
        except DAMAGED as error:
            raise CannotKeep(f"{self.path / JOURNAL} is damaged ({error}); begin anew with --dir") from None

    def _kept(self, name: str, summed: int, packing: Packing) -> StateFile:
        """A file as it was written: another state there would be searched, and could make a false proof."""
        path = self.path / name
        if checksum(path) != summed:
            raise CannotKeep(f"{self.path} is damaged: {name} has changed since it was written; begin anew with --dir")
        return StateFile(path, packing)

    def _flush_names(self) -> None:
        """The names of the files of states are on the disk before a line says so."""
        number = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)

    def _hold(self) -> None:
        """Two searches in one folder would undo each other. The lock goes with the process, however that ends."""
        file = (self.path / JOURNAL).open("rb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise CannotKeep(f"a search is running in {self.path}; wait for it, or give another folder with --dir") from None
        self.close()
        self._held = file

    def _write(self, line: dict[str, Any]) -> None:
        try:
            with (self.path / JOURNAL).open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, separators=(",", ":")) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise CannotKeep(f"cannot write {self.path / JOURNAL}: {error.strerror}; {MEND}") from None

    def _lines(self) -> list[dict[str, Any]]:
        path = self.path / JOURNAL
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise CannotKeep(f"{self.path} has no search (no {JOURNAL}); give the folder of a search, or begin one with --dir") from None
        except OSError as error:
            raise CannotKeep(f"cannot read {path}: {error.strerror}; give the folder of a search") from None
        return [json.loads(line) for line in text.split("\n")[:-1]]
