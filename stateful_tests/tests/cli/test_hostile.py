"""Some hundreds of wrong, odd and hostile inputs: each is told in a line, with exit code 3, and costs nobody a file."""

import os
import sys
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.reports.printable import UNFIT
from subwarden.stateful_tests.tests.cli.hostile import ROWS, Row


def answer(row: Row, capsys: pytest.CaptureFixture[str]) -> str:
    """What is wrong with the answer to `row`; empty if nothing is."""
    for name, text in row.files.items():
        Path(name).write_bytes(text if isinstance(text, bytes) else text.encode(errors="surrogateescape"))
    before = {name: Path(name).read_bytes() for name in row.files}
    modules = set(sys.modules)
    try:
        code: object = main(row.arguments)
    except SystemExit as stop:
        code = stop.code
    except BaseException as error:
        return f"raised {error!r:.200}"
    finally:
        for name in (set(sys.modules) - modules) & {"mine", "good"}:
            del sys.modules[name]
    out, err = capsys.readouterr()
    said = out + err
    wrong = [f"exit code {code}"] if code not in ((0, 1, 2, 3) if row.code is None else (row.code,)) else []
    wrong += [f"says {word}" for word in ("Traceback", "internal error", " at 0x") if word in said]
    wrong += ["control characters"] if UNFIT.search(said) else []
    wrong += [f"{len(err):,} characters"] if len(err) > 5_000 else []
    wrong += ["says nothing"] if not err.strip() and not out.strip() else []
    wrong += [f"changed {name}" for name, data in before.items() if Path(name).read_bytes() != data]
    return "; ".join(wrong) and f"{'; '.join(wrong)}: {said[-300:]!r}"


SLOW = ("adapter, abort", "adapter, sync methods", "flags", "program", "replay")
KINDS = [pytest.param(kind, marks=pytest.mark.slow if kind in SLOW else ()) for kind in sorted({row.kind for row in ROWS})]


@pytest.mark.parametrize("kind", KINDS)
def test_every_input_is_answered_well(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", os.devnull)
    bad = {}
    for number, row in enumerate(row for row in ROWS if row.kind == kind):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        if wrong := answer(row, capsys):
            bad[f"{row.arguments!r:.120} {list(row.files.values())[:1]!r:.120}"] = wrong
    assert not bad, "\n".join(f"{what}\n    {how}" for what, how in bad.items())


def test_there_are_some_hundreds_of_them() -> None:
    assert len(ROWS) > 250
