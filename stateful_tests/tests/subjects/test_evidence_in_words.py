"""A finding's second line says what the subject did and what the model allows, from the evidence that the judge keeps."""

import pytest

from subwarden.checking import causes
from subwarden.checking.manager.evidence import WrongReturn
from subwarden.model.manager.operations import RemoveConnection
from subwarden.model.manager.projection import view
from subwarden.model.manager.state import State
from subwarden.stateful_tests.runs.follow import follow
from subwarden.stateful_tests.runs.saved import saved_runs
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.subjects.manager.explain import explain

RUNS = dict(saved_runs(committed_only=True))


@pytest.mark.parametrize(
    ("run", "said", "detail"),
    [
        ("split-lock-P1-the-maps-disagree", "the maps disagree", "c1 is a subscriber of t1, but t1 is not among c1's threads"),
        ("source-P2-a-closed-connection-is-live-again", "a closed connection is live again", "c1 is live after its close"),
        (
            "split-lock-P2-a-subscription-outlives-its-connection",
            "a subscription outlives its connection",
            "c1 is subscribed and not live",
        ),
        (
            "source-P8-set-listener-does-what-the-model-does-not",
            "set_listener had a wrong effect",
            "the maps differ from the model: + c1 on t1",
        ),
        (
            "split-lock-P6-a-call-that-a-teardown-overtook-acts-on-the-thread-s-next-life",
            "a call that a teardown overtook acts on the thread's next life",
            "returned a thread state; the model allows refused",
        ),
        (
            "source-P8-thread-unsubscribe-answers-what-the-model-does-not",
            "thread_unsubscribe returned a wrong answer",
            "answered not subscribed, which was right at no moment",
        ),
        ("source-P7-thread-resume-is-never-answered", "thread_resume is never answered", ""),
    ],
)
def test_a_saved_run_says_what_the_subject_did_and_what_the_model_allows(run: str, said: str, detail: str) -> None:
    replay = RUNS[run]
    record = follow(replay, load(replay.subject, replay.level)).record
    assert (said, detail) in [(each["said"], each["detail"]) for each in record["findings"]]


def test_a_call_that_returns_before_its_effect_is_said_to_lack_it() -> None:
    """The answer is right, so the change that is missing is what the model asks for."""
    live, linked = State(live=frozenset({1})), frozenset({(1, 1)})
    seen = view(live)._replace(links=linked)
    evidence = WrongReturn(None, seen, ((None, view(State())),), RemoveConnection(1))
    said = explain(causes.wrong_answer("remove_connection"), evidence)
    assert said == "returned done; the model allows that only after this change: c1 not live, - c1 on t1"
