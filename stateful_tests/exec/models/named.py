"""The model that a command line or a saved run names."""

from subwarden.stateful_tests.exec.models.core import CORE
from subwarden.stateful_tests.exec.models.custom import CustomExec
from subwarden.stateful_tests.exec.models.exec_model import ExecModel


def model_of(named: str | None) -> ExecModel:
    """The model of this name, path/to/file.py:Model; the core model if there is none. Raises BadSubject, BadModel."""
    return CustomExec(named) if named else CORE
