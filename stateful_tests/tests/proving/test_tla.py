"""TLC confirms that the TLA+ twin is the model: same counts, verdicts, lengths of counterexamples, and traces of real managers."""

import json
from collections.abc import Iterable

import pytest

from subwarden.impl.manager.api import ManagerApi
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.source import SourceManager
from subwarden.model.manager import operations as op
from subwarden.model.manager.projection import project
from subwarden.proving.manager.proof import prove
from subwarden.proving.manager.scope import Request, Scope
from subwarden.proving.manager.system import ManagerSystem
from subwarden.proving.search.breadth_first import search
from subwarden.proving.search.result import SearchVerdict
from subwarden.stateful_tests.specimens import tlc
from subwarden.stateful_tests.specimens.model_defects.manager import DEFECTS
from subwarden.stateful_tests.specimens.tlc import validate
from subwarden.stateful_tests.subjects.manager.tour_player import Pair
from subwarden.stateful_tests.tla.traces import Binding, TraceStep, as_itf, as_tla


def _why_not() -> str | None:
    try:
        tlc.command()
    except tlc.TlcMissing as missing:
        return str(missing)
    return None


WHY_NOT = _why_not()
needs_tlc = pytest.mark.skipif(WHY_NOT is not None, reason=WHY_NOT or "")


def first_is_quick(given: Iterable[object]) -> list[object]:
    """The parameters of a test that starts Java for each: all but the first are for the slow tests."""
    first, *others = given
    return [first, *(pytest.param(other, marks=pytest.mark.slow) for other in others)]


SCOPES = [
    Scope(2, 1, 1, 1, 1, True, 0),
    Scope(2, 2, 1, 1, None, True, 0),
    Scope(1, 2, 2, 2, 0, False, 0),
    Scope(1, 1, 1, 2, 1, True, 1),
    Scope(1, 2, 1, 1, None, False, 1),
    Scope(1, 1, 0, 1, None, False, 2),
]


@needs_tlc
@pytest.mark.parametrize("scope", first_is_quick(SCOPES), ids=Scope.describe)
def test_tlc_finds_the_same_states(scope: Scope) -> None:
    """Both find the same numbers of distinct states and of transitions, the same depth, and no violation."""
    ours, theirs = search(ManagerSystem(scope)), tlc.check(scope, workers=1)  # with more workers TLC may report a larger depth
    assert theirs.distinct == ours.distinct
    assert theirs.generated == ours.transitions + 1  # TLC counts the initial state as generated
    assert theirs.depth == ours.depth
    assert (theirs.violated is None) is (ours.verdict is SearchVerdict.HOLDS)


# `overtaken call never answered` breaks liveness, below; with one worker TLC's counterexamples are shortest
STATE_DEFECTS = {
    "closed connection revived": (Scope(2, 1, 1, 1, None, True, 0), 2),
    "set_listener without live check": (Scope(2, 1, 1, 1, None, True, 0), 1),
    "teardown leaves ids": (Scope(2, 1, 1, 1, None, True, 0), 3),
    "id in two places": (Scope(2, 1, 1, 1, None, False, 0), 4),
    "overtaken call resurrects": (Scope(1, 1, 0, 0, None, False, 1), 5),
    "first listener keeps a turn": (Scope(1, 1, 0, 2, 1, False, 0), 3),
}


@needs_tlc
@pytest.mark.parametrize("name", first_is_quick(STATE_DEFECTS))
def test_tlc_finds_a_planted_defect_as_soon_as_we_do(name: str) -> None:
    """Both find the same property broken, with counterexamples of the same length."""
    scope, length = STATE_DEFECTS[name]
    ours = search(ManagerSystem(scope, DEFECTS[name])).counter_examples
    theirs = tlc.check(scope, name, workers=1)
    assert theirs.violated in {c.property.name for c in ours}
    assert theirs.steps == min(len(c.run) for c in ours) == length


@needs_tlc
@pytest.mark.slow
def test_tlc_agrees_on_liveness() -> None:
    """P7 holds under fairness; with the planted defect it does not."""
    scope = Scope(1, 1, 1, 0, None, False, 1)
    assert tlc.check(scope, liveness=True).violated is None
    assert prove(scope).verdict is SearchVerdict.HOLDS
    defect = "overtaken call never answered"
    assert tlc.check(scope, defect, liveness=True).violated == "liveness"
    assert prove(scope, step=DEFECTS[defect]).verdict is SearchVerdict.VIOLATED


PROGRAM = [
    Request(op.ConnectionInitialized(1)),
    Request(op.ConnectionInitialized(2)),
    Request(op.TryEnsureConnectionSubscribed(1, 1, True)),
    Request(op.StateSetListener(1), 1),
    Request(op.StateTrackEvent(op.TurnEvent.TURN_STARTED), 1),
    Request(op.StateTrackEvent(op.TurnEvent.ITEM), 1),
    Request(op.SetListener(1, 1, 2, False)),
    Request(op.SubscribedConnectionIds(1)),
    Request(op.TryAddConnectionToThread(2, 1)),
    Request(op.SetListener(1, 2, 1, False)),
    Request(op.StateListenerMatches(1), 1),
    Request(op.RemoveListener(1)),
    Request(op.RemoveListener(1)),
    Request(op.UnsubscribeConnectionFromThread(1, 1)),
    Request(op.HasSubscribers(1)),
    Request(op.RemoveThreadState(1)),
    Request(op.RemoveConnection(1)),
    Request(op.ConnectionInitialized(1)),
    Request(op.TryAddConnectionToThread(1, 1)),
]


def record(manager: ManagerApi, program: list[Request]) -> list[TraceStep]:
    """Play `program` one call at a time and record each answer and view."""
    pair, trace = Pair(lambda: manager), []
    for request in program:
        answer = pair.ask(request)
        shown = manager.show()
        assert shown is not None
        trace.append(TraceStep(request.operation, answer, project(shown), request.thread))
    return trace


@needs_tlc
def test_the_twin_accepts_a_trace_of_our_manager() -> None:
    trace = record(Manager(), PROGRAM)
    assert validate(trace).accepted


@needs_tlc
def test_the_twin_rejects_a_trace_of_the_source_where_the_source_is_wrong() -> None:
    """The source has one raw flag a thread, so the twin rejects the first step at which two choices differ."""
    trace = record(SourceManager(), PROGRAM)
    verdict = validate(trace)
    assert not verdict.accepted
    assert trace[verdict.explained].operation == op.SetListener(1, 1, 2, False)


@needs_tlc
@pytest.mark.slow
def test_the_twin_rejects_a_wrong_answer() -> None:
    """A wrong answer is rejected even if the view is right."""
    trace = record(Manager(), PROGRAM)
    wrong = trace[7]
    trace[7] = TraceStep(wrong.operation, [1], wrong.view)
    rejected = validate(trace)
    assert rejected == validate(trace[:8])
    assert rejected.explained == 7


@needs_tlc
def test_the_twin_explains_a_call_overtaken_by_a_teardown() -> None:
    """A refusal is right if the call is bound to a torn-down entry, and wrong for a call made at that moment."""
    program = [Request(op.ConnectionInitialized(1)), Request(op.ThreadState(1)), Request(op.RemoveThreadState(1))]
    trace = record(Manager(), program)
    view = trace[-1].view
    assert validate([*trace, TraceStep(op.TryAddConnectionToThread(1, 1), False, view, binding=Binding.STALE)]).accepted
    assert validate([*trace, TraceStep(op.TryAddConnectionToThread(1, 1), False, view)]).explained == 3


def test_itf_is_json_with_a_state_before_and_after_every_operation() -> None:
    """Integers are written as ITF's bigints, which no reader rounds."""
    trace = record(Manager(), PROGRAM)
    itf = json.loads(json.dumps(as_itf(trace)))
    assert [state["#meta"]["index"] for state in itf["states"]] == list(range(len(PROGRAM) + 1))
    assert set(itf["states"][3]) == {"#meta", *itf["vars"]}
    assert itf["states"][3]["links"] == {"#set": [{"#tup": [{"#bigint": "1"}, {"#bigint": "1"}]}]}


def test_the_tla_module_names_every_operation() -> None:
    text = as_tla(record(Manager(), PROGRAM))
    for request in PROGRAM:
        o = request.operation
        assert (o.event.value if isinstance(o, op.StateTrackEvent) else o.name) in text


def test_without_java_the_error_names_the_missing_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason of the skip tells the reader what to install."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(tlc.TlcMissing, match="install a Java"):
        tlc.command()


@pytest.mark.skipif(WHY_NOT is not None and "Java" in WHY_NOT, reason="no Java")
def test_a_missing_jar_is_reported_with_the_variable_that_named_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tlc.JAR_VARIABLE, "/nowhere/tla2tools.jar")
    with pytest.raises(tlc.TlcMissing, match=tlc.JAR_VARIABLE):
        tlc.command()
