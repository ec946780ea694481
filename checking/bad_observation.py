"""What is told when somebody's subject cannot be judged at all: its fault, not a finding, and not an error of ours."""


class BadObservation(Exception):
    """The subject cannot be looked at, or what it brings for that cannot be used; the message says why."""
