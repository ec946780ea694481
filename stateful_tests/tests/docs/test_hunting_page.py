"""docs/hunting.md says what is so: its commands are run, one after the other in one folder, and its figures are those of the code."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.exploring.coverage.good_turing import BOUND, ERROR
from subwarden.stateful_tests.hunt import search as hunt_search
from subwarden.stateful_tests.hunt.folder import END_STATES, JOURNAL
from subwarden.stateful_tests.hunt.worker import BEGIN_WITH
from subwarden.stateful_tests.hunt.worker_slot import MOST, SILENT
from subwarden.stateful_tests.tests.checks import CHECKS
from subwarden.stateful_tests.tests.docs.test_documents import BLOCK, matches
from subwarden.stateful_tests.tests.paths import DOCS

PAGE = (DOCS / "hunting.md").read_text(encoding="utf-8")


def commands(*, run: bool) -> list[tuple[str, str]]:
    """(command, expected output) of the blocks that are to be run, or of the others."""
    blocks = [block for no_run, block in BLOCK.findall(PAGE) if bool(no_run) is not run]
    parts = [part.partition("\n") for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(command.strip(), expected.rstrip("\n")) for command, _, expected in parts]


@pytest.mark.slow
def test_commands_print_what_the_page_shows(tmp_path: Path) -> None:
    """In the order of the page: later ones use what earlier ones kept."""
    ran = 0
    for command, expected in commands(run=True):
        program, *arguments = shlex.split(command)
        assert program == "subwarden"
        done = subprocess.run(
            [Path(sys.executable).with_name("subwarden"), *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, "COLUMNS": "120"},
        )
        printed = done.stdout + done.stderr + (f"[exit code {done.returncode}]\n" if done.returncode else "")
        assert matches(expected, printed), f"{command} printed\n{printed}"
        ran += 1
    assert ran == 3


@pytest.mark.parametrize("command", [command for command, _ in commands(run=False)])
def test_commands_that_take_long_are_understood(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They are refused for an order that does not exist, and for nothing else."""
    _, *arguments = shlex.split(command)
    with pytest.raises(SystemExit):
        main([*arguments, "--order", "lifo"])
    assert "invalid choice: 'lifo'" in capsys.readouterr().err


def test_figures_are_those_of_the_code() -> None:
    text = " ".join(PAGE.split())
    assert f"or {hunt_search.SCHEDULES:,} runs are made" in text
    assert hunt_search.SETTLED == 1 / 20
    assert "fewer than one in twenty ended" in text
    assert hunt_search.VARIANTS == 8
    assert "up to eight *variants*" in text
    assert hunt_search.EXAMPLES == 12
    assert "of a dozen programs each" in text
    *most, last = hunt_search.LOOKED_AT
    assert f"runs {', '.join(map(str, most))} and {last} of a variant" in text
    assert f"at most {hunt_search.KNOWN:,} programs" in text
    assert f"exactly up to {BOUND:,}" in text
    assert ERROR < 0.01
    assert (1 + MOST, SILENT) == (4, 2)
    assert "a place in which four were killed, or two before they began" in text
    assert f"`{JOURNAL}`" in text
    assert f"`{END_STATES}`" in text
    assert sorted(BEGIN_WITH) == list(range(len(CHECKS))), "workers begin with different checks"
