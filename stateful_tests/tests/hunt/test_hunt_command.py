"""`subwarden hunt` from arguments to exit code: the same twice, resumed, and refused with a line."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.exploring.check import checks_of
from subwarden.stateful_tests.hunt.folder import Folder
from subwarden.stateful_tests.hunt.plan import checks_in
from subwarden.stateful_tests.tests.checks import CHECKS
from subwarden.stateful_tests.tests.hunt.processes import files


@pytest.mark.slow
def test_the_same_hunt_twice_finds_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Findings, files and counts, down to the yield of each strategy."""
    for name in ("one", "two"):
        arguments = ["--jobs", "2", "--order", "fifo", "--seed", "5", "--rounds", "1", "--dir", str(tmp_path / name)]
        assert main(["hunt", "--subject", "source", "--level", "manager", *arguments]) == 1
    capsys.readouterr()
    one, two = files(tmp_path / "one"), files(tmp_path / "two")
    assert one
    assert one == two
    assert all(finding["shrunk"] for finding in one.values())
    totals = [Folder(tmp_path / name).totals() for name in ("one", "two")]
    assert totals[0].whole.strategies == totals[1].whole.strategies
    assert totals[0].end_states["manager, fifo"].encode() == totals[1].end_states["manager, fifo"].encode()
    assert totals[0].rounds == {0: 1, 1: 1}


@pytest.mark.slow
def test_a_resumed_hunt_keeps_counts_rounds_and_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    assert (
        main(
            [
                "hunt",
                "--subject",
                "source",
                "--level",
                "1",
                "--jobs",
                "1",
                "--rounds",
                "1",
                "--dir",
                str(tmp_path / "hunt"),
                "--order",
                "fifo",
            ]
        )
        == 1
    )
    before, was = Folder(tmp_path / "hunt").totals(), files(tmp_path / "hunt")
    capsys.readouterr()
    assert main(["hunt", "--resume", str(tmp_path / "hunt"), "--jobs", "1", "--rounds", "1", "--json", str(out)]) == 1
    record = json.loads(out.read_text(encoding="utf-8"))
    told = capsys.readouterr().err.splitlines()[0]
    assert told.endswith(f"continuing after {before.whole.schedules:,} schedules with {len(was)} known finding{'s' * (len(was) != 1)}")
    assert record["schedules"] == before.whole.schedules + record["session"]["schedules"]
    assert record["rounds"] == 2
    for of in record["coverage"].values():
        assert of["end_states"]["runs"] == of["schedules"], "how the runs of earlier sessions ended is not forgotten"
    assert len(record["findings"]) >= len(was)
    for name, data in was.items():
        assert files(tmp_path / "hunt")[name]["order"] == data["order"], "known findings stay"


def test_order_selects_the_checks() -> None:
    assert checks_in("split-lock", "fifo") == CHECKS[:2]
    assert checks_in("split-lock", "all") == CHECKS
    assert checks_in("source", "all") == (*CHECKS, *checks_of("server"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rounds", "1", "--budget", "1m"], "give --budget or --rounds, not both"),
        (["--budget", "soon"], "is not a duration"),
        (["--jobs", "0"], "is not a whole number of at least 1"),
        (["--order", "lifo"], "invalid choice"),
        (["--subject", "nobody"], "unknown subject"),
        (["--resume", "nowhere"], "has no hunt"),
        (["--json", "no/such/folder.json", "--rounds", "1"], "cannot write 'no/such/folder.json'"),
        (["--json", ".", "--rounds", "1"], "cannot write '.'"),
    ],
)
def test_usage_errors(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that says how to mend it, exit code 3, and no folder left behind."""
    monkeypatch.chdir(tmp_path)
    try:
        code = main(["hunt", *arguments])
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    out, err = capsys.readouterr()
    assert (code, out) == (3, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("contradiction", "said"),
    [
        (["--subject", "manager"], "has subject source, not manager; leave --subject out"),
        (["--seed", "9"], "has seed 0, not 9; leave --seed out"),
        (["--order", "fifo"], "has order all, not fifo; leave --order out"),
        (["--level", "manager"], "has level any, not manager; leave --level out"),
        (["--dir", "elsewhere"], "leave --dir out"),
    ],
)
def test_a_resumed_hunt_is_the_same_hunt(contradiction: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Folder(tmp_path)) as folder:
        folder.begin({"subject": "source", "seed": 0, "order": "all"})
    assert main(["hunt", "--resume", str(tmp_path), *contradiction]) == 3
    assert said in capsys.readouterr().err
