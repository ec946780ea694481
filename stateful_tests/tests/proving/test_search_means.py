"""Memory, processes and a folder change how a search is carried out, and nothing that it finds."""

import gc
import multiprocessing
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from subwarden.model.properties import Property
from subwarden.proving.manager import proof as manager
from subwarden.proving.manager.scope import Scope
from subwarden.proving.search import breadth_first
from subwarden.proving.search.crew import Means
from subwarden.proving.search.partition import Partition, owner_of
from subwarden.proving.search.result import Progress, SearchVerdict
from subwarden.proving.search.state_file import CannotKeep, Layer, Packing, StateFile, StatesInMemory
from subwarden.proving.search.visited import LEAST, Ceiling, Place, capacity_of
from subwarden.proving.search.workers import WorkerLost
from subwarden.proving.server import proof as server
from subwarden.proving.server.scope import ServerScope
from subwarden.proving.server.system import CHUNK
from subwarden.stateful_tests.specimens.model_defects.manager import DEFECTS as MANAGER_DEFECTS
from subwarden.stateful_tests.specimens.model_defects.server import DEFECTS as SERVER_DEFECTS

Proof = manager.Proof
LITTLE = 1  # byte: as few states in memory as there can be
MANAGER = Scope(2, 2, 1, 1, 0, False, 0)
SERVER = ServerScope(connections=2, in_flight=1)


def of_manager(means: Means) -> Proof:
    return manager.prove(MANAGER, means=means)


def of_server(means: Means) -> Proof:
    return server.prove_server(SERVER, means=means)


def everything(proof: Proof) -> tuple[object, ...]:
    """All that a search has found: what a report has, and the states themselves."""
    return proof.as_data(), [list(layer) for layer in proof.search.layers], proof.search.orbits


@pytest.fixture(scope="module")
def plain() -> dict[Callable[[Means], Proof], tuple[object, ...]]:
    """What one process with enough memory finds."""
    return {prove: everything(prove(Means())) for prove in (of_manager, of_server)}


# --- equal


@pytest.mark.parametrize("prove", [of_manager, of_server])
@pytest.mark.parametrize(
    "means", [Means(memory=LITTLE), Means(jobs=2), pytest.param(Means(jobs=4, memory=LITTLE), marks=pytest.mark.slow)], ids=str
)
def test_memory_and_processes_change_nothing_that_is_found(
    prove: Callable[[Means], Proof], means: Means, plain: dict[Callable[[Means], Proof], tuple[object, ...]]
) -> None:
    """States, layers, transitions of each kind, `sometimes` properties, liveness."""
    assert everything(prove(means)) == plain[prove]
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("means", [Means(memory=LITTLE), Means(jobs=2), pytest.param(Means(jobs=4), marks=pytest.mark.slow)], ids=str)
def test_a_planted_defect_has_one_counterexample(means: Means) -> None:
    """The same run, step by step, whoever found it."""
    rules, step = SERVER_DEFECTS["unsubscribe keeps the grant"], MANAGER_DEFECTS["teardown leaves ids"]
    for alone, shared in (
        (server.prove_server(SERVER, rules=rules), server.prove_server(SERVER, rules=rules, means=means)),
        (manager.prove(Scope(2, 1, 1, 1, 1, True, 0), step=step), manager.prove(Scope(2, 1, 1, 1, 1, True, 0), step=step, means=means)),
    ):
        assert alone.verdict is SearchVerdict.VIOLATED
        assert shared.counter_examples == alone.counter_examples
        assert everything(shared) == everything(alone)


@pytest.mark.slow
@pytest.mark.parametrize("means", [Means(memory=20_000_000), Means(jobs=2, memory=20_000_000)], ids=str)
def test_two_connections_with_two_requests_are_the_same_for_any_means(means: Means) -> None:
    """227,141 orbits, of which some are in memory."""
    found = server.prove_server(ServerScope(connections=2), liveness_states=0, means=means).search
    assert (found.distinct, found.stored, found.depth) == (454_170, 227_141, 39)
    assert found.on_disk == found.stored


# --- memory


def test_no_more_states_are_in_memory_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the successors of the states that are expanded at once."""
    most, at_once = 0, 0
    expand = Partition.expand

    def watched(self: Partition) -> list[list[int]]:
        nonlocal most, at_once
        before = len(self.visited.known)
        found = expand(self)
        most, at_once = max(most, before), max(at_once, len(self.visited.known) - before)
        return found

    monkeypatch.setattr(Partition, "expand", watched)
    found = of_server(Means(memory=LITTLE)).search
    assert most < LEAST
    assert at_once < 4 * CHUNK
    assert found.stored > 5 * LEAST
    assert found.on_disk == found.stored


def test_a_bound_in_bytes_becomes_a_number_of_states() -> None:
    assert capacity_of(None, 100) is None
    assert capacity_of(0, 100) == LEAST
    few, many = capacity_of(100_000_000, 300), capacity_of(100_000_000, 60)
    assert few is not None
    assert many is not None
    assert 300_000 < few < many < 1_000_000


def test_a_process_that_grows_lets_states_go(plain: dict[Callable[[Means], Proof], tuple[object, ...]]) -> None:
    """However much its other memory takes: nothing that is found changes. Told once, it must grow to be told again."""
    sizes = iter([90, 96, 96, 97, 99, 99])
    ceiling = Ceiling(100, lambda: next(sizes))
    assert [ceiling.reached() for _ in range(6)] == [False, True, False, False, True, False]
    growing = count(1_000, 100)
    proof = of_server(Means(ceiling=1_500, used=lambda: next(growing)))
    assert proof.search.on_disk == proof.search.stored
    assert everything(proof) == plain[of_server]


PEAK = """
import re, sys
from pathlib import Path
from subwarden.proving.manager.proof import prove
from subwarden.proving.manager.scope import Scope
from subwarden.proving.search.crew import Means
def peak():  # of this program alone; getrusage has that of the process that started it, too
    return int(re.search("VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
prove(Scope(2, 1, 1, 1, 1, True, 0), means=Means())
before = peak()
memory = None if sys.argv[1] == "None" else int(sys.argv[1])
found = prove(Scope(3, 2, 2, 1, None, True, 0), symmetric=False, means=Means(memory=memory)).search
print(peak() - before, found.distinct, found.transitions)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell the most memory that a process had")
def test_the_process_takes_no_more_memory_than_it_may() -> None:
    """Measured by the system, in processes of their own; without the bound it takes several times as much."""

    def peak(memory: int | None) -> list[int]:
        ran = subprocess.run([sys.executable, "-c", PEAK, str(memory)], capture_output=True, text=True, check=True, timeout=200)
        return [int(word) for word in ran.stdout.split()]

    bound = 8_000_000
    (least, *counts), (bounded, *same), (free, *all_of_them) = peak(1), peak(bound), peak(None)
    assert same == counts == all_of_them
    assert (bounded - least) * 1024 < bound  # the rest is the model's own tables, and what one chunk leads to
    assert free - least > 2 * (bounded - least)


def test_temporary_files_go_with_the_states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for means in (Means(memory=LITTLE), Means(jobs=2)):
        proof = of_manager(means)
        assert list(tmp_path.glob("*/*.states"))
        del proof
        gc.collect()
        assert list(tmp_path.iterdir()) == []


# --- processes


def test_an_owner_is_the_same_in_every_process_and_any_bit_may_change_it() -> None:
    assert [owner_of(state, 4) for state in range(8)] == [0, 1, 3, 1, 3, 1, 3, 1]
    for bit in range(200):
        assert any(owner_of(state, 2) != owner_of(state ^ 1 << bit, 2) for state in range(0, 5_000, 7)), bit
    shares = Counter(owner_of(state, 4) for layer in of_server(Means()).search.layers for state in layer)
    assert min(shares.values()) > 0.7 * max(shares.values())


def test_a_worker_that_is_killed_ends_the_search_in_one_line() -> None:
    def kill(at: Progress) -> bool:
        if at.depth == 5:
            multiprocessing.active_children()[0].kill()
        return True

    with pytest.raises(WorkerLost, match=r"^a worker was killed by signal 9; .*--memory.*--jobs; .*--resume$"):
        server.prove_server(SERVER, progress=kill, means=Means(jobs=2))
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("means", [Means(), Means(jobs=2)], ids=str)
def test_a_search_that_is_stopped_tells_how_far_it_got(means: Means) -> None:
    found = server.prove_server(SERVER, progress=lambda at: at.depth < 9, means=means).search
    assert found.stopped == "it was interrupted"
    assert found.depth == 9
    assert found.expanded == sum(map(len, found.layers[:-1]))
    assert multiprocessing.active_children() == []


def test_the_check_of_liveness_can_be_stopped() -> None:
    """As Ctrl-C does: the properties are not judged, and the proof does not hold."""
    for proof in (
        server.prove_server(SERVER, progress=lambda at: not at.liveness),
        manager.prove(Scope(1, 1, 1, 1, 1, True, 1), progress=lambda at: not at.liveness),
    ):
        assert proof.search.stopped is None
        assert proof.liveness is None
        assert proof.verdict is SearchVerdict.INCONCLUSIVE
        assert proof.unjudged[Property.P7] == "the check of liveness was interrupted"


def test_a_bound_of_states_stops_workers_too() -> None:
    found = server.prove_server(SERVER, max_states=500, means=Means(jobs=2)).search
    assert found.stopped == "the bound of 500 states was hit"
    assert 500 <= found.stored < 500 + 4 * CHUNK


# --- files


def test_a_file_of_states_is_the_set_that_was_written(tmp_path: Path) -> None:
    packing = Packing(70)
    states = sorted({pow(3, n, 1 << 70) for n in range(10_000)})
    file = StateFile.write(tmp_path / "x", packing, [(state, state % 7) for state in states], safe=True)
    assert len(file) == len(states)
    assert list(file) == states
    assert list(file.records()) == [(state, state % 7) for state in states]
    assert all(state in file for state in states[::97])
    assert not any(state + 1 in file for state in states[5::97])


def test_a_layer_is_in_order_however_it_is_divided(tmp_path: Path) -> None:
    states = [*range(0, 10_000, 3)]
    parts = [[state for state in states if owner_of(state, 3) == owner] for owner in range(3)]
    files = [StateFile.write(tmp_path / f"{owner}", Packing(20), [(s, 1) for s in part], safe=False) for owner, part in enumerate(parts)]
    for layer in (Layer(files), Layer([StatesInMemory(part, None) for part in parts])):
        assert list(layer) == states
        assert 300 in layer
        assert 301 not in layer
        assert len(layer) == len(states)


@pytest.mark.parametrize("means", [Means(memory=LITTLE), Means(jobs=2)], ids=str)
def test_a_disk_that_cannot_be_written_is_told_in_one_line(means: Means, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    place = Place.file

    def nowhere(self: Place, depth: int, run: int | None = None) -> Path:
        return tmp_path / "gone" / place(Place(tmp_path), depth, run).name

    monkeypatch.setattr(Place, "file", nowhere)

    def stopped(at: Progress) -> bool:
        if at.depth == 3 and (tmp_path / "gone").exists():
            for file in (tmp_path / "gone").iterdir():
                file.unlink()
            (tmp_path / "gone").rmdir()
        return True

    # of two processes, the one that reads a layer may be the first to see it
    mend = "free some disk space" if means.jobs == 1 else "(free some disk space|begin anew with --dir)"
    with pytest.raises(CannotKeep, match=rf"^cannot (write|read) \S+: No such file or directory; {mend}"):
        server.prove_server(SERVER, progress=stopped, means=means)


def test_a_search_alone_reads_no_clock_and_starts_no_process() -> None:
    """Nothing that a search finds may come from there."""
    assert not {"time", "random"} & set(vars(breadth_first))
