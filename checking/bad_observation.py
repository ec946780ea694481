"""The error for a subject that cannot be judged: a mistake in the adapter, so neither a finding nor an internal error."""


class BadObservation(Exception):
    """The subject's state cannot be observed, or its observation cannot be used; the message gives the reason."""
