"""A program of the core level, as pure data, and its compiled form for many runs."""

from dataclasses import dataclass, replace
from functools import lru_cache
from sys import intern
from typing import Any, NamedTuple

from subwarden.model.core.step import Attach, CoreOperation, Detach, Id, Publish, Teardown, core_decode, core_encode
from subwarden.scheduling.handles import WORD
from subwarden.stateful_tests.exploring.drawing.chains import Chain, ChainProgram
from subwarden.stateful_tests.exploring.findings.task_names import task_name

CLIENTS = ("c1", "c2")
TOPICS = ("t1", "t2")


@dataclass(frozen=True, slots=True)
class CoreProgram(ChainProgram):
    """Tasks that call the core operations. A subclass encodes the operations of a custom model."""

    @staticmethod
    def encode_operation(operation: Any) -> list[object]:
        return core_encode(operation)

    @staticmethod
    def decode_operation(data: object) -> Any:
        return core_decode(data)


@dataclass(frozen=True, slots=True)
class PublishMessage(Publish):
    """A publish with its message, which is named after its place in the program."""

    message: str


class CallSite(NamedTuple):
    """One operation of one task."""

    operation: Any  # equal operations are one object, by which judges know them
    name: str
    arguments: tuple[object, ...]
    last: bool  # the task calls nothing after it


class PreparedCalls(NamedTuple):
    """A compiled program, with the clients and topics that it names, in order."""

    chains: tuple[Chain, ...]
    clients: dict[Id, None]
    topics: dict[Id, None]
    faulty: bool  # some task may be cancelled
    words: frozenset[str]  # that the names of a subject's tasks may contain: see `scheduling.handles.TaskNames`


@lru_cache(maxsize=10_000, typed=True)
def one(operation: Any, *_arguments: object) -> Any:
    """The one object for an operation and all that equal it; `_arguments` tell 1 and True apart, which are equal."""
    return operation


def prepare(program: CoreProgram) -> PreparedCalls:
    """`program`, compiled for many runs."""
    chains = tuple(compile_chain(index, operations, program.faults.count(index)) for index, operations in enumerate(program.tasks))
    operations = [operation for chain in program.tasks for operation in chain]
    clients = {o.connection: None for o in operations if not isinstance(o, Publish | Teardown)}
    topics = {getattr(o, "topic"): None for o in operations if hasattr(o, "topic")}  # noqa: B009  # not all have one
    return PreparedCalls(chains, clients, topics, bool(program.faults), words_of(program))


def words_of(program: CoreProgram, *others: object) -> frozenset[str]:
    """The words of the arguments in `program`, the names of its tasks, and `others`."""
    said = [argument for chain in program.tasks for operation in chain for argument in program.encode_operation(operation)[1:]]
    named = (task_name(place) for place in range(len(program.tasks)))
    return frozenset(word for each in (*said, *others, *named) for word in WORD.findall(str(each)))


def compile_chain(index: int, operations: tuple[CoreOperation, ...], faults: int) -> Chain:
    """One task of a program. Its messages are named after it: `mA`, and where it publishes more `mA2`, `mA3`."""
    name = task_name(index)
    sites: list[CallSite] = []
    published = 0
    attached: set[Id] = set()  # the sockets of this task, which it alone can detach
    for at, operation in enumerate(operations, 1):
        made = operation
        if isinstance(operation, Attach | Detach):
            if isinstance(operation, Detach) and operation.socket not in attached:
                continue
            attached.add(operation.socket)
            made = replace(operation, socket=intern(str(operation.socket)))  # a manager may compare its sockets by identity
        if isinstance(operation, Publish):
            published += 1
            made = PublishMessage(operation.topic, f"m{name}{published if published > 1 else ''}")
        sites.append(CallSite(one(made), made.name, tuple(core_encode(made)[1:]), at == len(operations)))
    return Chain(index, name, f"start {name}", f"cancel {name}", tuple(sites), faults)
