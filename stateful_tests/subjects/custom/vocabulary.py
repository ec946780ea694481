"""The operations of a custom model as a search varies them (`exploring.drawing.varied`)."""

from collections.abc import Callable, Hashable
from random import Random

from subwarden.checking.custom.model import CustomModel, CustomOperation
from subwarden.stateful_tests.exploring.drawing.varied import Tasks
from subwarden.stateful_tests.subjects.custom.program import CustomProgram

FOCUS = 0.75  # how often the next call of a walk is of one of its two kinds
MEETS = 0.5  # how often it has the arguments of the last one, if it can


def alike_in(model: CustomModel) -> dict[str, list[str]]:
    """The operations with the same parameters as each, itself among them."""
    operations = model.operations
    return {name: [each for each, pools in operations.items() if pools == operations[name]] for name in operations}


class CustomVocabulary:
    """See `exploring.drawing.varied.Vocabulary`."""

    def __init__(self, model: CustomModel) -> None:
        self._every = tuple(model.calls())
        self._alike = alike_in(model)
        self.kinds = tuple(model.operations)
        self.program: Callable[[Tasks], CustomProgram] = CustomProgram

    def fresh(self, random: Random) -> CustomOperation:
        return random.choice(self._every)

    def meets(self, operation: CustomOperation, random: Random) -> CustomOperation:
        """The same again, or another operation with its arguments."""
        return CustomOperation(random.choice(self._alike[operation.name]), operation.arguments)

    def walk(self, kinds: tuple[str, ...], length: int, random: Random) -> Tasks:
        """Most calls are of `kinds`, and meet the one before."""
        made: list[CustomOperation] = []
        while len(made) <= length:
            operation = self.fresh(random)
            if random.random() < FOCUS:
                operation = random.choice([o for o in self._every if o.name in kinds])
            if made and random.random() < MEETS and operation.name in self._alike[made[-1].name]:
                operation = CustomOperation(operation.name, made[-1].arguments)
            made.append(operation)
        return tuple((operation,) for operation in made)

    def key(self, tasks: Tasks) -> Hashable:
        """Arguments may mean something to the model."""
        return tasks

    def mended(self, tasks: Tasks) -> Tasks:
        return tasks
