"""Some hundreds of wrong, odd and hostile inputs: each is told in a line, with its exit code, and costs nobody a file."""

import io
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.reports.printable import UNFIT
from subwarden.stateful_tests.tests.hostile import (
    adapters,
    folders,
    histories,
    isolation,
    options,
    programs,
    records,
    replays,
    scenarios,
    settings,
    shapes,
)
from subwarden.stateful_tests.tests.hostile.rows import Odd, Row, Text

KINDS: dict[str, Sequence[Row]] = {
    module.__name__.rpartition(".")[2]: module.rows()
    for module in (replays, programs, histories, options, adapters, shapes, isolation, scenarios, settings, folders, records)
}
LEAST = {"replays": 400, "programs": 90}  # rows of these kinds
OURS = {"mine", "good", "it", "own", "bad", "M", "C"}


def make(path: Path, text: Text) -> None:
    """Put `text` where `path` is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    match text:
        case Odd.FIFO:
            os.mkfifo(path)
        case Odd.FOLDER:
            path.mkdir()
        case Odd.DANGLING:
            path.symlink_to("nowhere")
        case Odd.CIRCLE:
            path.symlink_to(path.name)
        case Odd.ZERO:
            path.symlink_to("/dev/zero")
        case Odd.SOCKET:
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind(str(path.name) if path.parent == Path() else os.path.relpath(path))
        case bytes():
            path.write_bytes(text)
        case str():
            path.write_bytes(text.encode(errors="surrogatepass"))


def answer(row: Row, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What is wrong with the answer to `row`; empty if nothing is."""
    for name, text in row.files.items():
        make(Path(name), text)
    before = {name: Path(name).read_bytes() for name, text in row.files.items() if not isinstance(text, Odd)}
    modules, path = set(sys.modules), list(sys.path)
    given = row.stdin if isinstance(row.stdin, bytes) else row.stdin.encode(errors="surrogatepass")
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
        for name, value in row.environment.items():
            patched.setenv(name, value)
        try:
            code: object = main(row.arguments)
        except SystemExit as stop:
            code = stop.code
        except BaseException as error:
            return f"raised {error!r:.200}"
        finally:
            sys.path[:] = path
            for name in (set(sys.modules) - modules) & OURS:
                del sys.modules[name]
    out, err = capsys.readouterr()
    said = out + err
    wrong = [f"exit code {code}"] if code not in ((0, 1, 2, 3) if row.code is None else (row.code,)) else []
    wrong += [f"says {word}" for word in ("Traceback", "internal error", " at 0x", "never awaited") if word in said]
    wrong += ["control characters"] if UNFIT.search(said) else []
    wrong += [f"{len(err):,} characters"] if len(err) > 5_000 else []
    wrong += ["says nothing"] if not err.strip() and not out.strip() else []
    wrong += [f"{err.count(chr(10))} lines of errors"] if code == 3 and not 1 <= err.count("\n") <= row.lines else []
    wrong += [f"does not say {row.said!r}"] if row.said not in said else []
    wrong += [f"changed {name}" for name, data in before.items() if Path(name).read_bytes() != data]
    return "; ".join(wrong) and f"{'; '.join(wrong)}: {said[-300:]!r}"


SLOW = ("isolation", "options", "programs", "replays", "scenarios", "settings", "shapes")


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # of subjects that end a run in its middle; as the command does
@pytest.mark.parametrize("kind", [pytest.param(kind, marks=[pytest.mark.slow] * (kind in SLOW)) for kind in KINDS])
def test_every_input_is_answered_well(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", os.devnull)
    bad = {}
    for number, row in enumerate(KINDS[kind]):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        if wrong := answer(row, monkeypatch, capsys):
            bad[f"{number} {row.kind}: {row.arguments!r:.120} {list(row.files.values())[:1]!r:.120}"] = wrong
    assert not bad, f"{len(bad)} of {len(KINDS[kind])}\n" + "\n".join(f"{what}\n    {how}" for what, how in bad.items())


def test_there_are_some_hundreds_of_them() -> None:
    """No row twice."""
    counts = {kind: len(rows) for kind, rows in KINDS.items()}
    assert sum(counts.values()) > 1_700, counts
    assert all(counts[kind] >= least for kind, least in LEAST.items()), counts
    assert len({repr(row) for rows in KINDS.values() for row in rows}) == sum(counts.values())
