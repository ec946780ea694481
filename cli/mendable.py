"""The errors that a user can mend, which are told in one line: loaded when something was raised, since they bring in every room."""

from subwarden.cli.options import CannotWrite
from subwarden.cli.reporting.reading import BadRecord
from subwarden.cli.view.found import BadView
from subwarden.proving.search.state_file import CannotKeep
from subwarden.proving.search.workers import WorkerLost
from subwarden.scheduling.schedule import Divergence
from subwarden.scheduling.uncontrolled import UncontrolledSource
from subwarden.stateful_tests.exploring.drawing.written import BadProgram
from subwarden.stateful_tests.exploring.findings.investigate import NotReproducible
from subwarden.stateful_tests.gate.gate import WorkerDied
from subwarden.stateful_tests.hunt.folder import BadFolder
from subwarden.stateful_tests.runs.replay import BadReplay
from subwarden.stateful_tests.subjects.scenario.scenario import BadScenario
from subwarden.stateful_tests.subjects.watched_load import BadSubject

MENDABLE = (
    BadFolder,
    BadProgram,
    BadRecord,
    BadReplay,
    BadScenario,
    BadSubject,
    BadView,
    CannotKeep,
    CannotWrite,
    Divergence,
    NotReproducible,
    UncontrolledSource,
    WorkerDied,
    WorkerLost,
)
