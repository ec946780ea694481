"""A program of level manager, as pure data: its tasks, each a chain of operations, and the tasks that may be cancelled."""

from dataclasses import dataclass

from subwarden.model.manager.operations import Operation, decode, encode
from subwarden.stateful_tests.exploring.drawing.chains import ChainProgram


@dataclass(frozen=True, slots=True)
class ManagerProgram(ChainProgram):
    """Tasks that call the manager. A state operation acts on the state that its task received last; if the manager refused it a state,
    the rest of the chain is not called."""

    @staticmethod
    def encode_operation(operation: Operation) -> list[object]:
        return encode(operation)

    @staticmethod
    def decode_operation(data: object) -> Operation:
        return decode(data)
