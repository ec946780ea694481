"""The profiles of the gate, which set the amount of work, and the settings of Hypothesis that go with them."""

from dataclasses import dataclass
from random import SystemRandom

from hypothesis import HealthCheck, Phase, Verbosity, settings


@dataclass(frozen=True, slots=True)
class Profile:
    """`examples` programs for every check, `schedules` runs of each, drawn in `steps` rules.

    `derandomized`: the same programs and output every time, to the byte, and only the committed corpus; else other programs each time,
    and the runs that failed here before are replayed first.
    """

    name: str
    examples: int
    schedules: int
    steps: int
    derandomized: bool

    def seed(self) -> int:
        """The seed of a run of this profile to which no seed is given: 0, or another one each time."""
        return 0 if self.derandomized else SystemRandom().getrandbits(32)


PROFILES = {
    p.name: p
    for p in (
        Profile("ci", examples=160, schedules=400, steps=9, derandomized=True),
        Profile("dev", examples=24, schedules=200, steps=9, derandomized=False),
        Profile("nightly", examples=2_000, schedules=2_000, steps=20, derandomized=False),
    )
}


def hypothesis_settings(profile: Profile, examples: int) -> settings:
    """Generation only: a finding is shrunk by us, operations, schedule and faults together."""
    return settings(
        max_examples=examples,
        stateful_step_count=profile.steps,
        derandomize=False,  # the gate seeds every round itself, so that rounds differ
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
    )
