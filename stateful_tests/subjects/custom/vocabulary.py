"""The operations of a custom model as a search varies them (`exploring.drawing.varied`)."""

from random import Random

from subwarden.checking.custom.model import CustomModel, CustomOperation
from subwarden.stateful_tests.exploring.drawing.varied import Tasks


def alike_in(model: CustomModel) -> dict[str, list[str]]:
    """The operations with the same parameters as each, itself among them."""
    operations = model.operations
    return {name: [each for each, pools in operations.items() if pools == operations[name]] for name in operations}


class CustomVocabulary:
    """See `exploring.drawing.varied.Vocabulary`."""

    def __init__(self, model: CustomModel) -> None:
        self._every = tuple(model.calls())
        self._alike = alike_in(model)

    def fresh(self, random: Random) -> CustomOperation:
        return random.choice(self._every)

    def meets(self, operation: CustomOperation, random: Random) -> CustomOperation:
        """The same again, or another operation with its arguments."""
        return CustomOperation(random.choice(self._alike[operation.name]), operation.arguments)

    def mended(self, tasks: Tasks) -> Tasks:
        return tasks
