"""Why a hunt ended."""

from enum import Enum


class ExitReason(Enum):
    """The value is its name in records and journals."""

    BUDGET = "budget"  # time is up
    ROUNDS = "rounds"  # all rounds are done
    STOPPED = "stopped"  # by a signal, or because its reader has gone
    NO_WORKERS = "no workers"  # none came to its end
    ALL_LOST = "all lost"  # each was killed, and its last round was not searched to its end
    UNWRITTEN = "unwritten"  # its folder cannot be written any more, as on a full disk
    UNFIT = "unfit"  # the subject could be judged for a while, and cannot any more
    GONE = "gone"  # who carried the work has gone, such as the scheduler of a cluster

    @property
    def searched(self) -> bool:
        """Whether a hunt that ended so, and found nothing, has searched its share: then it holds."""
        return self not in (ExitReason.NO_WORKERS, ExitReason.ALL_LOST, ExitReason.UNFIT, ExitReason.GONE)
