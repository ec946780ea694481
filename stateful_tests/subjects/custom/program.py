"""A program of level custom, as pure data, and its compiled form; see `stateful_tests.subjects.core.program`."""

from dataclasses import dataclass

from subwarden.checking.custom.model import MESSAGE, CustomOperation, operation_of
from subwarden.model.as_data import named
from subwarden.stateful_tests.exploring.drawing.chains import Chain
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.subjects.core.program import CallSite, CoreProgram, PreparedCalls, one, words_of


@dataclass(frozen=True, slots=True)
class CustomProgram(CoreProgram):
    """Tasks that call the operations of a model. `MESSAGE` stands for the message in the arguments of an operation."""

    @staticmethod
    def encode_operation(operation: CustomOperation) -> list[object]:
        return [operation.name, *operation.arguments]

    @staticmethod
    def decode_operation(data: object) -> CustomOperation:
        name, *arguments = named(data)
        return operation_of(name, arguments)


def prepare(program: CustomProgram) -> PreparedCalls:
    """`program`, compiled for many runs."""
    chains = (compile_chain(place, operations, program.faults.count(place)) for place, operations in enumerate(program.tasks))
    return PreparedCalls(tuple(chains), {}, {}, bool(program.faults), words_of(program))


def compile_chain(place: int, operations: tuple[CustomOperation, ...], faults: int) -> Chain:
    """One task of a program. Its messages are named after it: `mA`, and where it has more `mA2`, `mA3`."""
    name = task_name(place)
    sites: list[CallSite] = []
    messages = 0
    for number, operation in enumerate(operations, 1):
        arguments = list(operation.arguments)
        for at, argument in enumerate(arguments):
            if argument == MESSAGE:
                messages += 1
                arguments[at] = f"m{name}{messages if messages > 1 else ''}"
        made = CustomOperation(operation.name, tuple(arguments))
        sites.append(CallSite(one(made, *made.arguments), made.name, made.arguments, number == len(operations)))
    return Chain(place, name, f"start {name}", f"cancel {name}", tuple(sites), faults)
