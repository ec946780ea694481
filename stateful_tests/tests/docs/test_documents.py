"""The documents say what is so: every command line in them is executed here, and its output compared.

A block that starts with ```console holds commands after `$ ` and what they print. `...` stands for anything, over any number of lines;
an exit code other than 0 is written as a last line `[exit code N]`. Blocks marked ```console no-run are shown, not run (they take long,
or need what CI has not), and are at least understood by the command line.
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.model.properties import CoreProperty, Property
from subwarden.stateful_tests.tests.paths import ROOT

PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/tour.md",
    "docs/bring-your-own.md",
    "docs/adapters/options.md",
    "docs/adapters/models.md",
    "docs/adapters/recipes.md",
    "docs/examples.md",
    "docs/exec-protocol.md",
    "docs/scenarios/fastapi.md",
    "docs/scenarios/servers.md",
    "docs/scenarios/explore.md",
    "docs/scenarios/network.md",
    "docs/scenarios/asgi.md",
    "docs/findings.md",
    "docs/scale.md",
    "docs/adapters/score.md",
    "docs/reading-a-report.md",
    "docs/properties.md",
    "docs/reports/reports.md",
)
LONG = (
    "subwarden gate",
    "fastapi",
    "aiohttp",
    "socketio_app",
    "redis_restarted",
    "channels_chat",
    "line_hub",
)  # commands that take seconds
NEEDS = {
    "fastapi": ("fastapi", "uvicorn", "websockets"),
    "aiohttp": ("aiohttp",),
}  # a word of a command -> packages of the extra `examples`
BLOCK = re.compile(r"^```console( no-run)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(run: bool) -> list[tuple[str, str, str]]:
    """(page, command, expected output) of all blocks that are to be run, or of those that are not."""
    found: list[tuple[str, str, str]] = []
    for page in PAGES:
        for no_run, block in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
            if bool(no_run) is run:
                continue
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, expected = part.partition("\n")
                found.append((page, command.strip(), expected.rstrip("\n")))
    return found


def matches(expected: str, printed: str) -> bool:
    """Whether `printed` is `expected`, where a line `...` stands for any lines and `...` within a line for any text."""
    pattern = "".join(
        r"(?:.*\n)*" if line.strip() == "..." else ".*".join(re.escape(part.rstrip()) for part in line.split("...")) + r"[ ]*\n"
        for line in expected.splitlines()
    )
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in printed.splitlines())) is not None


def _takes_long(page: str, command: str) -> bool:
    return page.startswith("docs/adapters/") or ("README" not in page and any(long in command for long in LONG))


@pytest.mark.parametrize(
    ("page", "command", "expected"),
    [pytest.param(*each, marks=pytest.mark.slow if _takes_long(*each[:2]) else ()) for each in commands(run=True)],
    ids=lambda text: text[:60],
)
def test_commands_print_what_the_page_shows(page: str, command: str, expected: str, tmp_path: Path) -> None:
    """Run as a user would, in the project's folder."""
    for package in (package for word, packages in NEEDS.items() if word in command for package in packages):
        pytest.importorskip(package, reason=f"{package} is not installed: run `make setup`")
    words = shlex.split(command)
    assert words[0] == "subwarden", f"{page}: only subwarden is run here, not {words[0]}"
    program = Path(sys.executable).with_name("subwarden")
    done = subprocess.run([program, *words[1:]], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    if "--script" in words:  # the reader keeps what it writes
        (ROOT / words[words.index("--script") + 1]).unlink()
    printed = done.stdout or done.stderr  # what goes to standard error beside a result is progress
    if done.returncode:
        printed += f"[exit code {done.returncode}]\n"
    assert matches(expected, printed), f"{page}: {command} printed\n{printed}"


@pytest.mark.parametrize(("page", "command", "expected"), commands(run=False), ids=lambda text: text[:60])
def test_commands_that_are_not_run_are_understood(page: str, command: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They name a target of the Makefile, or a verb of subwarden with options that it has."""
    words = [word for word in shlex.split(command) if "=" not in word]
    if words[0] == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        assert set(words[1:]) <= set(targets), f"{page}: {command}"
        return
    assert words[0] in ("subwarden", ".venv/bin/subwarden"), f"{page}: {command}"
    with pytest.raises(SystemExit) as ended:
        main([words[1], "--help"])
    assert not ended.value.code
    shown = capsys.readouterr().out
    for option in (word for word in words[2:] if word.startswith("--")):
        assert option in shown, f"{page}: {command} has no {option}"


def counts(table: str) -> dict[str, tuple[str, ...]]:
    """By check: the verdict, programs and schedules, as the gate's table has them."""
    return {
        name: tuple(rest)
        for name, *rest in re.findall(r"^((?:manager|server), [a-z+ ]*[a-z]) +([a-z]+) +([\d,]+) +([\d,]+) ", table, re.MULTILINE)
    }


@pytest.mark.slow
def test_the_gate_s_table_on_the_first_page_is_what_it_gives() -> None:
    """At level manager, which takes a fifth of the time; the sum is that of all rows."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = counts(page)
    program = Path(sys.executable).with_name("subwarden")
    printed = subprocess.run(
        [program, "gate", "--level", "manager"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    ).stdout
    assert counts(printed).items() <= shown.items()
    assert len(counts(printed)) == len(shown) / 2 == 4
    (corpus,) = re.findall(r"^regression corpus +holds +(\d+) +(\d+) ", page, re.MULTILINE)
    schedules = sum(int(row[2].replace(",", "")) for row in shown.values()) + int(corpus[1])
    assert f"subject manager, profile ci: holds (no findings in {schedules:,} schedules, seed 0)" in page


def test_there_is_something_to_run() -> None:
    """Or the tests above would be empty."""
    assert len(commands(run=True)) >= 5
    assert len(commands(run=False)) >= 2


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a\nb", "a\nb\n", True),
        ("a\n...\nc", "a\nb\nb\nc\n", True),
        ("a ... c", "a b c\n", True),
        ("a", "a\nb\n", False),
        ("a b", "a c\n", False),
    ],
)
def test_matching_itself(expected: str, printed: str, same: bool) -> None:
    """A comparison that always agrees would make every page true."""
    assert matches(expected, printed) is same


def test_the_page_of_properties_says_what_the_model_says() -> None:
    """Row by row, in order."""
    page = (ROOT / "docs" / "properties.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if re.match(r"\| \w+ \| [^|]+ \| (always|quiescence) \|", line)]
    assert rows == [f"| {p.name} | {p.title} | {p.when} | {p.sentence} |" for p in (*Property, *CoreProperty)]
