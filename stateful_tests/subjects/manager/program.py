"""A program of level manager: tasks, each a chain of operations, and which of them may be cancelled. Pure data; a schedule plays it."""

from dataclasses import dataclass

from subwarden.model.manager.operations import Operation, decode, encode
from subwarden.stateful_tests.exploring.drawing.chains import ChainProgram


@dataclass(frozen=True, slots=True)
class ManagerProgram(ChainProgram):
    """Tasks that call the manager. State operations act on the state the task was last given; where it was refused one, the rest of
    the chain is not called."""

    @staticmethod
    def encode_operation(operation: Operation) -> list[object]:
        return encode(operation)

    @staticmethod
    def decode_operation(data: object) -> Operation:
        return decode(data)
