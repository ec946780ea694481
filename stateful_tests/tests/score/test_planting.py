"""A fault is planted in memory: the disk and the loaded modules stay as they were, and line numbers with them."""

import importlib
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from subwarden.stateful_tests.score.faults import faults_of
from subwarden.stateful_tests.score.planting import Module, Plant, marked, planted, ran_lines

HUB = '''"""A hub."""
from __future__ import annotations


class Hub:
    def __init__(self):
        self.members = set()

    def add(self, c):
        """Add one."""
        self.members.add(c)

    def where(self):
        raise LookupError
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "planted_hub.py").write_text(HUB, encoding="utf-8")
    (tmp_path / "planted_user.py").write_text("from planted_hub import Hub\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("planted_hub", "planted_user"):
        sys.modules.pop(name, None)


def added() -> set[Any]:
    hub: Any = importlib.import_module("planted_user").Hub()
    hub.add("c")
    made: set[Any] = hub.members
    return made


def state(folder: Path) -> dict[str, str]:
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_fault_is_there_inside_and_nothing_of_it_is_left(folder: Path) -> None:
    module = Module.at(folder / "planted_hub.py")
    (fault,) = [fault for fault in faults_of(HUB)[0] if fault.operator == "no-addition"]
    before, loaded = state(folder), set(sys.modules)
    with planted([Plant(module, fault.edit)]):
        assert added() == set()
    assert set(sys.modules) == loaded
    assert state(folder).items() >= before.items(), "no source has changed"
    assert added() == {"c"}, "no bytecode of the fault was kept"


def test_lines_behind_a_fault_keep_their_numbers(folder: Path) -> None:
    text = HUB.replace("        self.members.add(c)\n", "        if (\n            c\n        ):\n            return\n        print(c)\n")
    (folder / "planted_hub.py").write_text(text, encoding="utf-8")
    (fault,) = [fault for fault in faults_of(text)[0] if fault.operator == "no-guard"]
    with planted([Plant(Module.at(folder / "planted_hub.py"), fault.edit)]):
        with pytest.raises(LookupError) as error:
            importlib.import_module("planted_hub").Hub().where()
        assert error.traceback[-1].lineno == HUB.count("\n") + 3, "counted from 0"


def test_another_text_of_the_same_name_is_left_alone(folder: Path) -> None:
    (fault,) = [fault for fault in faults_of(HUB)[0] if fault.operator == "no-addition"]
    with planted([Plant(Module("planted_hub.py", "another"), fault.edit)]):
        assert added() == {"c"}


def test_marks_say_which_lines_run(folder: Path) -> None:
    module = Module.at(folder / "planted_hub.py")
    with planted([Plant(module, None)]):
        added()
    assert ran_lines()[module.digest] == [7, 11], "the method `where` does not run, and a docstring is no statement"


def test_marks_come_behind_what_must_be_first() -> None:
    assert marked(HUB, "x", "hub.py").co_consts[0] == "A hub."
