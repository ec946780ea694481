"""A talk with a process in the protocol's terms: requests get numbers, and each number gets one answer.

A violation of the protocol ends the talk with `BadProcess`: an answer to no request, the same answer twice, an unknown shape. A missing
answer is `Silent` or `Ended`; the caller decides whether that is a finding.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from subwarden.model.core.step import Id, Publish
from subwarden.stateful_tests.exec import messages
from subwarden.stateful_tests.exec.messages import PROTOCOL, AnswerMessage, Delivered, Garbled, Hello, quoted
from subwarden.stateful_tests.exec.models.exec_model import ExecModel
from subwarden.stateful_tests.exec.process import PREFIX, BadProcess, Ended, Process, Silent
from subwarden.stateful_tests.exec.program import AnyOperation, encode

CONFORM = "`subwarden conform COMMAND` checks the rest; `subwarden help exec-protocol` describes it"
MOST_DELIVERIES = 10_000  # of one publish
LATE_FACTOR = 3  # times the limit: an answer by then was slow, a later one counts as none
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Message = AnswerMessage | Delivered


class Session:
    """One process, from hello to its end. A context manager: leaving it leaves no process behind."""

    def __init__(self, command: str, limit: float, model: ExecModel) -> None:
        """Start `command` and greet it. `limit`: seconds that any answer may take; `model`: what it is judged by. Raises BadProcess."""
        self.command = command
        self.limit = limit
        self.model = model
        self.open: dict[int, str] = {}  # requests without an answer yet, and their `do`
        self.asked = 0
        self.operations: dict[int, AnyOperation] = {}  # of performs since the last reset
        self.hello = Hello("", (), False, False, False)
        self._told: dict[int, list[Id]] = {}  # publishes, and whom they have reached so far
        self._dropped: set[int] = set()  # requests that the present reset drops: their answers may be on the way
        self._inbox: deque[Message] = deque()
        self._deadline = 0.0
        self.process = self._blamed(Process, command)
        try:
            self.hello = self._greet()
            self.model = self._blamed(model.of, self.hello)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process, without asking."""
        self.process.close()

    def ask(self, do: str, **fields: object) -> int:
        """Send a request; its number."""
        return self.ask_all([(do, fields)])[0]

    def ask_all(self, requests: Sequence[tuple[str, Mapping[str, object]]]) -> list[int]:
        """Send requests in one piece, so that the process gets them as nearly at once as can be; their numbers."""
        numbers, data = [], []
        for do, fields in requests:
            self.asked += 1
            self.open[self.asked] = do
            numbers.append(self.asked)
            data.append(messages.request(self.asked, do, fields))
        self._deadline = monotonic() + self.limit
        self.process.send(b"".join(data))
        return numbers

    def perform(self, calls: Sequence[tuple[str, AnyOperation]]) -> list[int]:
        """Let tasks call operations, at once; the numbers of the calls."""
        numbers = self.ask_all([("perform", {"task": task, "op": encode(operation)}) for task, operation in calls])
        self.operations.update(zip(numbers, (operation for _, operation in calls), strict=True))
        return numbers

    def receive(self, patient: bool = False) -> list[Message]:
        """The messages that have come, at least one.

        Raises Silent where nothing comes within the limit since the last request or answer, Ended, BadProcess. `patient`: Silent only
        if nothing comes in `LATE_FACTOR` times the limit; an answer that late is BadProcess: slow must not be taken for stuck.
        """
        if not self._inbox:
            self._fetch(patient)
        found = list(self._inbox)
        self._inbox.clear()
        return found

    def receive_soon(self, seconds: float) -> list[Message]:
        """The messages that come within `seconds`; there may be none. Raises Ended, BadProcess."""
        self._deadline = monotonic() + min(seconds, self.limit)
        try:
            return self.receive()
        except Silent:
            return []

    def wait(self, do: str, number: int, patient: bool = False) -> tuple[object, list[Message]]:
        """The result of the `do` of that number, and the messages before it. Raises as `receive`, and BadProcess for an error."""
        before: list[Message] = []
        while True:
            while not self._inbox:
                self._fetch(patient)
            message = self._inbox.popleft()
            if isinstance(message, AnswerMessage) and message.id == number:
                if message.error is not None:
                    raise self.bad(f"{do} was answered by an error: {quoted(message.error)}; {CONFORM}")
                return message.result, before
            before.append(message)

    def alone(self, do: str, shape: Callable[[object], Result], times: int = 1, **fields: object) -> Result:
        """Ask, and take the result in its shape. Raises BadProcess also where the process ends, or is silent for `times` the limit."""
        number = self.ask(do, **fields)
        self._deadline += self.limit * (times - 1)
        try:
            result, _ = self.wait(do, number)
        except Silent:
            raise self.bad(self.slow(do, times)) from None
        except Ended as error:
            raise self.bad(f"at {do} {error}; fix that first") from None
        return self.shaped(shape, result)

    def slow(self, what: str, times: int = 1) -> str:
        """The line for an answer that did not come."""
        hint = "flush standard output after every line" if what == "hello" else "look what it waits for"
        said = f"{what} was not answered within {self.limit * times:g} s{self.process.complaint()}"
        return f"{said}; {hint}, or give it more with --answer-within"

    def stuck(self, what: str) -> str:
        """The line for an answer that never came."""
        return f"{what} was not answered within {self.limit * LATE_FACTOR:g} s{self.process.complaint()}"

    def shaped(self, shape: Callable[[object], Result], result: object) -> Result:
        """A result in its shape. Raises BadProcess."""
        return self._blamed(shape, result)

    def greeting(self, result: object) -> Hello:
        """The answer to hello. Raises Garbled."""
        return messages.hello(result, self.model.offered)

    def observe(self) -> Any:
        """What the process shows now; None if it is in the middle of a change."""
        return self.alone("observe", self.model.shown)

    def reset(self) -> None:
        """As if the process had just started; open requests are dropped."""
        self._dropped = set(self.open)
        self.open.clear()
        self._inbox.clear()
        self.operations.clear()
        self._told.clear()
        self.alone("reset", lambda result: result)
        self._dropped.clear()

    def bye(self) -> int | None:
        """Ask the process to end; its exit code, None if it runs on. Raises BadProcess."""
        self.alone("bye", lambda result: result)
        return self.process.wait(self.limit)

    def bad(self, what: str) -> BadProcess:
        """The error to raise for this process."""
        return BadProcess(self._named(what))

    def _named(self, what: str) -> str:
        return f"subject {PREFIX}{self.command}: {what}"

    def _greet(self) -> Hello:
        return self.alone("hello", self.greeting, LATE_FACTOR, protocol=PROTOCOL)  # it has to start first

    def _fetch(self, patient: bool) -> None:
        try:
            lines = self._blamed(self.process.lines, self._deadline)
        except Silent:
            if not patient:
                raise
            self._blamed(self.process.lines, self._deadline + self.limit * (LATE_FACTOR - 1))
            raise self.bad(f"an answer took more than {self.limit:g} s; give it more with --answer-within, or a quieter machine") from None
        for line in lines:
            message = self._blamed(self._take, line)
            if message is not None:
                self._inbox.append(message)

    def _take(self, line: bytes) -> Message | None:
        message = messages.read(line)
        if isinstance(message, Delivered):
            return self._delivered(message)
        do = self.open.pop(message.id, None)
        if do is None:
            if message.id in self._dropped:
                self._dropped.remove(message.id)
                return None
            if 0 < message.id <= self.asked:
                raise Garbled(f"it answers request {message.id} a second time, or after the reset that dropped it")
            raise Garbled(f"it answers request {message.id}, which nobody made")
        self._deadline = monotonic() + self.limit
        operation = self.operations.get(message.id)
        if operation is None:
            return message
        if message.error is not None:
            return message
        if self.hello.steps and "step" not in self.open.values():
            raise Garbled(f"it answers {operation.name} while no step runs; a process that has steps acts in them alone")
        result = message.result
        if result is None and self.hello.deliveries and isinstance(operation, Publish):
            result = self._told.get(message.id, [])  # it does not know, but it has told
        return message._replace(result=self.model.specification.decode_answer(operation, result))

    def _delivered(self, message: Delivered) -> Message | None:
        if message.id in self._dropped:
            return None
        operation = self.operations.get(message.id)
        if not isinstance(operation, Publish) or message.id not in self.open:
            raise Garbled(f"it tells a delivery of request {message.id}, which is no publish that is under way")
        if not self.hello.deliveries:
            raise Garbled('it tells deliveries, and hello does not say "deliveries": true')
        reached = self._told.setdefault(message.id, [])
        reached.append(message.to)
        if len(reached) > MOST_DELIVERIES:
            raise Garbled(f"it tells more than {MOST_DELIVERIES:,} deliveries of one publish")
        return message

    def _blamed(self, do: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        """`do`, with the subject's name before its errors."""
        try:
            return do(*args, **kwargs)
        except BadProcess as error:
            raise type(error)(self._named(str(error))) from None
        except ValueError as error:  # Garbled, or an answer that the operation cannot have
            raise self.bad(f"{error}; {CONFORM}") from None
