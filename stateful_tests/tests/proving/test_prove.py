"""`subwarden prove` says "holds" only after a complete search, and shows a violation by a shortest run."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from unittest.mock import Mock

import pytest
from rich.console import Console

from subwarden.cli import prove as verb
from subwarden.cli.main import main
from subwarden.model.properties import Property
from subwarden.proving.manager.invariants import NOT_HERE
from subwarden.proving.manager.liveness import check_liveness, strong_components
from subwarden.proving.manager.proof import Proof, prove
from subwarden.proving.manager.scope import Scope
from subwarden.proving.manager.system import ManagerSystem
from subwarden.proving.search.breadth_first import search
from subwarden.proving.search.result import Progress, SearchVerdict, StateGraphSearch
from subwarden.proving.search.state_file import Layer, StatesInMemory
from subwarden.reports.proof import write_proof
from subwarden.reports.records.proof import ProofRecord
from subwarden.stateful_tests.specimens.model_defects.manager import DEFECTS
from subwarden.stateful_tests.tests.golden_files import golden

SMALL = Scope(1, 1, 1, 1, 1, True, 1)
TINY = Scope(1, 1, 0, 0, None, False, 0)


def command(*arguments: str) -> int:
    """The exit code of `subwarden prove` with these arguments."""
    try:
        return main(["prove", "--quiet", *arguments])
    except SystemExit as usage:
        assert isinstance(usage.code, int)
        return usage.code


def text(proof: Proof) -> str:
    """The proof as printed."""
    console = Console(width=140, record=True, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    with console.file:
        write_proof(cast(ProofRecord, proof.as_data()), console, all_kinds=True)
    return console.export_text()


def test_counts_of_small_scopes_are_pinned() -> None:
    """A change of these counts is a change of the model, and must be intended. The first can be counted by hand: a connection that is new,
    live or closed, each with or without the entry, and one that is live and linked."""
    counts = {scope: search(ManagerSystem(scope)).distinct for scope in (TINY, SMALL, Scope(2, 2, 1, 1, None, True, 0))}
    assert list(counts.values()) == [7, 2742, 2865]


def test_a_proof_of_the_default_scope_holds() -> None:
    """Every property that the manager level can decide holds, with calls in flight, and every expected kind and situation was met."""
    proof = prove(Scope(1, 1, 1, 2, 1, True, 1))
    assert proof.verdict is SearchVerdict.HOLDS
    assert {p for p in Property if proof.verdict_of(p) is SearchVerdict.HOLDS} == set(Property) - set(NOT_HERE)
    assert proof.search.never_enabled == proof.search.never_met == []


@pytest.mark.parametrize(
    ("name", "prop", "length"),
    [
        ("closed connection revived", Property.P2, 2),
        ("set_listener without live check", Property.P2, 1),
        ("teardown leaves ids", Property.P1, 3),
        ("overtaken call resurrects", Property.P6, 5),
        ("overtaken call never answered", Property.P7, 3),
        ("first listener keeps a turn", Property.P9, 3),
    ],
)
@pytest.mark.parametrize("symmetric", [True, False])
def test_a_planted_defect_is_shown_by_a_shortest_run(name: str, prop: Property, length: int, symmetric: bool) -> None:
    """The run starts in the empty state, ends in the violation, and is as long as the search is deep."""
    proof = prove(SMALL, symmetric, step=DEFECTS[name])
    assert proof.verdict is SearchVerdict.VIOLATED
    found = next(c for c in proof.counter_examples if c.property is prop)
    assert len(found.run) == length
    shown = text(proof)
    assert "VIOLATED" in shown
    assert found.what in shown
    assert found.run[-1].action in shown


def test_a_run_in_words() -> None:
    """Each step has its action, its kind, its answer and the state afterwards."""
    (found,) = [c for c in prove(SMALL, step=DEFECTS["closed connection revived"]).counter_examples if c.property is Property.P2]
    assert [tuple(step) for step in found.run] == [
        ("remove_connection(c1)", "remove_connection: not live", "nothing", "c1 closed"),
        ("connection_initialized(c1)", "connection_initialized: becomes live", "nothing", "c1 live; c1 closed"),
    ]


def test_after_a_counterexample_no_other_property_holds() -> None:
    """The search ends there, so the other properties were not judged on every state."""
    proof = prove(SMALL, step=DEFECTS["closed connection revived"])
    assert SearchVerdict.HOLDS not in {proof.verdict_of(p) for p in Property}


def test_a_hit_bound_is_reported_and_inconclusive(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--max-states", "100") == 2
    printed = " ".join(capsys.readouterr().out.split())
    assert "INCONCLUSIVE" in printed
    assert "the bound of 100 states was hit" in printed
    assert "holds" not in printed.split("not covered")[0].replace("INCONCLUSIVE", "")


@pytest.mark.parametrize(
    ("kinds", "met", "verdict"),
    [
        (["a kind that no step is of"], {}, SearchVerdict.INCONCLUSIVE),
        ([], {"something": False}, SearchVerdict.INCONCLUSIVE),
        ([], {"something": True}, SearchVerdict.HOLDS),
    ],
)
def test_a_missing_kind_or_situation_is_inconclusive(kinds: list[str], met: dict[str, bool], verdict: SearchVerdict) -> None:
    """Expected kinds of transition and `sometimes` properties both count."""
    found = StateGraphSearch([Layer([StatesInMemory([0], None)])], None, None, search(ManagerSystem(TINY)).kinds, kinds, met)
    assert found.never_enabled == kinds
    assert found.never_met == [name for name, was in met.items() if not was]
    assert found.verdict is verdict


@pytest.mark.parametrize(
    ("name", "defect"), [("prove_holds", None), ("prove_violated", "teardown leaves ids"), ("prove_stuck", "overtaken call never answered")]
)
def test_golden_report_and_json(name: str, defect: str | None) -> None:
    """The text and the JSON report. `SUBWARDEN_REFRESH=1` writes them anew; read the difference before committing it."""
    proof = prove(Scope(1, 1, 1, 1, None, True, 1)) if defect is None else prove(SMALL, step=DEFECTS[defect])
    golden(f"{name}.txt", text(proof))
    golden(f"{name}.json", json.dumps(proof.as_data(), indent=1) + "\n")


def test_progress_can_stop_the_search() -> None:
    """As Ctrl-C does; the search then reports how far it got."""
    seen: list[Progress] = []

    def after_three(at: Progress) -> bool:
        seen.append(at)
        return len(seen) < 4

    found = search(ManagerSystem(SMALL), progress=after_three)
    assert found.stopped == "it was interrupted"
    assert found.verdict is SearchVerdict.INCONCLUSIVE
    assert [at.depth for at in seen] == [0, 1, 2, 3]
    assert found.expanded == sum(map(len, found.layers[:3]))


def test_ctrl_c_reports_how_far_the_search_got(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit code is 2, and the previous signal handler is restored."""
    before = signal.getsignal(signal.SIGINT)

    @contextmanager
    def interrupting(*_: object, **__: object) -> Iterator[Callable[..., object]]:
        yield Mock(side_effect=lambda *_: os.kill(os.getpid(), signal.SIGINT))

    monkeypatch.setattr(verb, "progress", interrupting)
    assert command() == 2
    assert signal.getsignal(signal.SIGINT) is before
    assert "it was interrupted" in " ".join(capsys.readouterr().out.split())


def test_json_has_the_whole_proof(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It has the scope, the behaviour left out and the figures; two runs write the same file."""
    arguments = ["--connections", "1", "--conversations", "1", "--no-raw", "--no-turns", "--in-flight", "0"]
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    assert [command(*arguments, "--json", str(file)) for file in files] == [0, 0]
    capsys.readouterr()
    assert files[0].read_text() == files[1].read_text()
    data = json.loads(files[0].read_text())
    assert data["format"] == 1
    assert data["verdict"] == "holds"
    assert data["scope"]["raw"] is False
    assert any("--no-raw" in sentence for sentence in data["left_out"])
    assert any("--no-turns" in sentence for sentence in data["left_out"])
    assert any("--in-flight 0" in sentence for sentence in data["left_out"])
    assert sum(data["transitions_by_kind"].values()) == data["transitions"]
    assert data["properties"]["P5"]["verdict"] is None
    assert "server" in data["properties"]["P5"]["why"]


@pytest.mark.parametrize(
    "arguments",
    [["--connections", "0"], ["--items", "-1"], ["--max-states", "0"], ["--json", "/nowhere/at/all", "--connections", "1"]],
)
def test_usage_errors_exit_with_3(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """They print one line and no traceback."""
    assert command(*arguments, "--threads", "1", "--conversations", "0") == 3
    assert capsys.readouterr().err.startswith("subwarden prove: ")


def test_liveness_judges_every_open_call() -> None:
    """A pass without components, or with single states only, would be vacuous."""
    system = ManagerSystem(SMALL)
    found = search(system)
    liveness = check_liveness(system, list(found.states()))
    busy = [s for s in found.states() if system.encoding.decode(s).callers[0] is not None]
    assert liveness.states_with_open_calls == len(busy) > 1000
    assert liveness.largest > 10
    assert not liveness.stuck


def test_a_skipped_liveness_is_not_a_pass() -> None:
    """With too many states for liveness, a scope with calls in flight is inconclusive, and the report says so."""
    proof = prove(SMALL, liveness_states=10)
    assert proof.verdict is SearchVerdict.INCONCLUSIVE
    assert proof.verdict_of(Property.P7) is None
    assert "P7 and P13 were not judged" in text(proof)


def test_strong_components_of_a_small_graph() -> None:
    """The graph has two cycles, a bridge and a tail."""
    graph = {1: [2], 2: [3], 3: [1, 4], 4: [5], 5: [4, 6], 6: [], 7: [7, 99]}
    components = sorted(sorted(c) for c in strong_components(graph, lambda n: graph.get(n, [])))
    assert components == [[1, 2, 3], [4, 5], [6], [7]]
