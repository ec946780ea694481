"""`subwarden prove --level server`: searches the whole model, and notices every planted defect in it."""

import json
from pathlib import Path

import pytest

from subwarden.model.properties import Property
from subwarden.model.server import requests as rq
from subwarden.model.server import transitions as pr
from subwarden.model.server.requests import Reply
from subwarden.model.server.state import Change, ChangeKind, Loaded, ServerState
from subwarden.proving.manager.proof import Proof
from subwarden.proving.search.breadth_first import search
from subwarden.proving.search.result import SearchVerdict, StateGraphSearch
from subwarden.proving.server.kinds import expected
from subwarden.proving.server.liveness import check_server_liveness
from subwarden.proving.server.proof import prove_server
from subwarden.proving.server.properties import NOT_AT_LEVEL_SERVER, STATE_PROPERTIES, STEP_PROPERTIES
from subwarden.proving.server.scope import EXTRAS, ServerScope
from subwarden.proving.server.steps import Answers, Arrives, Brings, Cancels, RequestMoved, RequestRules, ServerConfiguration, Shows, take
from subwarden.proving.server.system import ServerSystem
from subwarden.stateful_tests.specimens.model_defects.server import DEFECTS
from subwarden.stateful_tests.tests.proving.test_prove import command

ONE = ServerScope(in_flight=1)
DEFAULT = ServerScope()


@pytest.fixture(scope="module")
def default() -> Proof:
    """The proof of the default scope, made once."""
    return prove_server(DEFAULT)


@pytest.fixture(scope="module")
def searched() -> tuple[ServerSystem, StateGraphSearch]:
    """The search of the default scope with its states, which a proof does not keep."""
    system = ServerSystem(DEFAULT)
    return system, search(system)


@pytest.mark.slow
def test_the_default_scope_holds(default: Proof) -> None:
    """Every property that level server can decide is judged, and every expected kind of step is met."""
    assert default.verdict is SearchVerdict.HOLDS
    judged = {p for p in Property if default.verdict_of(p) is SearchVerdict.HOLDS}
    assert judged == set(Property) - set(NOT_AT_LEVEL_SERVER) - {Property.P11}  # nothing is cancelled there
    assert default.search.never_enabled == default.search.never_met == []
    assert default.liveness is not None
    assert default.liveness.largest > 1


@pytest.mark.slow
def test_counts_are_pinned(default: Proof) -> None:
    """Another count means another model, which must be intended; change `model/tla/Server.tla` with it."""
    assert (search(ServerSystem(ONE)).distinct, default.search.distinct) == (302, 12_541)


@pytest.mark.slow
def test_every_answer_that_is_right_in_a_state_may_be_given_in_it(searched: tuple[ServerSystem, StateGraphSearch]) -> None:
    """Every reachable state is settled: the answers need no further event."""
    extras = ServerSystem(ServerScope(1, 1, 1, 1, ("cancels", "deaths", "turns")))
    for system, found in (searched, (extras, search(extras))):
        states = [system.configuration(number).state for number in found.states()]
        assert all(pr.settle(state) == state for state in states)


@pytest.mark.parametrize(
    "scope",
    [
        ServerScope(1, 2, 0, 1, ("forks",)),
        ServerScope(1, 1, 1, 1, ("cancels", "lists")),
        ServerScope(1, 1, 0, 1, ("strangers", "turns")),
        ServerScope(1, 1, 0, 1, ("cancels", "deaths")),
        ServerScope(2, 1, 0, 1),
    ],
    ids=ServerScope.describe,
)
def test_each_extra_is_met_and_holds(scope: ServerScope) -> None:
    """The kinds of steps met with each extra are exactly the expected ones."""
    proof = prove_server(scope)
    assert proof.verdict is SearchVerdict.HOLDS
    assert set(proof.search.kinds) == set(expected(scope))


def test_the_scopes_above_have_all_extras() -> None:
    """An extra without a scope would never be met."""
    marks = next(m for m in getattr(test_each_extra_is_met_and_holds, "pytestmark") if m.name == "parametrize")  # noqa: B009
    assert {extra for scope in marks.args[1] for extra in scope.extras} == set(EXTRAS)


@pytest.mark.parametrize(
    ("name", "scope", "prop", "length"),
    [
        ("close keeps grants", ONE, Property.P2, 9),
        ("resume links on a closing thread", ONE, Property.P6, 14),
        ("unsubscribe keeps the grant", ONE, Property.P8, 11),
        ("archive never answered", ONE, Property.P7, 4),
        ("a link leaves what is owed", DEFAULT, Property.P8, 13),
        ("an unloaded conversation is loaded again", DEFAULT, Property.P6, 9),
    ],
)
def test_a_planted_defect_has_a_shortest_counterexample(name: str, scope: ServerScope, prop: Property, length: int) -> None:
    """The first counterexample breaks the defect's property, and each of its steps can be taken."""
    proof = prove_server(scope, rules=DEFECTS[name])
    assert proof.verdict is SearchVerdict.VIOLATED
    assert proof.counter_examples[0].property is prop
    assert len(proof.counter_examples[0].run) == length


@pytest.mark.slow
def test_waiting_for_a_start_is_noticed() -> None:
    """P14, and P7 with it: the engine need never finish the start."""
    proof = prove_server(DEFAULT, rules=DEFECTS["everybody waits for a start"])
    assert {c.property for c in proof.counter_examples} == {Property.P7, Property.P14}


def test_an_unanswered_archive_breaks_p7_and_not_p14() -> None:
    """P14 is about starts: an archive without an answer breaks P7 alone."""
    proof = prove_server(DEFAULT, rules=DEFECTS["archive never answered"])
    assert [c.property for c in proof.counter_examples] == [Property.P7]


@pytest.mark.slow
def test_the_engines_own_step_answers_a_start(searched: tuple[ServerSystem, StateGraphSearch]) -> None:
    """Without the engine's step, a start or a resume from the store would wait for ever while others are served; P7 rests on it."""
    system, whole = searched
    states = list(whole.states())

    def without_engine(state: int) -> list[tuple[object, int]]:
        return [(moved, to) for moved, to in system.successors(state) if not isinstance(moved.action, Brings)]

    found = check_server_liveness(states, system.configuration, without_engine, system.rules)  # type: ignore[arg-type]
    assert found.stuck
    waits = {type(system.configuration(stuck.at.state).state.flight[stuck.at.number - 1][1].request) for stuck in found.stuck}
    assert {rq.Start, rq.Resume} <= waits
    assert any(stuck.component > 1 for stuck in found.stuck)


WRONG = [
    (Property.P2, ServerState(live=frozenset({1}), gone=frozenset({1}))),
    (Property.P2, ServerState(gone=frozenset({1}), grants=frozenset({(1, 1, 0)}))),
    (Property.P4, ServerState(loaded=((1, Loaded(1)), (1, Loaded(2))))),
    (Property.P4, ServerState(loaded=((1, Loaded(1)), (2, Loaded(1))))),
    (Property.P6, ServerState(owed=frozenset({(1, 1)}))),
    (Property.P12, ServerState(loaded=((1, Loaded(1)),), closed=frozenset({1}), owed=frozenset({(1, 1)}))),
]


@pytest.mark.parametrize(("prop", "state"), WRONG)
def test_a_wrong_state_breaks_its_property_alone(prop: Property, state: ServerState) -> None:
    """Also for states that no planted defect reaches."""
    assert [p.property for p in STATE_PROPERTIES if p.broken(ServerConfiguration(state))] == [prop]


def test_a_cancellation_that_changes_something_is_noticed() -> None:
    """P11: a cancellation that only marks its request is right."""
    before = ServerConfiguration(pr.accept(ServerState(live=frozenset({1})), 1, rq.Archive(1, 1)))
    (marked,) = take(before, Cancels(1), RequestRules())
    changed = marked._replace(state=marked.state._replace(stored=frozenset({1})))
    broken = [[p.property for p in STEP_PROPERTIES if p.broken(before, RequestMoved(Cancels(1), after))] for after in (marked, changed)]
    assert broken == [[], [Property.P11]]


# --- faults of the model that the first searches found


def play(*actions: Arrives | Shows | Answers | Brings, stored: frozenset[int] = frozenset()) -> list[ServerConfiguration]:
    """The configurations after the actions; none if the model does not allow the last one."""
    configurations = [ServerConfiguration(ServerState(live=frozenset({1}), asked=frozenset({1}), stored=stored))]
    for action in actions:
        assert configurations
        configurations = [after for each in configurations for after in take(each, action, RequestRules())]
    return configurations


def test_an_unloaded_conversation_is_not_loaded_again() -> None:
    """Even while the request that the engine brought it for is in flight."""
    loaded, unloaded = Shows(Change(ChangeKind.LOADED, 1, other=1)), Shows(Change(ChangeKind.UNLOADED, 1, other=1))
    begun = (Arrives(rq.Start(1, 1, raw=False)), Arrives(rq.Archive(1, 1)), Brings(1, 1), loaded, unloaded)
    assert play(*begun)
    assert not play(*begun, loaded)


def test_another_requests_link_settles_an_owed_link() -> None:
    """One resume is answered before it shows, another subscribes, an unsubscribe ends that: no link is owed."""
    link, unlink = Shows(Change(ChangeKind.LINKED, 1, 1)), Shows(Change(ChangeKind.UNLINKED, 1, 1))
    first = (Arrives(rq.Resume(1, 1)), Arrives(rq.Resume(1, 1)), Brings(1, 1), Shows(Change(ChangeKind.LOADED, 1, other=1)))
    ended = play(*first, Answers(1, Reply.OK), link, Arrives(rq.Unsubscribe(1, 1)), unlink, stored=frozenset({1}))
    assert ended
    assert not any(configuration.state.owed for configuration in ended)


def test_two_equal_rollbacks_in_flight_are_two_requests() -> None:
    """Each is busy because of the other, even if both are one object in memory."""
    request = rq.Rollback(1, 1)
    state = pr.accept(pr.accept(ServerState(live=frozenset({1})), 1, request), 2, request)
    assert all(Reply.BUSY in flight.may for _, flight in state.flight)


# --- the command


def test_the_command_writes_what_it_proves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON names the level and the limits of the proof, as at level manager."""
    path = tmp_path / "proof.json"
    assert command("--level", "server", "--requests", "1", "--json", str(path), "--kinds") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("HOLDS  level server: 1 connection, 1 thread, 1 request in flight")
    assert "conversations that end by themselves" in printed
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["level"] == "server"
    assert data["distinct_states"] == search(ServerSystem(ONE)).distinct
    assert data["scope"]["in_flight"] == 1
    assert data["properties"]["P14"]["verdict"] is None


def test_a_bound_that_is_hit_is_inconclusive(capsys: pytest.CaptureFixture[str]) -> None:
    """The report says so."""
    assert command("--level", "server", "--max-states", "100") == 2
    assert "the bound of 100 states was hit" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--level", "server", "--items", "2"), "--items is not an option of level server"),
        (("--level", "server", "--no-raw"), "--no-raw is not an option of level server"),
        (("--extras", "turns"), "--extras is not an option of level manager"),
        (("--level", "server", "--extras", "turnips"), "unknown extra 'turnips'"),
        (("--level", "server", "--extras", "forks"), "forks need 2 threads"),
        (("--level", "server", "--requests", "0"), "requests is at least 1"),
    ],
)
def test_bad_input_is_one_clear_line(arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With exit code 3."""
    assert command(*arguments) == 3
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
