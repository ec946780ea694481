"""Judges one run of a manager against its custom model, as it happens.

Every answer is judged when it comes. The observed state is judged whenever no call is open: the manager may change it in several steps,
and only its model knows which part of it a call may touch.
"""

from collections.abc import Callable, Hashable

from subwarden.checking import causes
from subwarden.checking.adapter_judge import AdapterJudge, JudgedRules
from subwarden.checking.causes import Cause
from subwarden.checking.custom.configurations import CustomGraph
from subwarden.checking.custom.model import BadModel, CustomModel, CustomOperation
from subwarden.checking.custom.same import same
from subwarden.checking.custom.text import text_of
from subwarden.model.core.step import Id
from subwarden.model.properties import Property
from subwarden.scheduling.loop import ControlledLoop

# the text is an identity, as all mechanisms are
UNASKED = Cause(Property.P8, "what shows changes before any call has ended")
NAMED = 4  # how many of the model's answers a message lists


class CustomJudge(AdapterJudge):
    """The judge of one run. `observe` returns the manager's state, or None while it cannot be seen."""

    def __init__(
        self,
        loop: ControlledLoop,
        observe: Callable[[], object],
        model: CustomModel,
        graph: CustomGraph,
        fired: set[str],
        rules: JudgedRules,
    ) -> None:
        super().__init__(loop, fired, rules)
        self.seen: object = None
        self._observe = observe
        self.model = model
        self._possible = graph.initial(model)
        self._lost = False  # the model explained an answer or a state in no way, so nothing more is judged
        self._blamed: CustomOperation | None = None  # the call that ended last

    def _digest_parts(self) -> Hashable:
        tasks = {call: task for task, call in (*self._open.items(), *self._orphans.items())}
        return None if self._lost else self._possible.now.digested(tasks), self._blamed, text_of(self.seen)

    # --- events of the run

    def called(self, task: int, operation: CustomOperation) -> None:
        """`task` calls `operation`."""
        possible = self._possible
        self._open[task], self._possible, _ = possible.begun.get(id(operation)) or possible.begin(operation)

    def returned(self, task: int, operation: CustomOperation, answer: object, last: bool = False) -> None:
        """`operation` returned `answer`; `last`: the task runs no more of the subject's code."""
        call = self._open.pop(task)
        self._blamed = operation
        if not self._lost:
            try:
                self._judge_answer(call, operation, answer)
            except BadModel as error:
                self._useless(error)
        self._look()
        self._seen_at_return = last

    def _judge_answer(self, call: int, operation: CustomOperation, answer: object) -> None:
        self._possible, kinds, possible = self._possible.after_return(call, answer)
        if kinds:
            if len(kinds) == 1:  # the kind of transition is told if only one is possible
                self._fired |= kinds
            return
        self._lost = True
        right = sorted({text_of(outcome.answer) for outcome in possible})
        more = ", ..." if len(right) > NAMED else ""
        instead = f"the model allows {' or '.join(right[:NAMED])}{more}" if right else "the model makes it wait"
        self.violated(causes.wrong_answer(operation.name), f"{operation} returned {text_of(answer)}; {instead}", ("answer", answer))

    def _gone(self, task: int, operation: CustomOperation) -> None:
        self._orphans[task] = self._open.pop(task)
        self._blamed = operation

    def excuse(self, client: Id) -> None:
        """The environment failed `client`. Only the model knows what follows, so nothing is excused."""

    def _useless(self, error: BadModel) -> None:
        self._lost = True
        self.show_raised = self.show_raised or error

    # --- looking

    def _look(self) -> None:
        try:
            seen = self._observe()
        except Exception as error:  # not a finding: an adapter must be able to show its state at any time
            self.show_raised = self.show_raised or error
            return
        if seen is None:
            return
        self.seen, self.observed = seen, True
        if self._open or self._orphans:
            return
        if self.model.shows is not None and not self._lost:
            try:
                self._judge_shown(seen)
            except BadModel as error:
                self._useless(error)
        self._judge_own(seen)

    def _judge_shown(self, seen: object) -> None:
        kept = self._possible.showing(lambda node: same(node.shown(), seen))
        if kept is not None:
            self._possible = kept
            return
        self._lost = True
        right = sorted({text_of(node.shown()) for node, _ in self._possible.now.configurations})
        more = ", ..." if len(right) > NAMED else ""
        cause = UNASKED if self._blamed is None else causes.wrong_state(self._blamed.name)
        said = text_of(seen)
        self.violated(cause, f"it shows {said}; the model allows {' or '.join(right[:NAMED])}{more}", ("shown", said))

    def allowed(self) -> tuple[list[object], bool]:
        """The states that the model may be in now, as `observe` would show them, or as they are if the model does not say how they show;
        and whether it does. A run that the model could not explain stays where it was. Raises BadModel.
        """
        shows = self.model.shows is not None
        found = dict.fromkeys(node for node, _ in self._possible.now.reachable())
        return [node.shown() if shows else node.state for node in found], shows

    @property
    def followed(self) -> bool:
        """Whether the model explains the run so far."""
        return not self._lost

    # --- the end

    def _settle(self) -> None:
        if self._orphans and not self._lost:
            try:
                self._possible = self._possible.settled(self._orphans.values())
            except BadModel as error:
                self._useless(error)
        self._orphans.clear()

    def rest(self) -> None:
        """Judge the run at quiescence: each cancelled call has taken effect or never will."""
        self._settle()
        self._look()

    def may_wait(self) -> bool:
        """At quiescence: whether the model makes all open calls wait."""
        if not self.model.waits or self._lost:
            return self.model.waits  # a run that is lost cannot be judged
        try:
            return self._possible.now.may_all_wait()
        except BadModel as error:
            self._useless(error)
            return True
