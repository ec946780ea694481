"""Traces a run for other tools: the operations in the order in which they took effect, each with its answer and the maps after it.

The trace ends where the model can no longer follow the run. An operation that changes nothing stands where it returned.
`stateful_tests.tla.traces` writes a trace for TLC and as ITF.
"""

from subwarden.checking.manager.graph import ManagerNode
from subwarden.model.manager.operations import CREATES_ENTRY
from subwarden.model.manager.projection import project
from subwarden.model.manager.step import Call
from subwarden.stateful_tests.exploring.observers import Observer
from subwarden.stateful_tests.subjects.manager.play import ManagerPlay
from subwarden.stateful_tests.tla.traces import Binding, TraceStep


class Tracer(Observer):
    """Records the trace of the run that it observes in `trace`."""

    def __init__(self) -> None:
        self.trace: list[TraceStep] = []

    def begun(self, play: ManagerPlay) -> None:
        self._manager = play.manager

    def took(self, node: ManagerNode, call: Call) -> None:
        """`call` took effect in the state `node`. Told by the judge."""
        shown = self._manager.show()
        entry = None if call.thread is None else node.state.entry(call.thread)
        stale = call.thread is not None and (entry is None or entry.incarnation != call.incarnation)
        if shown is not None and not stale:  # an operation on a state that was torn down is no step of the model
            edge = node.step(call)
            self.trace.append(TraceStep(call.operation, edge.answer, project(shown), call.thread, _binding(node, call)))


def _binding(node: ManagerNode, call: Call) -> Binding:
    if not isinstance(call.operation, CREATES_ENTRY):
        return Binding.NOW
    if call.incarnation is None:
        return Binding.NONE
    entry = node.state.entry(call.operation.thread)
    return Binding.BOUND if entry is not None and entry.incarnation == call.incarnation else Binding.STALE
