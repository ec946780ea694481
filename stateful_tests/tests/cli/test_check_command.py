"""`subwarden check` from arguments to exit code: golden text, JSON, faults, and the commands of docs/histories.md as they stand there.

`SUBWARDEN_REFRESH=1` writes the golden files anew; look at the difference before committing it.
"""

import argparse
import io
import json
import re
import shlex
from pathlib import Path

import pytest

from subwarden.cli import check
from subwarden.model.core.step import CORE_BY_NAME
from subwarden.stateful_tests.tests.cli.refusals import one_line
from subwarden.stateful_tests.tests.golden_files import golden
from subwarden.stateful_tests.tests.paths import DATA, DOCS, ROOT

HISTORIES = DATA / "histories"
PAGE = DOCS / "histories.md"
CODES = {"late_delivery": 1, "reconnect": 1, "in_order": 0, "resurrected": 1}


def subwarden(*arguments: str) -> int:
    """The verb's exit code."""
    parser = argparse.ArgumentParser(prog="subwarden")
    check.add_parser(parser.add_subparsers(dest="verb", required=True))
    return check.run(parser.parse_args(arguments))


def test_a_client_may_come_back_under_its_name_if_the_history_or_the_command_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = HISTORIES / "reconnect.jsonl"
    assert subwarden("check", str(history)) == 1
    assert check.COMES_BACK in capsys.readouterr().out
    assert subwarden("check", str(history), "--reconnects") == 0
    assert check.COMES_BACK not in capsys.readouterr().out
    said = tmp_path / "said.jsonl"
    header, *lines = history.read_text().splitlines()
    said.write_text("\n".join([header.replace("}", ', "reconnects": true}'), *lines]))
    assert subwarden("check", str(said)) == 0
    capsys.readouterr()
    assert subwarden("check", str(said), "--model", "manager") == 3
    assert capsys.readouterr().err == "subwarden check: --reconnects belongs to the model core, not to manager; leave it out\n"


@pytest.mark.parametrize("name", CODES)
def test_golden_text(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HISTORIES)
    assert subwarden("check", f"{name}.jsonl") == CODES[name]
    out, err = capsys.readouterr()
    assert err == ""
    golden(f"{name}.txt", out, HISTORIES)


@pytest.mark.parametrize("name", CODES)
def test_standard_input_is_judged_like_the_file(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    history = HISTORIES / f"{name}.jsonl"
    assert subwarden("check", str(history)) == CODES[name]
    of_file = capsys.readouterr().out.replace(str(history), "standard input")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(history.read_bytes())))
    assert subwarden("check", "-") == CODES[name]
    assert capsys.readouterr().out == of_file


def test_every_golden_file_has_its_history() -> None:
    assert {path.stem for path in HISTORIES.iterdir()} == set(CODES)


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "judgement.json"
    assert subwarden("check", str(HISTORIES / "resurrected.jsonl"), "--json", str(out)) == 1
    capsys.readouterr()
    made = json.loads(out.read_text(encoding="utf-8"))
    assert (made["version"], made["model"], made["verdict"]) == (2, "manager", "violated")
    assert list(made) == ["version", "history", "model", "verdict", "counted", "failure"]
    assert made["failure"]["failing"]["id"] == "again"
    assert [call["id"] for call in made["failure"]["calls"]] == ["add", "tear", "look", "again"]
    assert [c["call"]["id"] for c in made["failure"]["candidates"]] == ["again"]


def test_faults_go_to_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "h.jsonl"
    path.write_text('{"history": 1, "model": "core"}\nnonsense\n{"return": 1, "at": 1}\n', encoding="utf-8")
    assert subwarden("check", str(path)) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"{path}:2: not JSON (Expecting value); write one JSON object a line",
        f"{path}:3: a return of 1, which is not open; put its call before it, and end a call once",
    ]


def test_files_and_models_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing, path = tmp_path / "none.jsonl", tmp_path / "h.jsonl"
    path.write_text('{"history": 1, "model": "mine"}\n', encoding="utf-8")
    assert subwarden("check", str(missing)) == 3
    assert subwarden("check", str(tmp_path)) == 3
    assert subwarden("check", str(path)) == 3
    assert capsys.readouterr().err.splitlines() == [
        f"{missing}: No such file or directory; name a file that can be read",
        f"{tmp_path}: Is a directory; name a file that can be read",
        f"{path}:1: no model is called 'mine'; name one of manager, core, here or with --model",
    ]
    assert "cannot write" in one_line(capsys, "check", str(path), "--model", "core", "--json", str(tmp_path))


def test_a_model_of_the_user_s_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of two who come at once one is seated: both orders are right, and both seated are not."""
    path, seats = tmp_path / "h.jsonl", str(ROOT / "examples" / "seats.py")
    rows: list[dict[str, object]] = [
        {"history": 1},
        {"call": 1, "op": ["join", "ann", "lear"], "at": 1},
        {"call": 2, "op": ["join", "bob", "lear"], "at": 2},
        {"return": 2, "answer": "seated", "at": 3},
        {"return": 1, "answer": "waits", "at": 4},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert subwarden("check", str(path), "--model", f"{seats}:Model") == 0
    assert subwarden("check", str(path), "--model", f"{seats}:Adapter") == 0
    path.write_text("".join(json.dumps({**row, "answer": "seated"} if "return" in row else row) + "\n" for row in rows), encoding="utf-8")
    capsys.readouterr()
    assert subwarden("check", str(path), "--model", f"{seats}:Model") == 1
    out = capsys.readouterr().out
    assert "linearizable until then: 1 answers" in out
    assert "join(ann, lear) [1] returned 'seated'; the model allows 'waits'" in out
    path.write_text("".join(json.dumps(row) + "\n" for row in [rows[0], {"call": 1, "op": ["sit", "ann"], "at": 1}]), encoding="utf-8")
    assert subwarden("check", str(path), "--model", f"{seats}:Model") == 3
    assert "unknown operation 'sit'; known: join, leave" in capsys.readouterr().err
    assert "has no 'Nobody'" in one_line(capsys, "check", str(path), "--model", f"{seats}:Nobody")


def test_a_budget_that_is_met(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "h.jsonl"
    rows: list[dict[str, object]] = [{"history": 1, "model": "core"}]
    rows += [{"call": c, "op": ["connect", c], "at": 0} for c in range(4)]
    rows += [{"call": 10 + c, "op": ["subscribe", c, "t"], "at": 0} for c in range(4)]
    rows += [{"call": 20, "op": ["publish", "t"], "at": 0}, {"return": 20, "at": 1, "answer": [0, 1, 2, 3]}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert subwarden("check", str(path), "--budget", "3") == 2
    assert capsys.readouterr().out.splitlines()[:2] == [
        f"{path}: unknown: the budget ran out (model core)",
        f"{path}:11: more than 3 configurations at time 1, and no verdict yet",
    ]
    assert subwarden("check", str(path)) == 0
    capsys.readouterr()


def test_the_documented_example(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    text = PAGE.read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name, content in re.findall(r"```json lines (\S+)\n(.*?)```", text, re.DOTALL):
        Path(name).write_text(content, encoding="utf-8")
    ran = 0
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        command, expected = block.split("\n", 1)
        ran += 1
        assert command.startswith("$ subwarden ")
        subwarden(*shlex.split(command.removeprefix("$ subwarden ")))
        assert capsys.readouterr().out == expected
    assert ran == 2


def test_the_documented_operations_are_those_of_the_core_model() -> None:
    section = PAGE.read_text(encoding="utf-8").split("### Model `core`")[1].split("###")[0]
    assert re.findall(r'^\| `\["(\w+)"', section, re.MULTILINE) == [*CORE_BY_NAME, "attach", "detach"]
