"""The picture of the model's states: the way of a run, that of the run that holds, and the moves that neither took."""

import re
from typing import Any

import pytest

from subwarden.reports.html.graphs.model_states import UNKNOWN, model_pictures
from subwarden.reports.html.graphs.subscription_places import subscription_places
from subwarden.stateful_tests.exploring.findings.pictured.model_moves import ModelMoves, moves_record
from subwarden.stateful_tests.tests.reports.records import PHANTOM, RAW, replayed

EDGE = re.compile(r'class="edge (\w+)"')
UNSUBSCRIBED = "source-P8-thread-unsubscribe-answers-what-the-model-does-not"


def state(must: list[str], shown: list[str] | None = None, may: list[str] | None = None, *, followed: bool = True) -> dict[str, Any]:
    seen = must if shown is None else shown
    links = [fact.split(" on ") for fact in seen if " on " in fact]
    kept = {"shown": seen, "must": must, "may": may or [], "compared": True, "followed": followed, "more": [], "links": links}
    return {"arrows": [], "marks": [], "state": kept}


def run(*moments: dict[str, Any], holds: list[dict[str, Any]] | None = None, model: Any = None) -> dict[str, Any]:
    rows = [{"task": "A", "broken": []} for _ in moments[1:]]
    other = None if holds is None else {"steps": [{"task": "A", "broken": []} for _ in holds[1:]], "trace": {"moments": holds}}
    return {"steps": rows, "trace": {"moments": list(moments), "holds": other, "model": model}}


C1, C2 = ["c1 on t1"], ["c2 on t1"]
BOTH = sorted(C1 + C2)
MODEL = {
    "states": [[], C1, C2, BOTH],
    "moves": [
        {"source": 0, "target": 1, "calls": ["subscribe(c1, t1)"]},
        {"source": 0, "target": 2, "calls": ["subscribe(c2, t1)"]},
        {"source": 1, "target": 3, "calls": ["subscribe(c2, t1)"]},
        {"source": 2, "target": 3, "calls": ["subscribe(c1, t1)"]},
    ],
}


def test_the_way_of_the_run_that_of_the_other_and_the_moves_that_neither_took() -> None:
    (picture,) = model_pictures(run(state([]), state(C1), holds=[state([]), state(C2)], model=MODEL))
    assert sorted(EDGE.findall(picture.partition('class="key"')[0])) == ["beside", "missed", "missed", "taken"]
    assert "<title>subscribe(c1, t1)</title>" in picture
    assert "nothing leads to c1 on t1" in picture


def test_a_run_that_skips_a_look_went_by_the_shortest_way() -> None:
    (picture,) = model_pictures(run(state([]), state(C1, may=C2), state(BOTH), model=MODEL))
    assert EDGE.findall(picture.partition('class="key"')[0]).count("taken") == 2


def test_where_the_subject_left_the_model_stands_what_it_shows() -> None:
    (picture,) = model_pictures(run(state([]), state(C1), state(C1, shown=["c9 on t1"], followed=False), model=MODEL))
    assert picture.count('class="edge differs"') == 2, "the edge, and its sign"
    assert "the subject shows:" in picture
    broken = run(state([]), state(C1, shown=["c9 on t1"]), model=MODEL)
    broken["steps"][-1]["broken"] = ["P2"]
    assert "the subject shows:" in model_pictures(broken)[0]


def test_no_picture_is_drawn_where_nothing_changes_or_nothing_is_known() -> None:
    assert model_pictures(run(state([]), state([]))) == model_pictures({"steps": [], "trace": None}) == []


@pytest.mark.parametrize(("many", "said"), [(200, "172 more states are not drawn."), (29, "1 more state is not drawn.")])
def test_many_states_are_cut_and_counted(many: int, said: str) -> None:
    states = [[f"c{number} on t1"] for number in range(many)]
    moves = [{"source": 0, "target": number, "calls": ["subscribe"]} for number in range(1, many)]
    (picture,) = model_pictures(run(state(states[0]), state(states[1]), model={"states": states, "moves": moves}))
    assert said in picture


@pytest.mark.parametrize("name", [PHANTOM, RAW])
def test_the_model_of_a_real_run_has_its_states(name: str) -> None:
    record: Any = replayed(name)
    trace = record["trace"]
    assert trace["model"]["states"][0] == []
    known = {tuple(facts) for facts in trace["model"]["states"]}
    passed = {
        tuple(moment["state"]["must"])
        for moment in trace["moments"]
        if "state" in moment and moment["state"]["followed"] and not moment["state"]["may"]
    }
    assert len(passed) > 1
    assert passed <= known
    (picture,) = model_pictures(record)
    assert 'class="edge taken"' in picture


def test_a_server_s_states_are_those_that_its_runs_pass_through() -> None:
    record: Any = replayed(UNSUBSCRIBED)
    assert record["trace"]["model"] is None
    assert UNKNOWN in model_pictures(record)[0]


def test_clients_and_topics_keep_their_places_and_what_hangs_together_stands_together() -> None:
    crossed = [["c1 on t2"], ["c1 on t2", "c2 on t1"], ["c3 on t3"]]
    places = subscription_places(run(state([]), *(state(facts) for facts in crossed)))
    assert places is not None
    assert places["clients"] == {"c1": 18, "c2": 44, "c3": 70}
    assert places["topics"] == {"t2": 18, "t1": 44, "t3": 70}
    assert places["height"] == 3 * 26 + 10
    assert subscription_places({"steps": [], "trace": None}) is None


def test_a_program_with_too_many_states_has_no_model_to_draw() -> None:
    def step(state: frozenset[int], _memory: object, operation: int) -> list[tuple[frozenset[int], None]]:
        return [(state | {operation}, None)]

    model = ModelMoves(frozenset(), step, lambda state: sorted(map(str, state)))
    many = moves_record(model, [(number,) for number in range(13)], str)
    assert many is None
    few = moves_record(model, [(1, 2), (3,)], str)
    assert few is not None
    assert few["states"] == [[], ["1"], ["3"], ["1", "2"], ["1", "3"], ["1", "2", "3"]]
    assert {(move["source"], move["target"]): move["calls"] for move in few["moves"]} == {
        (0, 1): ["1"],
        (0, 2): ["3"],
        (1, 3): ["2"],
        (1, 4): ["3"],
        (2, 4): ["1"],
        (3, 5): ["3"],
        (4, 5): ["2"],
    }
