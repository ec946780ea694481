"""Defects of a server that stops: it leaves a thread loaded (P12)."""

from subwarden.checking import causes
from subwarden.impl.server.owning_server import OwningServer
from subwarden.model.server.requests import Start
from subwarden.stateful_tests.specimens.server_defects.defect import RESUMED, A, Defect, program
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault


class StopsTheServedOnly(OwningServer):
    """Only threads with subscribers are unloaded; all clients have gone by then."""

    def stop(self) -> None:
        self.stopping = True
        for record in self.records.values():
            if record.members:
                self._end(record)


class StopForgetsStarts(OwningServer):
    """A thread whose start is under way is loaded after the stop, and stays."""

    def stop(self) -> None:
        super().stop()
        self.stopping = False


STOPS = (ServerFault(FaultKind.STOPS, 1),)

DEFECTS = (
    Defect(StopsTheServedOnly, causes.STAYS_LOADED, program(*RESUMED, faults=STOPS)),
    Defect(StopForgetsStarts, causes.STAYS_LOADED, program(A, Start(1, 3, False), faults=STOPS)),
)
