"""The error for a subject that cannot be judged: a mistake in the adapter, so neither a finding nor an internal error."""


class BadObservation(Exception):
    """The subject's state cannot be observed, or its observation cannot be used; the message gives the reason."""


ANEW = "the factory must make a new manager for each run: look for what its class, its module or a singleton keeps"
OTHER_LOOP = ("attached to a different loop", "bound to a different event loop")  # so end asyncio's messages


def of_an_earlier_run(error: Exception) -> BadObservation | None:
    """The mistake, if `error` says that something belongs to another loop. A run has one loop, so that is left from an earlier run."""
    if isinstance(error, RuntimeError) and str(error).endswith(OTHER_LOOP):
        return BadObservation(f"an earlier run has left something that waits on another loop; {ANEW}")
    return None
