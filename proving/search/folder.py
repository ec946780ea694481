"""The folder of a search, so that one that is stopped, or killed, goes on after the last layer that it finished.

- the files of states of each layer (`proving.search.state_file`);
- `search.jsonl`: what is searched, and a line for each finished layer with all that was counted up to it.

Files of a layer without a line are of one that was not finished.
"""

import os
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from subwarden.files.journal import Journal, Words
from subwarden.proving.search.state_file import MEND, CannotKeep, Layer, Packing, StateFile, checksum, keeping

JOURNAL = "search.jsonl"
SCHEMA = "subwarden/search/1"
ROOMS = ("model", "proving")  # the code that gives a state its meaning
ANEW = "begin anew with --dir"
WORDS = Words("search", MEND, ANEW)


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
        self._journal = Journal(path / JOURNAL, WORDS, CannotKeep)

    def begin(self, head: Mapping[str, Any]) -> None:
        """Make the folder for a new search: `head` says what is searched."""
        with self._journal.using():
            if self._journal.path.exists():
                raise CannotKeep(f"{self.path} has a search already; go on with --resume {self.path}, or give another folder")
        self._journal.begin({"schema": SCHEMA, "code": code_digest(), **head})

    def head(self) -> dict[str, Any]:
        """What the search in the folder searches. Raises CannotKeep for one of another version."""
        first = self._journal.lines()[0]
        with self._journal.reading(1):
            head = dict(first["began"])
        if head.get("schema") != SCHEMA or head.get("code") != code_digest():
            raise CannotKeep(f"{self.path} is of another version of the model or of subwarden; {ANEW}")
        return head

    def go_on(self) -> None:
        """Before the search goes on: what was not finished goes."""
        self._journal.go_on()
        finished = set[str]()
        for number, line in self._layers():
            with self._journal.reading(number):
                finished |= line["files"].keys()
        with keeping(self.path):
            for file_of_states in self.path.glob("*.states"):
                if file_of_states.name not in finished:
                    file_of_states.unlink()

    def _layers(self) -> list[tuple[int, Any]]:
        """The lines of finished layers, with their numbers."""
        return list(enumerate(self._journal.lines(), 1))[1:]

    def close(self) -> None:
        """Let others use the folder. The end of the process does that too."""
        self._journal.close()

    def finished(self, explored: Explored) -> None:
        """Write down that the last layer of `explored` is finished."""
        layer = explored.layers[-1]
        with keeping(self.path):
            self._flush_names()
        self._journal.add(
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
        last: Explored | None = None
        for number, line in self._layers():
            with self._journal.reading(number):
                if line["layer"] == len(layers):  # the line of a whole search tells the last layer once more
                    layers.append(Layer([self._kept(name, summed, packing) for name, summed in line["files"].items()]))
                    orbits += [] if line["orbits"] is None else [line["orbits"]]
                if len(layers[-1]) != line["states"]:
                    raise CannotKeep(f"{self.path} is damaged: layer {line['layer']} lacks states; {ANEW}")
                last = Explored(layers, orbits or None, line["expanded"], Counter(line["kinds"]), line["met"], line["whole"])
        return last

    def _kept(self, name: str, summed: int, packing: Packing) -> StateFile:
        """A file as it was written: another state there would be searched, and could make a false proof."""
        path = self.path / name
        if checksum(path) != summed:
            raise CannotKeep(f"{self.path} is damaged: {name} has changed since it was written; {ANEW}")
        return StateFile(path, packing)

    def _flush_names(self) -> None:
        """The names of the files of states are on the disk before a line says so."""
        number = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
