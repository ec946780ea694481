"""The line that shows how far a command is: a bar, its share, the work and its rate, the findings, and the time left.

It fits the width that it is given: what matters least is left out first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len, set_cell_size

from subwarden.model.words import counted

BAR, LEAST_BAR = 24, 8  # columns
LEAST_NAME = 12
SIGNS = {False: "━─…", True: "#-."}  # done, not done, cut; in ASCII


@dataclass(frozen=True, slots=True)
class Moment:
    """How far a command is. `share`: of the work that is done, None where nobody knows; `count`: of `unit`s done; `findings`: None where
    there are none to find; `left`: seconds; `doing`: what is being done, where that needs saying; `more`: what is said where there is room.
    """

    what: str
    unit: str
    share: float | None
    count: int
    seconds: float
    findings: int | None = None
    left: float | None = None
    doing: str = ""
    more: Sequence[str] = ()

    def words(self, *, brief: bool = False) -> list[str]:
        """The parts beside the bar. `brief`: without the amount of work."""
        rate = f"{self.count / max(self.seconds, 1e-9):,.0f}/s"
        said = [] if self.share is None else [f"{min(self.share, 1.0):.0%}"]
        said += [self.doing] if self.doing else [rate] if brief else [f"{self.count:,} {self.unit}, {rate}"]
        said += [] if self.findings is None else [counted(self.findings, "finding")]
        said += [f"{duration(self.left)} left" if self.left is not None else duration(self.seconds)]
        return said if brief else [*said, *self.more]


def duration(seconds: float) -> str:
    """`0:04`, `12:34` or `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def terminal_line(at: Moment, width: int, *, ascii_only: bool = False) -> str:
    """One line of at most `width` columns."""
    done, track, cut = tuple(SIGNS[ascii_only])
    told = (at.words(), replace(at, more=()).words(), at.words(brief=True))
    texts = ["  ".join(words) for words in told]
    words = next((text for text in texts if cell_len(at.what) + LEAST_BAR + cell_len(text) + 4 <= width), texts[-1])
    room = width - cell_len(words) - 4
    bar = max(LEAST_BAR, min(BAR, room - cell_len(at.what)))
    name = _cut(at.what, max(room - bar, LEAST_NAME), cut)
    full = 0 if at.share is None else round(bar * min(at.share, 1.0))
    return _cut(f"{name}  {done * full}{track * (bar - full)}  {words}", width, cut)


def plain_line(at: Moment) -> str:
    """The same for a pipe or a log."""
    return f"{at.what}: {', '.join(at.words())}"


def _cut(text: str, width: int, sign: str) -> str:
    """`text` if it is at most `width` wide, else its beginning."""
    return text if cell_len(text) <= width else set_cell_size(text, max(width - len(sign), 0)).rstrip() + sign
