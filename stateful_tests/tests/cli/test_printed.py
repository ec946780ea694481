"""The text that a subject prints is kept with its run, shown short with the finding, and never mixed with the report."""

from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.script.run import doubt

SCENARIO = """
import sys
print("imported")
async def fails():
    print("first", object())
    sys.stderr.write("\\x1b[31m red\\udc80\\n")
    sys.stdout.buffer.write(b"bytes \\xff\\n")
    for number in range(20):
        print("line", number)
    print("x" * 1_000_000)
    raise ValueError("bad")
"""
ADAPTER = """
import ctypes
import logging
import sys

class Prints:
    def __init__(self, env):
        self.pairs = set()

    async def connect(self, client):
        logging.warning("connects %s", client)

    async def subscribe(self, client, topic):
        print("subscribes", client)
        self.pairs.add((client, topic))
        return True

    async def disconnect(self, client):
        pass

    def observe(self):
        return self.pairs

class Crashes(Prints):
    async def subscribe(self, client, topic):
        ctypes.string_at(0)
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("scenario.py").write_text(SCENARIO)
    Path("prints.py").write_text(ADAPTER)


def test_the_last_lines_of_a_scenario_are_shown_escaped_and_cut(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "scenario.py:fails", "--order", "fifo", "--json", "run.json"]) == 1
    out, err = capsys.readouterr()
    printed = out[out.index("printed in this run:\n") : out.index("replay: ")].splitlines()
    assert printed[1:3] == ["  (14 lines before)", "  line 11"]
    assert printed[-1].endswith(" characters)")
    assert len("".join(printed)) < 1_000
    assert out.count("line 19") == 1
    assert err.startswith("subject scenario.py:fails prints while it is loaded:\n  imported\n")


def test_control_characters_bytes_and_addresses_of_printed_text_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    Path("scenario.py").write_text(SCENARIO.replace("range(20)", "range(2)"))
    main(["explore", "scenario.py:fails", "--order", "fifo"])
    out = capsys.readouterr().out
    for shown in ("  first <object object>\n", "  \\x1b[31m red\\udc80\n", "  bytes \\xff\n"):
        assert shown in out


def test_its_lines_may_come_before_that_of_a_script() -> None:
    script = "import sys; print('noise', file=sys.stderr); sys.exit('P0 something')"
    assert doubt(script, "P0 something", prints=True) is None
    assert doubt("import sys; sys.exit('P1 another')", "P0 something", prints=True) is not None


@pytest.mark.slow
def test_workers_of_a_gate_print_nothing_and_the_finding_has_its_text(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["gate", "--subject", "prints.py:Prints", "--profile", "dev", "--seed", "0", "-x", "--jobs", "2"]) == 1
    out, err = capfd.readouterr()
    assert out.count("printed in this run:") == 1
    assert out.count("subscribes c") == out[: out.index("replay: ")].count("subscribes c") < 10
    assert "subscribes" not in err
    replay = out.partition("replay: subwarden replay ")[2].split()[0]
    assert main(["replay", replay, "--script", "finding.py"]) == 1
    played = capfd.readouterr().out
    assert "printed in this run:\n" in played
    assert "it was run and fails on the stock event loop" in " ".join(played.split())
    assert "fails on the stock event loop" in out, "text of the subject's own must not hide that its script fails"


@pytest.mark.slow
def test_a_crash_in_native_code_is_told_with_its_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["gate", "--subject", "prints.py:Crashes", "--profile", "dev", "--seed", "0", "--jobs", "1"]) == 3
    (line,) = capfd.readouterr().err.splitlines()
    assert "a worker process was killed by SIGSEGV, a crash in native code that prints.py:26 called; fake that call" in line
