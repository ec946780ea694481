"""docs/proving.md says what is so: its commands are understood, its table names what is judged, its plot is of its data."""

import argparse
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from subwarden.cli import prove as verb
from subwarden.cli.main import main
from subwarden.proving.manager.invariants import JUDGED
from subwarden.proving.manager.scope import Scope
from subwarden.stateful_tests.tests.docs.test_documents import matches
from subwarden.stateful_tests.tests.paths import ROOT


def benchmark() -> Any:
    """The benchmark as a module: benchmarks are run from the checkout and not installed."""
    spec = importlib.util.spec_from_file_location("prove_vs_tlc", ROOT / "benchmarks" / "prove_vs_tlc.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


prove_vs_tlc = benchmark()
PAGE = prove_vs_tlc.PAGE.read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ subwarden (prove.*)$", PAGE, re.MULTILINE)
TOURS = re.findall(r"^\$ subwarden (tour.*)\n((?:(?!\$ |```).*\n)+)", PAGE, re.MULTILINE)


def parser() -> argparse.ArgumentParser:
    """A command line with this verb alone."""
    made = argparse.ArgumentParser()
    verb.add_parser(made.add_subparsers(dest="verb"))
    return made


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_understood(command: str) -> None:
    """Each of them, with options that exist."""
    assert parser().parse_args(command.split()).run is verb.run


def test_the_page_has_commands() -> None:
    """Or the test above would be empty."""
    assert len(COMMANDS) >= 4
    assert len(TOURS) == 2


@pytest.mark.parametrize(("command", "expected"), TOURS, ids=lambda text: text[:40])
def test_a_tour_prints_what_the_page_shows(command: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code included."""
    code = main(command.split())
    printed = capsys.readouterr().out + (f"[exit code {code}]\n" if code else "")
    assert matches(expected, printed), printed


def test_a_command_of_the_page_does_what_the_page_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second one: it holds, with exit code 0, and says what it leaves out."""
    args = parser().parse_args([*COMMANDS[1].split(), "--quiet"])
    assert args.run(args) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("HOLDS")
    assert "not covered" in printed


def test_the_table_names_what_is_judged() -> None:
    """Every property that level manager decides, and no other."""
    rows = re.findall(r"^\| (P\d+) ([^|]+?) \|", PAGE, re.MULTILINE)
    assert rows == [(p.name, p.title) for p in JUDGED]


def test_options_that_a_scope_names_exist() -> None:
    """What is left out is told with the option to blame."""
    told = " ".join(Scope(1, 1, 1, 0, None, False, 0).left_out() + Scope(1, 1, 1, 1, 1, True, 1).left_out())
    options = set(re.findall(r"\(?(--[a-z-]+)", told))
    assert options == {"--conversations", "--no-turns", "--no-raw", "--in-flight"}
    help_text = " ".join(parser().parse_args(["prove"]).__dict__)
    assert {"conversations", "no_turns", "no_raw", "in_flight"} <= set(help_text.split())


def test_a_bar_is_as_long_as_the_logarithm() -> None:
    """Ten times as many states are one step more, however many there are."""
    lines = prove_vs_tlc.plot([("a", 10, 1), ("bb", 1000, 10), ("c", 100_000, 1000)], width=50)
    assert [line.split("|")[1].rstrip() for line in lines] == ["." * 10, "#" * 10 + "." * 20, "#" * 30 + "." * 20]
    assert lines[1].endswith("1,000 states, 10 orbits")


def test_writing_figures_changes_what_is_between_the_marks_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And can be done again."""
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- measured: begin -->\nold\n<!-- measured: end -->\nafter\n", encoding="utf-8")
    monkeypatch.setattr(prove_vs_tlc, "PAGE", page)
    for _ in range(2):
        prove_vs_tlc.write(["new", "lines"])
        assert page.read_text(encoding="utf-8") == "before\n<!-- measured: begin -->\nnew\nlines\n<!-- measured: end -->\nafter\n"
